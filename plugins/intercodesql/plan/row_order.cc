#include "plan/row_order.h"

#include <algorithm>

#include "plan/costs.h"
#include "plan/search.h"
#include "resolve/walk.h"

namespace intercodesql {
namespace {

using mysql::Expr;
using mysql::ExprKind;

double rows_of(const Resolution& resolution, const BoundQuery& query, const PlanSettings& settings);

JoinProblem problem_of(const Resolution& resolution, const BoundQuery& query, const PlanSettings& settings) {
  const DerivedRows derived = [&](const BoundQuery& inside) { return rows_of(resolution, inside, settings); };
  return join_problem(resolution, query, settings.count_range, derived);
}

double count_rows_of(const Resolution& resolution, const BoundQuery& query, const PlanSettings& settings) {
  const mysql::Query& tree = *query.query;
  double rows = 1;
  if (tree.set) {
    rows = rows_of(resolution, resolution.at(*tree.set->left), settings);
    if (tree.set->op == mysql::SetOp::kUnion) rows += rows_of(resolution, resolution.at(*tree.set->right), settings);
  } else if (tree.nested) {
    rows = rows_of(resolution, resolution.at(*tree.nested), settings);
  } else if (tree.select) {
    const BoundBlock& block = *query.block;
    const bool one_row = tree.select->from.empty() || (block.is_aggregated && block.group_by.empty());
    if (!one_row) rows = cheapest_plan(resolution, problem_of(resolution, query, settings)).rows;
  } else {
    rows = static_cast<double>(tree.value_rows.size());
  }
  return tree.limit ? std::min(rows, static_cast<double>(tree.limit->count)) : rows;
}

double rows_of(const Resolution& resolution, const BoundQuery& query, const PlanSettings& settings) {
  if (const auto known = settings.rows->find(&query); known != settings.rows->end()) return known->second;
  const double rows = count_rows_of(resolution, query, settings);
  settings.rows->emplace(&query, rows);
  return rows;
}

void append(std::vector<OrderTerm>& terms, const std::vector<OrderTerm>& others) {
  terms.insert(terms.end(), others.begin(), others.end());
}

void reverse(std::vector<OrderTerm>& terms) {
  for (OrderTerm& term : terms) term.descending = !term.descending;
}

std::vector<OrderTerm> clustered_order(const Source& source) {
  const auto* key = source.table == nullptr ? nullptr : clustering_key(*source.table);
  if (key == nullptr) return {{&source, std::nullopt, false, nullptr, {}}};
  std::vector<OrderTerm> terms;
  for (const std::size_t column : *key) terms.push_back({&source, column, false, nullptr, {}});
  return terms;
}

// Of the entries of an index, from its part `first` on.
std::vector<OrderTerm> index_order(const Source& source, const Index& index, std::size_t first) {
  std::vector<OrderTerm> terms;
  for (std::size_t part = first; part < index.columns.size(); ++part) {
    terms.push_back({&source, index.columns[part], false, nullptr, {}});
  }
  append(terms, clustered_order(source));
  return terms;
}

std::vector<OrderTerm> order_of_step(const Step& step) {
  const PlanTable& table = *step.table;
  const Source& source = *table.source;
  if (table.is_constant) return {};
  if (step.key != nullptr) {
    const bool one_row = step.key->index->unique && step.key_parts == step.key->index->columns.size();
    if (one_row) return {};
    return step.key->is_primary ? clustered_order(source) : index_order(source, *step.key->index, step.key_parts);
  }
  if (table.range)
    return table.range->is_primary ? clustered_order(source) : index_order(source, *table.range->index, 0);
  const IndexUse* covering = shortest_covering(table);
  if (covering != nullptr && !covering->is_primary) return index_order(source, *covering->index, 0);
  return clustered_order(source);
}

class OrderReader {
 public:
  OrderReader(const Resolution& resolution, const BoundQuery& query, const PlanSettings& settings)
      : resolution_(resolution),
        query_(query),
        block_(*query.block),
        problem_(problem_of(resolution, query, settings)),
        plan_(cheapest_plan(resolution, problem_)) {}

