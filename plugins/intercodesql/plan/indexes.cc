#include "plan/indexes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "plan/costs.h"

namespace intercodesql {
namespace {

using UsedColumn = std::pair<const Source*, std::size_t>;
using ColumnPair = std::pair<ColumnRef, ColumnRef>;

// The SELECT list of EXISTS is not read.
bool is_exists(const JoinProblem& problem, const mysql::Query& query) {
  return std::any_of(problem.semi_joins.begin(), problem.semi_joins.end(), [&](const SemiJoin& join) {
    return join.query->query == &query && join.expr->kind == mysql::ExprKind::kExists;
  });
}

std::set<UsedColumn> used_columns(const Resolution& resolution, const JoinProblem& problem) {
  std::set<UsedColumn> used;
  for (const Binding& binding : resolution.bindings) {
    if (binding.column.source != nullptr) used.insert({binding.column.source, binding.column.column});
  }
  for (const auto& [tree, query] : resolution.queries) {
    if (query->block == nullptr) continue;
    for (const auto& [join, pairs] : query->block->equal_columns) {
      for (const ColumnPair& pair : pairs) {
        used.insert({pair.first.source, pair.first.column});
        used.insert({pair.second.source, pair.second.column});
      }
    }
    for (const Item& item : query->block->items) {
      if (item.expr == nullptr && item.column.source != nullptr && !is_exists(problem, *tree)) {
        used.insert({item.column.source, item.column.column});
      }
    }
  }
  return used;
}

void list(const std::vector<KeyLookup>& lookups, const std::set<UsedColumn>& used, PlanTable& table) {
  if (table.source->table == nullptr) return;
  const Table& base = *table.source->table;
  const auto* clustered = clustering_key(base);
  for (const Index& index : base.indexes) {
    IndexUse use;
    use.index = &index;
    use.is_primary = clustered != nullptr && index.unique && index.columns == *clustered;
    use.key_length = key_length(base, index);
    use.is_covering = true;
    for (std::size_t i = 0; i < base.columns.size(); ++i) {
      if (used.contains({table.source, i}) && !holds_column(base, index, i)) use.is_covering = false;
    }
    for (std::size_t part = 0; part < index.columns.size(); ++part) {
      for (const KeyLookup& lookup : lookups) {
        if (lookup.column.source != table.source || lookup.column.column != index.columns[part]) continue;
        use.uses.push_back({part, lookup.needs, lookup.condition});
        table.key_depends_on |= lookup.needs;
      }
    }
    table.indexes.push_back(std::move(use));
  }
  const auto rank = [&](const IndexUse& use) {
    if (use.is_primary) return 0;
    if (!use.index->unique) return 3;
    const auto nullable = [&](std::size_t column) { return base.columns[column].nullable; };
    return std::any_of(use.index->columns.begin(), use.index->columns.end(), nullable) ? 2 : 1;
  };
  std::stable_sort(table.indexes.begin(), table.indexes.end(),
                   [&](const IndexUse& a, const IndexUse& b) { return rank(a) < rank(b); });
}

}  // namespace

void list_indexes(const Resolution& resolution, const std::vector<KeyLookup>& lookups, JoinProblem& problem) {
  const std::set<UsedColumn> used = used_columns(resolution, problem);
  for (PlanTable& table : problem.tables) list(lookups, used, table);
}

}  // namespace intercodesql
