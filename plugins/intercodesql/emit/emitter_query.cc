// Query blocks, set operations, WITH and FROM.
#include <algorithm>
#include <limits>

#include "emit/emitter.h"
#include "engine/text.h"
#include "resolve/errors.h"
#include "resolve/walk.h"

namespace intercodesql {

using mysql::Expr;
using mysql::Query;
using mysql::SetOp;
using mysql::TableRef;

namespace {

bool has_right_join(const TableRef& table) {
  if (table.kind != TableRef::Kind::kJoin) return false;
  return table.join == mysql::JoinKind::kRight || has_right_join(*table.left) || has_right_join(*table.right);
}

}  // namespace

std::pair<std::string, std::optional<RowsSort>> Emitter::top_query(const BoundQuery& bound) {
  top_ = &bound;
  std::string text = query(bound, /*collated=*/false, RowsIn::kOrder);
  return {std::move(text), std::move(top_sort_)};
}

std::string Emitter::query(const BoundQuery& bound, bool collated, RowsIn rows) {
  const Query& query = *bound.query;
  const std::string with = with_clause(query);
  const bool any_order = rows == RowsIn::kAnyOrder && bound.order_by.empty() && !query.limit;
  const std::string text = query.select ? block(bound, collated, rows)
                           : any_order  ? body(bound, collated)
                                        : ordered_set(bound, collated, rows);
  if (top_sort_ && &bound == top_) top_sort_->without_keys.insert(0, with);
  return with + text;
}

std::string Emitter::with_clause(const Query& query) {
  std::string text;
  for (const auto& table : query.with) {
    const auto found = resolution_.queries.find(table.query.get());
    if (found == resolution_.queries.end()) continue;  // never used
    text += text.empty() ? (query.is_recursive ? "WITH RECURSIVE " : "WITH ") : ", ";
    // A recursive table's rows come in the order in which they are found.
    const RowsIn rows = query.is_recursive ? RowsIn::kAnyOrder : RowsIn::kNumbers;
    text += concat(common_name(table), "(", column_names(found->second->columns.size()),
                   rows == RowsIn::kNumbers ? ", \"n\"" : "", ") AS (",
                   this->query(*found->second, /*collated=*/true, rows), ")");
    if (rows == RowsIn::kNumbers) numbered_common_.insert(&table);
  }
  return text.empty() ? text : text + " ";
}

std::string Emitter::common_name(const mysql::CommonTable& table) {
  const auto [found, added] = common_.emplace(&table, common_.size() + 1);
  return concat("w", std::to_string(found->second));
}

std::string Emitter::body(const BoundQuery& bound, bool collated) {
  const Query& query = *bound.query;
  if (query.select) return block(bound, collated, RowsIn::kAnyOrder);
  if (query.set) return set_operation(bound, collated);
  if (!query.nested) return value_rows(bound);
  return concat("SELECT ", column_names(bound.columns.size()), " FROM (",
                this->query(resolution_.at(*query.nested), collated, RowsIn::kAnyOrder), ")");
}

std::string Emitter::item(const Item& item) {
  return item.expr != nullptr ? expression(*item.expr) : column(item.column);
}

std::string Emitter::select_list(const BoundBlock& block, bool collated) {
  std::string text;
  for (std::size_t i = 0; i < block.items.size(); ++i) {
    const Item& item = block.items[i];
    const std::string value = this->item(item);
    text += concat(i == 0 ? "" : ", ", collated ? intercodesql::collated({value, item.type}) : value, " AS ",
                   column_name(i));
  }
  return text;
}

std::string Emitter::block(const BoundQuery& bound, bool collated, RowsIn rows) {
  blocks_.push_back(bound.block.get());
  std::string text = block_text(bound, collated, rows);
  blocks_.pop_back();
  return text;
}

std::string Emitter::block_text(const BoundQuery& bound, bool collated, RowsIn rows) {
  const BoundBlock& block = *bound.block;
  const mysql::Select& select = *block.select;
  const bool is_one_row = block.is_aggregated && block.group_by.empty();
  const bool order_shows = rows != RowsIn::kAnyOrder || bound.query->limit;
  const RowOrder order = order_shows && !is_one_row ? order_of(bound) : RowOrder{};
  const std::string list = select_list(block, collated || select.is_distinct);
  std::string where = select.where ? condition(*select.where) : "";
  std::string having = select.having ? condition(*select.having) : "";
  if (!block.is_aggregated && !having.empty()) {  // one more condition on the rows
    where = where.empty() ? having : concat("(", where, ") AND (", having, ")");
    having.clear();
  }
  std::string rest;
  if (!select.from.empty()) rest += " FROM " + from(block, select.from);
  if (!where.empty()) rest += " WHERE " + where;
  if (select.with_rollup) return rollup(bound, collated, rest, rows);
  rest += grouping(block, block.group_by.size());
  if (is_one_row) return one_row(bound, list, rest, having, rows);
  if (!having.empty()) rest += " HAVING " + having;
  if (const std::vector<std::string> hidden = hidden_keys(bound); !hidden.empty()) {
    if (select.is_distinct) throw errors::not_supported("DISTINCT ordered by columns of two queries");
    std::string keys;
    for (std::size_t i = 0; i < hidden.size(); ++i) {
      if (!hidden[i].empty()) keys += concat(", ", hidden[i], " AS o", std::to_string(i + 1));
    }
    std::string text = concat("SELECT ", column_names(block.items.size()), " FROM (SELECT ", list, keys, rest, ")",
                              order_by_hidden(bound, hidden));
    if (bound.query->limit) text += limit_clause(*bound.query->limit);
    return rows == RowsIn::kNumbers ? concat("SELECT *, row_number() OVER () AS \"n\" FROM (", text, ")") : text;
  }
  if (!order_shows) {
    return concat(select.is_distinct ? "SELECT DISTINCT " : "SELECT ", list, rest);
  }
  Unordered unordered = unordered_block(bound, list, rest, order);
  if (select.is_distinct) unordered = unordered_distinct(bound, unordered);
  return ordered(bound, unordered, rows);
}

// An aggregate without GROUP BY. SQLite takes no HAVING then: the one row is filtered from outside.
std::string Emitter::one_row(const BoundQuery& bound, const std::string& list, const std::string& rest,
                             const std::string& having, RowsIn rows) {
  const std::string columns = column_names(bound.block->items.size());
  const std::string number = rows == RowsIn::kNumbers ? ", 1 AS \"n\"" : "";
  std::string text;
  if (having.empty()) {
    text = concat("SELECT ", list, number, rest);
  } else {
    text = concat("SELECT ", columns, number, " FROM (SELECT ", list, ", (", having, ") AS h", rest, ") WHERE h");
  }
  if (bound.query->limit) text += limit_clause(*bound.query->limit);
  return text;
}

// ORDER BY may not name columns of an outer query in SQLite. Where a key has some beside its own, all keys that are no
// items become columns o1, o2 … of an inner query; empty where none has.
std::vector<std::string> Emitter::hidden_keys(const BoundQuery& bound) {
  const auto mixes = [&](const Key& key) {
    if (key.item) return false;
    const Reach reach = reach_of(resolution_, *key.expr, *bound.block);
    return reach.own && reach.outer;
  };
  std::vector<std::string> hidden;
  if (std::none_of(bound.order_by.begin(), bound.order_by.end(), mixes)) return hidden;
  for (const Key& key : bound.order_by) hidden.push_back(key.item ? "" : expression(*key.expr));
  return hidden;
}

std::string Emitter::order_by_hidden(const BoundQuery& bound, const std::vector<std::string>& hidden) {
  std::string text;
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    const Key& key = bound.order_by[i];
    const std::string name = key.item ? column_name(*key.item) : concat("o", std::to_string(i + 1));
    const Type& type = key.item ? bound.block->items[*key.item].type : type_of(*key.expr);
    text += concat(i == 0 ? " ORDER BY " : ", ", collated({name, type}), key.descending ? " DESC" : "");
  }
  return text;
}