  RowOrder read() {
    RowOrder order;
    const Index* index = nullptr;
    bool descending = false;
    const bool is_grouped = !block_.group_by.empty();
    const bool is_distinct = block_.select->is_distinct && !block_.is_aggregated;
    if (is_grouped) {
      index = index_for(columns_of(block_.group_by), /*is_group=*/true);
    } else if (is_distinct && plan_.steps.size() == 1) {
      index = index_for(item_columns(), /*is_group=*/true);
    }
    if (!is_grouped && !is_distinct && !query_.order_by.empty()) {
      const auto sorted = order_columns(descending);
      index = index_for(sorted, /*is_group=*/false);
      order.needs_no_sort = index != nullptr;
    }
    std::vector<OrderTerm> inside;  // of a semi-join that decides the order of the tables outside
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = plan_.steps[i];
      if (const std::size_t from = step.table->from_sub; from != 0) {
        const SemiJoin& join = problem_.semi_joins[from - 1];
        if (!join.is_outermost || (step.table->sub != 0 && !leads(i))) continue;
        append(inside, order_of_step(step));
        const bool is_last = i + 1 == plan_.steps.size() || plan_.steps[i + 1].table->from_sub != from;
        if (!is_last || inside.empty()) continue;
        order.rows.push_back({nullptr, std::nullopt, false, join.expr, std::move(inside)});
        inside.clear();
        continue;
      }
      const bool by_index = index != nullptr && &step == first_step();
      std::vector<OrderTerm> own = by_index ? index_order(*step.table->source, *index, 0) : order_of_step(step);
      if (by_index && descending) reverse(own);
      if (!step.has_join_buffer) {
        append(order.rows, own);
      } else if (step.table->depends_on != 0) {  // kept in the hash table, for the rows before it
        reverse(own);
        append(order.rows, own);
      } else {  // held against the rows before it, the last of which are found first
        reverse(order.rows);
        append(own, order.rows);
        order.rows = std::move(own);
      }
    }
    if (!is_grouped && !is_distinct && !query_.order_by.empty() && index == nullptr) sort_before_joining(order);
    order.sorts_groups = is_grouped && index == nullptr && has_distinct_aggregate();
    if (is_grouped && index != nullptr) {
      order.expected_rows = groups_of(*index);
    } else if (!is_grouped && !is_distinct) {
      order.expected_rows = reads_long_texts() ? 0 : plan_.rows;
    }
    return order;
  }

 private:
  using Columns = std::optional<std::vector<ColumnRef>>;

  // Do the rows of an inner table come before those of the tables outside that they are matched with?
  [[nodiscard]] bool leads(std::size_t i) const {
    for (std::size_t k = i; k < plan_.steps.size(); ++k) {
      const Step& end = plan_.steps[k];
      if (end.strategy == SemiJoinStrategy::kNone || end.strategy_begin > i) continue;
      if (end.strategy == SemiJoinStrategy::kMaterializeScan || end.strategy == SemiJoinStrategy::kLooseScan)
        return true;
      if (end.strategy != SemiJoinStrategy::kWeedout) return false;
      const auto is_outside = [](const Step& step) { return step.table->sub == 0; };
      return std::any_of(plan_.steps.begin() + static_cast<std::ptrdiff_t>(i),
                         plan_.steps.begin() + static_cast<std::ptrdiff_t>(k) + 1, is_outside);
    }
    return false;
  }

  [[nodiscard]] const Step* first_step() const {
    for (const Step& step : plan_.steps) {
      if (!step.table->is_constant) return &step;
    }
    return nullptr;
  }

  [[nodiscard]] Columns columns_of(const std::vector<Key>& keys) const {
    std::vector<ColumnRef> columns;
    for (const Key& key : keys) {
      const auto column = key.item ? column_of_item(block_.items[*key.item]) : column_of(resolution_, *key.expr);
      if (!column || column->source == nullptr) return std::nullopt;
      columns.push_back(*column);
    }
    return columns;
  }

  [[nodiscard]] std::optional<ColumnRef> column_of_item(const Item& item) const {
    if (item.expr != nullptr) return column_of(resolution_, *item.expr);
    return item.column;
  }

  [[nodiscard]] Columns item_columns() const {
    std::vector<ColumnRef> columns;
    for (const Item& item : block_.items) {
      const auto column = column_of_item(item);
      if (!column || column->source == nullptr) return std::nullopt;
      columns.push_back(*column);
    }
    return columns;
  }

  Columns order_columns(bool& descending) const {
    descending = query_.order_by.front().descending;
    for (const Key& key : query_.order_by) {
      if (key.descending != descending) return std::nullopt;
    }
    return columns_of(query_.order_by);
  }

  // A table whose rows no sort could put otherwise than a stable one: 16 at most.
  void sort_before_joining(RowOrder& order) const {
    constexpr double kFewRows = 16;
    const Step* first = first_step();
    if (first == nullptr || first == &plan_.steps.back() || first->table->from_sub != 0 ||
        first->table->source->table == nullptr || first->table->rows <= kFewRows || hashes_rows()) {
      return;
    }
    for (const Key& key : query_.order_by) {
      const Expr* expr = key.item ? block_.items[*key.item].expr : key.expr;
      const TableSet tables = expr != nullptr ? problem_.tables_of(resolution_, *expr)
                                              : problem_.find(block_.items[*key.item].column.source)->bit;
      if (tables != first->table->bit) return;
    }
    order.sorted_first = first->table->source;
    for (const Conjunct& conjunct : problem_.conjuncts) {
      if (conjunct.tables == first->table->bit) order.first_conditions.push_back(conjunct.expr);
    }
  }

