// GROUP BY … WITH ROLLUP: for every beginning of the list of keys the groups of those keys, the others NULL.
#include "emit/emitter.h"
#include "engine/text.h"
#include "resolve/errors.h"

namespace intercodesql {

using mysql::Expr;

bool Emitter::is_rolled_up(const ColumnRef& column) const {
  for (std::size_t i = rolled_from_; i < rollup_->group_by.size(); ++i) {
    const Key& key = rollup_->group_by[i];
    const Expr* expr = key.item ? rollup_->items[*key.item].expr : key.expr;
    if (expr != nullptr ? is_column(resolution_, *expr, column) : rollup_->items[*key.item].column == column)
      return true;
  }
  return false;
}

bool Emitter::is_rolled_up(const Expr& expr) const {
  for (std::size_t i = rolled_from_; i < rollup_->group_by.size(); ++i) {
    const Key& key = rollup_->group_by[i];
    const Expr* grouped = key.item ? rollup_->items[*key.item].expr : key.expr;
    if (grouped != nullptr && same_expression(resolution_, *grouped, expr)) return true;
  }
  return false;
}

std::string Emitter::rollup(const BoundQuery& query, bool collated, const std::string& from_where, RowsIn rows) {
  const BoundBlock& block = *query.block;
  const mysql::Select& select = *block.select;
  const std::size_t count = block.group_by.size();
  constexpr std::size_t kMostKeys = 16;  // the query is written once for each
  if (select.is_distinct || rollup_ != nullptr || count > kMostKeys)
    throw errors::not_supported("DISTINCT ... WITH ROLLUP");
  for (const Key& key : query.order_by) {
    if (!key.item) throw errors::not_supported("WITH ROLLUP ordered by what is not selected");
  }
  std::string all;
  std::vector<Type> types;
  for (const Key& key : block.group_by) types.push_back(group_key(block, key).type);
  for (std::size_t level = count + 1; level-- > 0;) {
    std::string keys;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string value = i < level ? intercodesql::collated(group_key(block, block.group_by[i])) : "NULL";
      keys += concat(", ", value, " AS \"g", std::to_string(i + 1), "\"");
    }
    const std::string groups = level == 0 ? " GROUP BY 'one group'" : grouping(block, level);
    rollup_ = &block;
    rolled_from_ = level;
    const std::string list = select_list(block, collated);
    const std::string having = select.having ? concat(" HAVING ", condition(*select.having)) : "";
    rollup_ = nullptr;
    all += concat(all.empty() ? "" : " UNION ALL ", "SELECT ", list, keys, ", ", std::to_string(level), " AS \"level\"",
                  from_where, groups, having);
  }
  Unordered unordered;
  unordered.columns = column_names(block.items.size());
  unordered.rest = concat(" FROM (", all, ")");
  for (std::size_t i = 0; i < count; ++i) {
    unordered.ties.push_back({concat("\"level\" <= ", std::to_string(i)), Type{BaseType::kInt}});
    unordered.ties.push_back({concat("\"g", std::to_string(i + 1), "\""), types[i]});
    unordered.tie_directions += is_text(types[i]) && !types[i].is_binary ? "aA" : "aa";
  }
  add_keys(query, /*by_position=*/true, unordered);
  unordered.sorted = order_by(block, query.order_by, /*by_position=*/true);
  return ordered(query, unordered, rows);
}

}  // namespace intercodesql