Typed Emitter::group_key(const BoundBlock& block, const Key& key) {
  if (!key.item) return typed(*key.expr);
  const Item& item = block.items[*key.item];
  return {this->item(item), item.type};
}

// By the first `count` keys.
std::string Emitter::grouping(const BoundBlock& block, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const Key& key = block.group_by[i];
    const Expr* expr = key.item ? block.items[*key.item].expr : key.expr;
    text += text.empty() ? " GROUP BY " : ", ";
    // SQLite takes a number for a position and knows no column of an outer query here: one group for all rows.
    const Reach reach = expr == nullptr ? Reach{true, false} : reach_of(resolution_, *expr, block);
    if (reach.own && reach.outer) throw errors::not_supported("GROUP BY over columns of two queries");
    text += reach.own ? intercodesql::collated(group_key(block, key)) : "'one group'";
  }
  return text;
}

std::string Emitter::order_by(const BoundBlock& block, const std::vector<Key>& keys, bool by_position) {
  std::string text;
  for (const Key& key : keys) {
    if (!key.item && !reach_of(resolution_, *key.expr, block).own && reach_of(resolution_, *key.expr, block).outer) {
      continue;  // the same for all rows
    }
    text += text.empty() ? " ORDER BY " : ", ";
    if (key.item) {
      const Item& item = block.items[*key.item];
      text += collated({by_position ? std::to_string(*key.item + 1) : this->item(item), item.type});
      if (key.descending) text += " DESC";
    } else {
      text += sorted(*key.expr, key.descending);
    }
  }
  return text;
}

std::string Emitter::set_operation(const BoundQuery& bound, bool collated) {
  const mysql::SetOperation& set = *bound.query->set;
  const bool distinct_texts = collated || set.is_distinct || set.op != SetOp::kUnion;
  if (!set.is_distinct && set.op != SetOp::kUnion) {  // rows as often as they occur: number equal ones
    return concat("SELECT ", column_names(bound.columns.size()), " FROM (", numbered_rows(*set.left, bound.columns),
                  set.op == SetOp::kIntersect ? " INTERSECT " : " EXCEPT ", numbered_rows(*set.right, bound.columns),
                  ")");
  }
  const char* sign = set.op == SetOp::kIntersect ? " INTERSECT "
                     : set.op == SetOp::kExcept  ? " EXCEPT "
                     : set.is_distinct           ? " UNION "
                                                 : " UNION ALL ";
  return concat(set_operand(*set.left, bound.columns, distinct_texts, /*is_left=*/true), sign,
                set_operand(*set.right, bound.columns, distinct_texts, /*is_left=*/false));
}