  // A sort that carries texts of any length along keeps no heap.
  [[nodiscard]] bool reads_long_texts() const {
    const auto is_long = [](const ColumnRef& column) {
      if (column.source == nullptr) return false;
      const BaseType type = column.get().type.base;
      return type == BaseType::kText || type == BaseType::kBlob || type == BaseType::kJson;
    };
    const auto visit = [&](const Expr& part) {
      if (part.kind != ExprKind::kColumn) return Walk::kDeeper;
      const auto column = column_of(resolution_, part);
      return column && is_long(*column) ? Walk::kFound : Walk::kSkip;
    };
    return std::any_of(block_.items.begin(), block_.items.end(), [&](const Item& item) {
      return item.expr != nullptr ? any_below(*item.expr, visit) : is_long(item.column);
    });
  }

  // Groups that come out of an index.
  [[nodiscard]] double groups_of(const Index& index) const {
    const Table& table = *first_step()->table->source->table;
    const std::size_t parts = std::min(block_.group_by.size(), index.columns.size());
    return static_cast<double>(table.rows) / rows_per_key(table, index, parts);
  }

  // Do rows go through a hash table, so that they lose the order of the first table? Those of semi-joins do not.
  [[nodiscard]] bool hashes_rows() const {
    return std::any_of(plan_.steps.begin(), plan_.steps.end(),
                       [](const Step& step) { return step.has_join_buffer && step.table->sub == 0; });
  }

  // The index of the first table that has `columns` in this order; null where MySQL uses none for it.
  [[nodiscard]] const Index* index_for(const Columns& columns, bool is_group) const {
    const Step* first = first_step();
    if (!columns || columns->empty() || first == nullptr || first->key != nullptr || first->table->range)
      return nullptr;
    if (hashes_rows()) return nullptr;
    const IndexUse* best = nullptr;
    for (const IndexUse& use : first->table->indexes) {
      const bool is_covering = use.is_covering || use.is_primary;
      if (!begins_with(use, *columns, first->table->source)) continue;
      if (!is_group && !is_covering && !problem_.limit) continue;
      if (best == nullptr || (is_covering && !(best->is_covering || best->is_primary))) best = &use;
    }
    return best == nullptr ? nullptr : best->index;
  }

  // Columns that are constant may stand anywhere.
  [[nodiscard]] bool begins_with(const IndexUse& use, const std::vector<ColumnRef>& columns,
                                 const Source* source) const {
    std::vector<std::size_t> parts = use.index->columns;
    if (const auto* clustered = clustering_key(*source->table)) {
      parts.insert(parts.end(), clustered->begin(), clustered->end());
    }
    std::size_t part = 0;
    for (const ColumnRef& column : columns) {
      if (is_constant(column)) continue;
      while (part < parts.size() && parts[part] != column.column && is_constant({source, parts[part]})) ++part;
      if (column.source != source || part == parts.size() || parts[part] != column.column) return false;
      if (part < use.index->prefixes.size() && use.index->prefixes[part] > 0) return false;
      ++part;
    }
    return part > 0;
  }

  [[nodiscard]] bool is_constant(const ColumnRef& column) const {
    return std::any_of(problem_.equal.begin(), problem_.equal.end(), [&](const EqualColumns& equal) {
      return equal.has_constant && std::find(equal.columns.begin(), equal.columns.end(), column) != equal.columns.end();
    });
  }

  [[nodiscard]] bool has_distinct_aggregate() const {
    const auto visit = [&](const Expr& part) {
      const bool own = part.kind == ExprKind::kAggregate && resolution_.at(part).aggregate_block == &block_;
      return own && (part.is_distinct || part.name == "GROUP_CONCAT") ? Walk::kFound : Walk::kDeeper;
    };
    for (const Item& item : block_.items) {
      if (item.expr != nullptr && any_below(*item.expr, visit)) return true;
    }
    if (block_.select->having && any_below(*block_.select->having, visit)) return true;
    return std::any_of(query_.order_by.begin(), query_.order_by.end(),
                       [&](const Key& key) { return key.expr != nullptr && any_below(*key.expr, visit); });
  }

  const Resolution& resolution_;
  const BoundQuery& query_;
  const BoundBlock& block_;
  JoinProblem problem_;
  JoinPlan plan_;
};

}  // namespace

RowOrder row_order(const Resolution& resolution, const BoundQuery& query, const PlanSettings& settings) {
  if (query.block->select->from.empty() || query.block->sources.size() > 40) return {};
  return OrderReader(resolution, query, settings).read();
}

}  // namespace intercodesql
