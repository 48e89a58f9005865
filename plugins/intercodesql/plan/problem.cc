#include "plan/problem.h"

#include <algorithm>
#include <set>

#include "plan/equalities.h"
#include "plan/indexes.h"
#include "plan/not_null.h"
#include "resolve/walk.h"

namespace intercodesql {
namespace {

using mysql::Expr;
using mysql::ExprKind;
using mysql::ExprPtr;
using mysql::JoinKind;
using mysql::Op;
using mysql::TableRef;

using ColumnPair = std::pair<ColumnRef, ColumnRef>;

// An outer join that no condition has turned into an inner one.
struct OuterJoin {
  TableSet left = 0, right = 0;
  const Expr* on = nullptr;
  const std::vector<ColumnPair>* pairs = nullptr;
};

class ProblemReader {
 public:
  ProblemReader(const Resolution& resolution, const RangeCounter& counter, const DerivedRows& derived_rows)
      : resolution_(resolution), counter_(counter), derived_rows_(derived_rows) {}

  JoinProblem read(const BoundQuery& query) {
    problem_.block = query.block.get();
    if (const auto& limit = query.query->limit) {
      problem_.limit = static_cast<double>(limit->count) + static_cast<double>(limit->offset);
    }
    problem_.is_subquery = query.block->outer != nullptr;
    add_block(*query.block, 0);
    block_tables_ = problem_.tables.size();
    if (const auto& where = query.block->select->where) add_condition(*where);
    open_semi_joins();
    turn_outer_joins();
    for (const OuterJoin& join : outer_joins_) bind_outer(join);
    list_indexes(resolution_, equalities_.take_lookups(), problem_);
    pull_out_tables();
    weigh_ranges(resolution_, counter_, problem_);
    problem_.sort_by = sort_by_table(query);
    return std::move(problem_);
  }

 private:
  // --- FROM

  void add_block(const BoundBlock& block, std::size_t sub) {
    for (const auto& part : block.select->from) add_table(block, *part, sub);
  }

  TableSet add_table(const BoundBlock& block, const TableRef& ref, std::size_t sub) {
    if (ref.kind != TableRef::Kind::kJoin) return add_source(*block.source_of.at(&ref), sub);
    const bool swapped = ref.join == JoinKind::kRight;
    const TableSet left = add_table(block, swapped ? *ref.right : *ref.left, sub);
    const TableSet right = add_table(block, swapped ? *ref.left : *ref.right, sub);
    const auto& pairs = block.equal_columns.at(&ref);
    if (ref.join == JoinKind::kInner) {
      if (ref.on) add_condition(*ref.on);
      for (const ColumnPair& pair : pairs) equalities_.make_equal(pair.first, pair.second);
    } else {
      outer_joins_.push_back({left, right, ref.on.get(), &pairs});
    }
    return left | right;
  }

  TableSet add_source(const Source& source, std::size_t sub) {
    PlanTable table;
    table.source = &source;
    table.bit = TableSet{1} << (problem_.tables.size() % 64);
    table.sub = sub;
    table.from_sub = sub;
    if (source.table != nullptr) {
      table.rows = static_cast<double>(std::max<std::int64_t>(source.table->rows, 1));
      table.pages = static_cast<double>(source.table->pages);
    } else {
      table.rows = source.query == nullptr ? 2 : std::max(2.0, derived_rows_(*source.query));
      table.pages = 2 + table.rows / 80;
    }
    problem_.tables.push_back(table);
    return table.bit;
  }

  // --- conditions

  void add_condition(const Expr& expr) {
    if (expr.kind == ExprKind::kAnd) {
      for (const ExprPtr& part : expr.args) add_condition(*part);
      return;
    }
    if (take_semi_join(expr)) return;
    problem_.conjuncts.push_back({&expr, problem_.tables_of(resolution_, expr)});
    pending_.push_back(&expr);
  }

  // --- semi-joins

  // IN and EXISTS over a plain join are joined with the tables outside. The query itself is opened later, so that the
  // outer tables come first.
  bool take_semi_join(const Expr& expr) {
    const bool is_in = expr.kind == ExprKind::kInQuery && !expr.is_negated;
    if (!is_in && expr.kind != ExprKind::kExists) return false;
    const BoundQuery& inside = resolution_.at(*expr.query);
    const mysql::Query& query = *expr.query;
    if (!query.select || !query.with.empty() || query.limit || inside.block->is_aggregated || query.select->having ||
        !query.select->windows.empty() || query.select->from.empty()) {
      return false;
    }
    if (is_in && expr.args[0]->kind == ExprKind::kRow) return false;
    for (const Item& item : inside.block->items) {
      if (item.expr != nullptr && resolution_.at(*item.expr).has_window) return false;
    }
    SemiJoin join;
    join.is_outermost = problem_.tables.size() == block_tables_ || block_tables_ == 0;
    join.expr = &expr;
    join.query = &inside;
    if (is_in) join.pairs.emplace_back(expr.args[0].get(), &inside.columns[0]);
    problem_.semi_joins.push_back(std::move(join));
    return true;
  }