// A side of a set operation, its columns as the result's types. SQLite reads a row of operations from left to right.
std::string Emitter::set_operand(const Query& operand, const std::vector<Item>& columns, bool collated, bool is_left) {
  const BoundQuery& bound = resolution_.at(operand);
  const auto is_same = [](const Item& a, const Item& b) {
    return a.type.base == b.type.base || (is_number(a.type) && is_number(b.type) && b.type.base != BaseType::kDouble) ||
           a.type.base == BaseType::kNull || (is_text(a.type) && is_text(b.type));
  };
  const bool same_types = std::equal(bound.columns.begin(), bound.columns.end(), columns.begin(), is_same);
  const bool is_bare = operand.with.empty() && operand.order_by.empty() && !operand.limit;
  const bool fits = operand.select || (operand.set && is_left && operand.set->is_distinct) ||
                    (operand.set && is_left && operand.set->op == SetOp::kUnion);
  if (same_types && is_bare && fits) return body(bound, collated);
  std::string text = "SELECT ";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string value = as_type({column_name(i), bound.columns[i].type}, columns[i].type);
    text += concat(i == 0 ? "" : ", ", collated ? intercodesql::collated({value, columns[i].type}) : value, " AS ",
                   column_name(i));
  }
  return concat(text, " FROM (", query(bound, collated, RowsIn::kAnyOrder), ")");
}

std::string Emitter::numbered_rows(const Query& operand, const std::vector<Item>& columns) {
  const std::string names = column_names(columns.size());
  return concat("SELECT ", names, ", row_number() OVER (PARTITION BY ", names, ") AS n FROM (",
                set_operand(operand, columns, /*collated=*/true, /*is_left=*/false), ")");
}

std::string Emitter::value_rows(const BoundQuery& bound) {
  std::string text;
  for (const auto& row : bound.query->value_rows) {
    text += text.empty() ? "SELECT " : " UNION ALL SELECT ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += concat(i == 0 ? "" : ", ", as_type(typed(*row[i]), bound.columns[i].type), " AS ", column_name(i));
    }
  }
  return text;
}

// --- FROM

std::string Emitter::from(const BoundBlock& block, const std::vector<mysql::TableRefPtr>& tables) {
  std::string text;
  for (const auto& part : tables) {
    const std::string sql = table(block, *part);
    text += concat(text.empty() ? "" : ", ", tables.size() > 1 && has_right_join(*part) ? concat("(", sql, ")") : sql);
  }
  return text;
}

std::string Emitter::table(const BoundBlock& block, const TableRef& table) {
  if (table.kind == TableRef::Kind::kJoin) return join(block, table);
  return source(*block.source_of.at(&table));
}

std::string Emitter::join(const BoundBlock& block, const TableRef& join) {
  const char* sign = join.join == mysql::JoinKind::kLeft    ? " LEFT JOIN "
                     : join.join == mysql::JoinKind::kRight ? " RIGHT JOIN "
                                                            : " JOIN ";
  const bool nested = join.right->kind == TableRef::Kind::kJoin;
  const std::string right = table(block, *join.right);
  std::string text = concat(table(block, *join.left), sign, nested ? concat("(", right, ")") : right);
  std::vector<std::string> conditions;
  if (join.on) conditions.push_back(condition(*join.on));
  for (const auto& [left_column, right_column] : block.equal_columns.at(&join)) {
    const auto [a, b] = comparable(nullptr, {column(left_column), left_column.get().type}, nullptr,
                                   {column(right_column), right_column.get().type});
    conditions.push_back(concat(a, " = ", b));
  }
  for (std::size_t i = 0; i < conditions.size(); ++i) text += (i == 0 ? " ON " : " AND ") + conditions[i];
  return text;
}

std::string Emitter::base_table(const Source& source) {
  databases_.insert(source.database);
  return concat(quoted_name(source.database), ".", quoted_name(source.table->name));
}

std::string Emitter::source(const Source& source) {
  const std::string alias = concat(" AS t", std::to_string(source.id));
  if (source.table != nullptr) return base_table(source) + alias;
  if (source.common != nullptr) return common_name(*source.common) + alias;
  const RowsIn rows = numbered_.contains(&source) ? RowsIn::kNumbers : RowsIn::kAnyOrder;
  return concat("(", query(*source.query, /*collated=*/false, rows), ")", alias);
}

std::string Emitter::column(const ColumnRef& column) {
  if (rollup_ != nullptr && is_rolled_up(column)) return "NULL";
  const Source& source = *column.source;
  const std::string name = source.table != nullptr ? quoted_name(column.get().name) : column_name(column.column);
  return in_upsert_ ? name : concat("t", std::to_string(source.id), ".", name);
}

}  // namespace intercodesql
