// What the range optimizer makes of conditions with constants.
#include <algorithm>

#include "plan/costs.h"
#include "plan/indexes.h"
#include "resolve/walk.h"

namespace intercodesql {
namespace {

using mysql::Expr;
using mysql::ExprKind;
using mysql::ExprPtr;
using mysql::Op;

class RangeReader {
 public:
  RangeReader(const Resolution& resolution, const RangeCounter& counter, const JoinProblem& problem)
      : resolution_(resolution), counter_(counter), problem_(problem) {}

  void weigh(PlanTable& table) const {
    table.found_rows = table.rows;
    table.read_cost = scan_cost(table);
    if (table.source->table == nullptr) return;
    double best = table.read_cost + 1.1 + kRowCost * table.rows + 1;
    if (const IndexUse* shortest = shortest_covering(table)) {
      best = std::min(best, index_scan_cost(*shortest, *table.source->table, table.rows) + kRowCost * table.rows);
    }
    for (const IndexUse& use : table.indexes) {
      if (is_whole_unique_point(table, use)) {
        table.is_constant = table.depends_on == 0 && table.from_sub == 0;
        if (table.is_constant) return;
      }
      const auto range = range_of(table, use);
      if (!range) continue;
      table.ranges.push_back(*range);
      if (range->cost < best) {
        best = range->cost;
        table.range = range;
      }
    }
    if (table.range) {
      table.found_rows = table.range->rows;
      table.read_cost = table.range->cost;
    }
  }

 private:
  static bool is_whole_unique_point(const PlanTable&, const IndexUse& use) {
    if (!use.index->unique) return false;
    for (std::size_t part = 0; part < use.index->columns.size(); ++part) {
      const auto is_constant = [&](const KeyUse& key) { return key.part == part && key.needs == 0; };
      if (std::none_of(use.uses.begin(), use.uses.end(), is_constant)) return false;
    }
    return true;
  }

  // Conjuncts that bound `column` by constants; `is_point`: to one value; `ranges`: to how many intervals.
  struct Bounds {
    std::vector<const Expr*> conditions;
    bool is_point = false;
    double ranges = 1;
  };

  // How many intervals a condition leaves of `column`: 0 if it is none on it alone.
  double intervals(const Expr& expr, const ColumnRef& column, bool& is_point) const {
    const auto is_it = [&](const Expr& side) {
      const auto named = column_of(resolution_, side);
      return named && *named == column;
    };
    const auto constant = [&](const Expr& side) {
      return problem_.tables_of(resolution_, side) == 0 && can_look_up(column.get().type, type_of(side)) &&
             !any_below(side, [](const Expr& part) { return part.query ? Walk::kFound : Walk::kDeeper; });
    };
    switch (expr.kind) {
      case ExprKind::kCompare: {
        const bool fits =
            (is_it(*expr.args[0]) && constant(*expr.args[1])) || (is_it(*expr.args[1]) && constant(*expr.args[0]));
        if (!fits) return 0;
        is_point = expr.op == Op::kEqual || expr.op == Op::kNullSafeEqual;
        return expr.op == Op::kNotEqual ? 2 : 1;
      }
      case ExprKind::kBetween:
        return !expr.is_negated && is_it(*expr.args[0]) && constant(*expr.args[1]) && constant(*expr.args[2]) ? 1 : 0;
      case ExprKind::kIsNull:
        is_point = !expr.is_negated;
        return is_it(*expr.args[0]) ? 1 : 0;
      case ExprKind::kInList: {
        if (!is_it(*expr.args[0])) return 0;
        for (std::size_t i = 1; i < expr.args.size(); ++i) {
          if (!constant(*expr.args[i])) return 0;
        }
        is_point = !expr.is_negated && expr.args.size() == 2;
        return static_cast<double>(expr.args.size()) - (expr.is_negated ? 0 : 1);
      }
      case ExprKind::kLike: {
        const Expr& pattern = *expr.args[1];
        const bool has_prefix = pattern.kind == ExprKind::kString && !pattern.text.empty() && pattern.text[0] != '%' &&
                                pattern.text[0] != '_';
        return !expr.is_negated && is_it(*expr.args[0]) && has_prefix ? 1 : 0;
      }
      case ExprKind::kOr: {
        double all = 0;
        for (const ExprPtr& part : expr.args) {
          bool ignored = false;
          const double one = intervals(*part, column, ignored);
          if (one == 0) return 0;
          all += one;
        }
        return all;
      }
      default:
        return 0;
    }
  }

  std::optional<Bounds> bounds_of(const PlanTable& table, std::size_t column) const {
    Bounds bounds;
    const auto look = [&](const Conjunct& conjunct) {
      if (conjunct.tables != table.bit) return;
      bool is_point = false;
      const double ranges = intervals(*conjunct.expr, {table.source, column}, is_point);
      if (ranges == 0) return;
      bounds.conditions.push_back(conjunct.expr);
      bounds.ranges = bounds.conditions.size() == 1 ? ranges : std::min(ranges, bounds.ranges);
      bounds.is_point = bounds.is_point || is_point;
    };
    const bool is_inner_side = table.depends_on != 0;
    for (const Conjunct& conjunct : problem_.conjuncts) look(conjunct);
    if (is_inner_side) {
      for (const Conjunct& conjunct : problem_.outer_conjuncts) look(conjunct);
    }
    if (bounds.conditions.empty()) return std::nullopt;
    return bounds;
  }

  std::optional<Range> range_of(const PlanTable& table, const IndexUse& use) const {
    if (!counter_) return std::nullopt;
    std::vector<const Expr*> conditions;
    Range range;
    range.index = use.index;
    range.is_primary = use.is_primary;
    range.is_covering = use.is_covering;
    range.is_point = true;
    range.parts = 0;
    for (const std::size_t column : use.index->columns) {
      if (!range.is_point) break;
      const auto bounds = bounds_of(table, column);
      if (!bounds) break;
      conditions.insert(conditions.end(), bounds->conditions.begin(), bounds->conditions.end());
      range.is_point = bounds->is_point;
      range.ranges *= bounds->ranges;
      ++range.parts;
    }
    if (range.parts == 0) return std::nullopt;
    const auto rows = counter_(*table.source, conditions);
    if (!rows) return std::nullopt;
    range.rows = std::max(*rows, 1.0);
    range.cost = range_cost(range, use, table);
    return range;
  }

  [[nodiscard]] const Type& type_of(const Expr& expr) const { return resolution_.at(expr).type; }

  const Resolution& resolution_;
  const RangeCounter& counter_;
  const JoinProblem& problem_;
};

}  // namespace

void weigh_ranges(const Resolution& resolution, const RangeCounter& counter, JoinProblem& problem) {
  const RangeReader reader(resolution, counter, problem);
  for (PlanTable& table : problem.tables) reader.weigh(table);
}

}  // namespace intercodesql