  void open_semi_joins() {
    bind_pending();
    // Of a semi-join inside one the tables belong to the outer one.
    for (std::size_t i = 0; i < problem_.semi_joins.size(); ++i) {
      const BoundQuery* inside = problem_.semi_joins[i].query;
      const std::size_t first = problem_.tables.size();
      if (first > 40) break;
      add_block(*inside->block, i + 1);
      for (std::size_t t = first; t < problem_.tables.size(); ++t) {
        problem_.semi_joins[i].inner |= problem_.tables[t].bit;
      }
      const std::size_t condition = pending_.size();
      if (const auto& where = inside->block->select->where) add_condition(*where);
      SemiJoin& join = problem_.semi_joins[i];
      for (std::size_t c = condition; c < pending_.size(); ++c) {
        const TableSet others = problem_.tables_of(resolution_, *pending_[c]) & ~join.inner;
        join.outer |= others;
        join.is_correlated = join.is_correlated || others != 0;
      }
      for (const auto& [outer, inner] : join.pairs) {
        join.outer |= problem_.tables_of(resolution_, *outer);
        equalities_.add_pair(*outer, *inner, *join.expr);
      }
      bind_pending();
    }
  }

  void bind_pending() {
    for (const Expr* expr : pending_) equalities_.add(*expr);
    pending_.clear();
  }

  // --- outer joins

  void turn_outer_joins() {
    std::set<const Source*> not_null;
    for (const Conjunct& conjunct : problem_.conjuncts) add_not_null(resolution_, *conjunct.expr, not_null);
    for (const SemiJoin& join : problem_.semi_joins) add_not_null(resolution_, *join.expr, not_null);
    for (bool changed = true; changed;) {
      changed = false;
      for (auto it = outer_joins_.begin(); it != outer_joins_.end(); ++it) {
        const auto is_not_null = [&](const PlanTable& table) {
          return (table.bit & it->right) != 0 && not_null.contains(table.source);
        };
        if (std::none_of(problem_.tables.begin(), problem_.tables.end(), is_not_null)) continue;
        const OuterJoin join = *it;
        outer_joins_.erase(it);
        if (join.on != nullptr) {
          add_condition(*join.on);
          bind_pending();
          add_not_null(resolution_, *join.on, not_null);
        }
        for (const ColumnPair& pair : *join.pairs) {
          equalities_.make_equal(pair.first, pair.second);
          not_null.insert(pair.first.source);
          not_null.insert(pair.second.source);
        }
        changed = true;
        break;
      }
    }
  }

  void bind_outer(const OuterJoin& join) {
    TableSet named = 0;
    std::vector<const Expr*> parts;
    if (join.on != nullptr) split(*join.on, parts);
    for (const Expr* part : parts) {
      const TableSet tables = problem_.tables_of(resolution_, *part);
      named |= tables;
      problem_.outer_conjuncts.push_back({part, tables});
      equalities_.add_outer(*part, join.right);
    }
    for (const ColumnPair& pair : *join.pairs) {
      const bool first_inside = (problem_.find(pair.first.source)->bit & join.right) != 0;
      const ColumnRef& inner = first_inside ? pair.first : pair.second;
      const ColumnRef& outer = first_inside ? pair.second : pair.first;
      named |= problem_.find(outer.source)->bit;
      equalities_.add_outer(inner, outer);
    }
    const TableSet before = (named & ~join.right) != 0 ? named & ~join.right : join.left;
    for (PlanTable& table : problem_.tables) {
      if ((table.bit & join.right) == 0) continue;
      table.depends_on |= before;
      if (table.nest == 0) table.nest = join.right;  // joins are read from the inside
    }
  }

  static void split(const Expr& expr, std::vector<const Expr*>& parts) {
    if (expr.kind != ExprKind::kAnd) {
      parts.push_back(&expr);
      return;
    }
    for (const ExprPtr& part : expr.args) split(*part, parts);
  }

