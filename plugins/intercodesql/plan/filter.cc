#include "plan/filter.h"

#include <algorithm>
#include <set>

#include "plan/costs.h"

namespace intercodesql {
namespace {

using mysql::Expr;
using mysql::ExprKind;
using mysql::Op;

constexpr double kEqual = 0.1, kLess = 0.3333, kBetween = 0.1111, kMostOfList = 0.5;

class FilterEstimate {
 public:
  FilterEstimate(const Resolution& resolution, const JoinProblem& problem, const PlanTable& table, TableSet read)
      : resolution_(resolution), problem_(problem), table_(table), read_(read) {}

  double share(const Reached& reached) {
    double filter = 1;
    if (reached.key != nullptr) {
      ignore(*reached.key->index, reached.parts);
    } else if (table_.range) {
      ignore(*table_.range->index, table_.range->parts);
    }
    for (const Range& range : table_.ranges) {
      if (overlaps(range)) continue;
      ignore(*range.index, range.parts);
      filter *= std::min(1.0, range.rows / table_.rows);
    }
    for (const EqualColumns& equal : problem_.equal) filter *= of_equal(equal);
    for (const Conjunct& conjunct : problem_.conjuncts) {
      if (!conjunct.is_equality) filter *= of(*conjunct.expr);
    }
    return std::min(std::max(filter, 1 / table_.rows), 1.0);
  }

 private:
  void ignore(const Index& index, std::size_t parts) {
    for (std::size_t part = 0; part < parts && part < index.columns.size(); ++part) {
      ignored_.insert(index.columns[part]);
    }
  }

  [[nodiscard]] bool overlaps(const Range& range) const {
    for (std::size_t part = 0; part < range.parts; ++part) {
      if (ignored_.contains(range.index->columns[part])) return true;
    }
    return false;
  }

  [[nodiscard]] double of_equal(const EqualColumns& equal) const {
    bool is_comparable = equal.has_constant;
    double filter = 1;
    for (const ColumnRef& column : equal.columns) {
      if (column.source != table_.source) {
        const PlanTable* other = problem_.find(column.source);
        is_comparable = is_comparable || (other != nullptr && (other->bit & read_) != 0);
        continue;
      }
      if (ignored_.contains(column.column)) return 1;
      double one = equality();
      for (const IndexUse& use : table_.indexes) {
        if (use.index->columns.front() != column.column) continue;
        one = rows_per_key(*table_.source->table, *use.index, 1) / table_.rows;
        break;
      }
      filter *= one;
    }
    return is_comparable ? filter : 1;
  }

  [[nodiscard]] double equality() const { return std::max(1 / table_.rows, kEqual); }

  // A column of this table that may be filtered on.
  [[nodiscard]] bool is_own(const Expr& expr) const {
    const auto column = column_of(resolution_, expr);
    return column && column->source == table_.source && !ignored_.contains(column->column);
  }
  [[nodiscard]] bool is_known(const Expr& expr) const { return (problem_.tables_of(resolution_, expr) & ~read_) == 0; }

  [[nodiscard]] double of(const Expr& expr) const {
    switch (expr.kind) {
      case ExprKind::kAnd: {
        double filter = 1;
        for (const auto& part : expr.args) filter *= of(*part);
        return filter;
      }
      case ExprKind::kOr: {
        double filter = 0;
        for (const auto& part : expr.args) {
          const double one = of(*part);
          filter += one - filter * one;
        }
        return filter;
      }
      case ExprKind::kNot: {
        const double inside = of(*expr.args[0]);
        return inside == 1 ? 1 : 1 - inside;
      }
      case ExprKind::kCompare: {
        const Expr& a = *expr.args[0];
        const Expr& b = *expr.args[1];
        if (!(is_own(a) && is_known(b)) && !(is_own(b) && is_known(a))) return 1;
        if (expr.op == Op::kEqual || expr.op == Op::kNullSafeEqual) return equality();
        return expr.op == Op::kNotEqual ? 1 - equality() : kLess;
      }
      case ExprKind::kBetween:
        if (!is_own(*expr.args[0]) || !is_known(*expr.args[1]) || !is_known(*expr.args[2])) return 1;
        return expr.is_negated ? 1 - kBetween : kBetween;
      case ExprKind::kLike:
        if (!is_own(*expr.args[0]) || !is_known(*expr.args[1])) return 1;
        return expr.is_negated ? 1 - kBetween : kBetween;
      case ExprKind::kInList: {
        if (!is_own(*expr.args[0])) return 1;
        const double listed = std::min(kMostOfList, static_cast<double>(expr.args.size() - 1) * equality());
        return expr.is_negated ? 1 - listed : listed;
      }
      case ExprKind::kIsNull:
        if (!is_own(*expr.args[0])) return 1;
        return expr.is_negated ? 1 - equality() : equality();
      default:
        return 1;
    }
  }

  const Resolution& resolution_;
  const JoinProblem& problem_;
  const PlanTable& table_;
  TableSet read_;
  std::set<std::size_t> ignored_;
};

}  // namespace

double condition_filter(const Resolution& resolution, const JoinProblem& problem, const PlanTable& table,
                        const Reached& reached, TableSet read) {
  return FilterEstimate(resolution, problem, table, read).share(reached);
}

}  // namespace intercodesql