  // --- what follows from all of it

  // Null where GROUP BY and ORDER BY differ, or name several tables.
  [[nodiscard]] const Source* sort_by_table(const BoundQuery& query) const {
    const auto& group = query.block->group_by;
    const auto& order = query.order_by.empty() ? group : query.order_by;
    const auto& other = group.empty() ? order : group;
    TableSet tables = 0;
    for (std::size_t i = 0; i < std::min(order.size(), other.size()); ++i) {
      const Expr* a = expression_of(order[i]);
      const Expr* b = expression_of(other[i]);
      const auto a_column = column_of_key(order[i]), b_column = column_of_key(other[i]);
      const bool same = a_column && b_column
                            ? *a_column == *b_column
                            : a != nullptr && b != nullptr && (a == b || same_expression(resolution_, *a, *b));
      if (!same) return nullptr;
      if (a != nullptr) tables |= problem_.tables_of(resolution_, *a);
      if (a == nullptr && a_column) tables |= problem_.find(a_column->source)->bit;
    }
    for (const PlanTable& table : problem_.tables) {
      if (table.bit == tables) return table.source;
    }
    return nullptr;
  }

  [[nodiscard]] const Expr* expression_of(const Key& key) const {
    return key.item ? problem_.block->items[*key.item].expr : key.expr;
  }

  [[nodiscard]] std::optional<ColumnRef> column_of_key(const Key& key) const {
    if (const Expr* expr = expression_of(key)) return column_of(resolution_, *expr);
    return problem_.block->items[*key.item].column;
  }

  // An inner table with one row at most for a row outside is joined like any other.
  void pull_out_tables() {
    for (bool changed = true; changed;) {
      changed = false;
      for (PlanTable& table : problem_.tables) {
        if (table.sub == 0) continue;
        SemiJoin& join = problem_.semi_joins[table.sub - 1];
        const auto is_found = [&](const IndexUse& use) {
          if (!use.index->unique) return false;
          for (std::size_t part = 0; part < use.index->columns.size(); ++part) {
            const auto known = [&](const KeyUse& key) { return key.part == part && (key.needs & join.inner) == 0; };
            if (std::none_of(use.uses.begin(), use.uses.end(), known)) return false;
          }
          return true;
        };
        if (std::none_of(table.indexes.begin(), table.indexes.end(), is_found)) continue;
        join.inner &= ~table.bit;
        table.sub = 0;
        changed = true;
      }
    }
  }

  const Resolution& resolution_;
  const RangeCounter& counter_;
  const DerivedRows& derived_rows_;
  JoinProblem problem_;
  Equalities equalities_{resolution_, problem_};
  std::size_t block_tables_ = 0;  // the block's own; 0 while they are read
  std::vector<OuterJoin> outer_joins_;
  std::vector<const Expr*> pending_;  // conjuncts not yet bound
};

}  // namespace

const PlanTable* JoinProblem::find(const Source* source) const {
  const auto found =
      std::find_if(tables.begin(), tables.end(), [&](const PlanTable& table) { return table.source == source; });
  return found == tables.end() ? nullptr : &*found;
}

TableSet JoinProblem::tables_of(const Resolution& resolution, const Expr& expr) const {
  TableSet all = 0;
  any_below(expr, [&](const Expr& part) {
    if (part.kind != ExprKind::kColumn) return Walk::kDeeper;
    const Expr& meant = behind_items(resolution, part);
    if (&meant != &part && meant.kind != ExprKind::kColumn) {
      all |= tables_of(resolution, meant);
      return Walk::kSkip;
    }
    const auto column = column_of(resolution, part);
    const PlanTable* table = column && column->source != nullptr ? find(column->source) : nullptr;
    if (table != nullptr) all |= table->bit;
    return Walk::kSkip;
  });
  return all;
}

bool holds_column(const Table& table, const Index& index, std::size_t column) {
  for (std::size_t part = 0; part < index.columns.size(); ++part) {
    const bool is_whole = part >= index.prefixes.size() || index.prefixes[part] == 0;
    if (index.columns[part] == column && is_whole) return true;
  }
  const auto* clustered = clustering_key(table);
  return clustered != nullptr && std::find(clustered->begin(), clustered->end(), column) != clustered->end();
}

JoinProblem join_problem(const Resolution& resolution, const BoundQuery& query, const RangeCounter& counter,
                         const DerivedRows& derived_rows) {
  return ProblemReader(resolution, counter, derived_rows).read(query);
}

}  // namespace intercodesql
