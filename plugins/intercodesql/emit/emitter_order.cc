// The order of rows that ORDER BY leaves open, or that there is none for: as MySQL's plan gives them
// (plan/row_order.h).
#include <algorithm>
#include <limits>

#include "emit/emitter.h"
#include "engine/text.h"
#include "resolve/errors.h"
#include "resolve/walk.h"

namespace intercodesql {

using mysql::Expr;
using mysql::SetOp;

namespace {

// Rows beyond which nobody looks at how equal ones were picked.
constexpr std::uint64_t kLongestLimit = 1000;

constexpr std::string_view kNumber = "\"n\"";

std::string key_name(std::size_t index) {
  return concat("\"k", std::to_string(index + 1), "\"");
}

std::uint64_t last_row(const mysql::Limit& limit) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  return limit.count > kMost - std::min(limit.offset, kMost) ? kMost : limit.count + limit.offset;
}

}  // namespace

std::string column_name(std::size_t index) {
  return concat("\"c", std::to_string(index + 1), "\"");
}

std::string column_names(std::size_t count) {
  std::string names;
  for (std::size_t i = 0; i < count; ++i) names += (i == 0 ? "" : ", ") + column_name(i);
  return names;
}

std::string limit_clause(const mysql::Limit& limit) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::string text = concat(" LIMIT ", std::to_string(std::min(limit.count, kMost)));
  if (limit.offset > 0) text += concat(" OFFSET ", std::to_string(std::min(limit.offset, kMost)));
  return text;
}

RowOrder Emitter::order_of(const BoundQuery& query) {
  PlanSettings settings;
  settings.rows = &rows_of_derived_;
  if (count_rows_) {
    settings.count_range = [this](const Source& source, const std::vector<const Expr*>& conditions) {
      std::optional<double> rows;
      try {
        Emitter counting(resolution_);
        std::string where;
        for (const Expr* part : conditions) {
          where += concat(where.empty() ? "(" : " AND (", counting.condition(*part), ")");
        }
        const std::string sql = concat("SELECT count(*) FROM ", counting.base_table(source), " AS t",
                                       std::to_string(source.id), " WHERE ", where);
        if (counting.uses_session()) return rows;
        if (const auto counted = count_rows_(sql, source.database)) rows = static_cast<double>(*counted);
      } catch (const MysqlError&) {  // the statement itself will say so
      }
      return rows;
    };
  }
  RowOrder order = row_order(resolution_, query, settings);
  number_sources(order.rows);
  return order;
}

// Derived tables get numbers; those of a recursive WITH have none to order by.
void Emitter::number_sources(std::vector<OrderTerm>& terms) {
  std::erase_if(terms, [&](OrderTerm& one) {
    if (one.predicate != nullptr) {
      number_sources(one.inside);
      return one.inside.empty();
    }
    if (one.source->table != nullptr) return false;
    if (one.source->common != nullptr) return !numbered_common_.contains(one.source->common);
    numbered_.insert(one.source);
    return false;
  });
}

// The smallest key of the subquery's rows that match.
std::string Emitter::first_match(const OrderTerm& one) {
  const BoundQuery& inside = resolution_.at(*one.predicate->query);
  const BoundBlock& block = *inside.block;
  const mysql::Select& select = *block.select;
  std::string where = select.where ? concat("(", condition(*select.where), ")") : "";
  if (one.predicate->kind == mysql::ExprKind::kInQuery) {
    const Expr& value = *one.predicate->args[0];
    const auto [a, b] = comparable(&value, typed(value), nullptr, {item(block.items[0]), block.items[0].type});
    where += concat(where.empty() ? "" : " AND ", "(", a, " = ", b, ")");
  }
  return concat("(SELECT min(", row_key(one.inside), ") FROM ", from(block, select.from),
                where.empty() ? "" : " WHERE ", where, ")");
}

std::string Emitter::term(const OrderTerm& one) {
  if (one.predicate != nullptr) return first_match(one);
  if (one.column) return column({one.source, *one.column});
  return concat("t", std::to_string(one.source->id), one.source->table != nullptr ? ".rowid" : ".\"n\"");
}

// ORDER BY terms.
std::string Emitter::terms(const std::vector<OrderTerm>& terms) {
  std::string text;
  for (const OrderTerm& one : terms) text += concat(text.empty() ? "" : ", ", term(one), one.descending ? " DESC" : "");
  return text;
}

// One value that orders as the terms do.
std::string Emitter::row_key(const std::vector<OrderTerm>& terms) {
  if (terms.size() == 1 && !terms[0].descending && terms[0].predicate == nullptr) {
    const bool is_nullable = terms[0].column && terms[0].source->columns[*terms[0].column].nullable;
    if (!is_nullable) return term(terms[0]);
  }
  std::string directions;
  std::string values;
  for (const OrderTerm& one : terms) {
    directions += one.descending ? 'd' : 'a';
    values += ", " + term(one);
  }
  return concat("my_row_key('", directions, "'", values, ")");
}

void Emitter::add_ties(const std::vector<OrderTerm>& terms, Unordered& unordered) {
  for (const OrderTerm& one : terms) {
    const Type type = one.column ? one.source->columns[*one.column].type : Type{};
    const bool by_collation = is_text(type) && !type.is_binary;
    unordered.ties.push_back({term(one), type});
    unordered.tie_directions += one.descending ? (by_collation ? 'D' : 'd') : (by_collation ? 'A' : 'a');
  }
}

// The terms that are enough where the rows are told apart by `keys`: those up to the last table that the keys name.
std::vector<OrderTerm> Emitter::deciding(const std::vector<OrderTerm>& terms, const std::vector<Key>& keys,
                                         const BoundBlock& block) const {
  std::set<const Source*> named;
  for (const Key& key : keys) {
    const Item* item = key.item ? &block.items[*key.item] : nullptr;
    const Expr* expr = item != nullptr ? item->expr : key.expr;
    if (expr == nullptr) {
      named.insert(item->column.source);
      continue;
    }
    const bool is_more = any_below(*expr, [&](const Expr& part) {
      if (part.kind != mysql::ExprKind::kColumn)
        return part.query || part.kind == mysql::ExprKind::kVariable ? Walk::kFound : Walk::kDeeper;
      const auto column = column_of(resolution_, part);
      if (!column || column->source == nullptr || column->source->block != &block) return Walk::kFound;
      named.insert(column->source);
      return Walk::kSkip;
    });
    if (is_more) return terms;
  }
  std::size_t count = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (terms[i].predicate == nullptr && named.contains(terms[i].source)) count = i + 1;
  }
  for (const Source* source : named) {
    const auto is_its = [source](const OrderTerm& one) { return one.source == source; };
    if (std::none_of(terms.begin(), terms.end(), is_its)) return terms;
  }
  return {terms.begin(), terms.begin() + static_cast<std::ptrdiff_t>(count)};
}

void Emitter::add_group_ties(const BoundBlock& block, const RowOrder& order, Unordered& unordered) {
  if (!order.sorts_groups) {
    if (order.rows.empty()) return;
    unordered.place = concat("min(", row_key(deciding(order.rows, block.group_by, block)), ")");
    unordered.ties.push_back({unordered.place, Type{}});
    unordered.tie_directions += 'A';  // the least value of a column, or bytes
    return;
  }
  for (const Key& key : block.group_by) {
    const Expr* expr = key.item ? block.items[*key.item].expr : key.expr;
    if (expr != nullptr && !reach_of(resolution_, *expr, block).own) continue;
    unordered.ties.push_back(group_key(block, key));
    const Type& type = unordered.ties.back().type;
    unordered.tie_directions += is_text(type) && !type.is_binary ? 'A' : 'a';
  }
}

Emitter::Unordered Emitter::unordered_block(const BoundQuery& query, const std::string& list, const std::string& rest,
                                            const RowOrder& order) {
  const BoundBlock& block = *query.block;
  Unordered unordered;
  unordered.columns = list;
  unordered.rest = rest;
  unordered.expected_rows = order.expected_rows;
  unordered.needs_no_sort = order.needs_no_sort;
  unordered.sorts_all = block.is_aggregated && block.select->having;
  if (block.select->is_distinct && !block.is_aggregated) {
    std::vector<Key> items(block.items.size());
    for (std::size_t i = 0; i < items.size(); ++i) items[i].item = i;
    if (!order.rows.empty()) unordered.place = row_key(deciding(order.rows, items, block));
    return unordered;
  }
  if (!block.group_by.empty()) {
    add_group_ties(block, order, unordered);
  } else if (!order.rows.empty()) {
    add_ties(order.rows, unordered);
    unordered.place = row_key(order.rows);
  } else {
    unordered.place = "0";
  }
  if (block.select->is_distinct) return unordered;
  add_keys(query, /*by_position=*/false, unordered);
  unordered.sorted = order_by(block, query.order_by, /*by_position=*/true);
  if (order.sorted_first != nullptr) {
    const std::string place = place_in_first(order, unordered);
    if (!place.empty() && !unordered.sorted.empty()) {
      unordered.sorted.insert(std::string_view(" ORDER BY ").size(), place + ", ");
      unordered.needs_no_sort = true;
    }
  }
  return unordered;
}

// The place of a row of the first table among its rows as they are sorted before the others are joined to them; NULL
// for all where that sort is stable, so that the keys that follow say the same. Empty for a row without a number.
std::string Emitter::place_in_first(const RowOrder& order, const Unordered& unordered) {
  const Source& source = *order.sorted_first;
  const auto* clustered = clustering_key(*source.table);
  const bool has_number = clustered == nullptr ||
                          (clustered->size() == 1 && source.columns[clustered->front()].type.base == BaseType::kInt);
  if (!has_number) return "";
  const std::string number =
      clustered == nullptr ? term({&source, std::nullopt, false, nullptr, {}}) : column({&source, clustered->front()});
  std::string keys;
  std::string names;
  for (std::size_t i = 0; i < unordered.keys.size(); ++i) {
    keys += concat(", ", unordered.keys[i].sql, " AS ", key_name(i));
    names += ", " + key_name(i);
  }
  std::string where;
  for (const Expr* part : order.first_conditions) {
    where += concat(where.empty() ? " WHERE (" : " AND (", condition(*part), ")");
  }
  std::vector<OrderTerm> own;
  for (const OrderTerm& one : order.rows) {
    if (one.source == &source) own.push_back(one);
  }
  return concat("my_place((SELECT my_filesort('", unordered.directions, "', NULL, 0, ", kNumber, names,
                ") FROM (SELECT ", number, " AS ", kNumber, keys, " FROM ", this->source(source), where, " ORDER BY ",
                terms(own), ")), ", number, ")");
}

// Of equal rows the first stands for all.
Emitter::Unordered Emitter::unordered_distinct(const BoundQuery& query, const Unordered& rows) {
  const BoundBlock& block = *query.block;
  const auto is_no_item = [](const Key& key) { return !key.item; };
  if (rows.place.empty() || std::any_of(query.order_by.begin(), query.order_by.end(), is_no_item)) {
    Unordered same = rows;
    same.columns = "DISTINCT " + rows.columns;
    same.ties.clear();
    same.tie_directions.clear();
    same.place.clear();
    same.sorted = order_by(block, query.order_by, /*by_position=*/true);
    same.needs_no_sort = true;  // SQLite sorts by what is no column only here
    return same;
  }
  Unordered distinct;
  distinct.columns = column_names(block.items.size());
  distinct.rest = concat(" FROM (SELECT ", rows.columns, ", ", rows.place, " AS \"o\"", rows.rest, ") GROUP BY ");
  for (std::size_t i = 0; i < block.items.size(); ++i) {
    distinct.rest += concat(i == 0 ? "" : ", ", intercodesql::collated({column_name(i), block.items[i].type}));
  }
  distinct.place = "min(\"o\")";
  distinct.ties = {{distinct.place, Type{}}};
  distinct.tie_directions = "A";
  add_keys(query, /*by_position=*/true, distinct);
  distinct.sorted = order_by(block, query.order_by, /*by_position=*/true);
  return distinct;
}

// `by_position`: items are columns of a result, not to be computed again.
void Emitter::add_keys(const BoundQuery& query, bool by_position, Unordered& unordered) {
  const BoundBlock& block = *query.block;
  for (const Key& key : query.order_by) {
    if (!key.item) {
      const Reach reach = reach_of(resolution_, *key.expr, block);
      if (!reach.own && reach.outer) continue;  // the same for all rows
    }
    Typed value = !key.item     ? typed(*key.expr)
                  : by_position ? Typed{column_name(*key.item), block.items[*key.item].type}
                                : Typed{item(block.items[*key.item]), block.items[*key.item].type};
    const bool by_collation = is_text(value.type) && !value.type.is_binary;
    unordered.directions += key.descending ? (by_collation ? 'D' : 'd') : (by_collation ? 'A' : 'a');
    unordered.keys.push_back(std::move(value));
  }
}

std::string Emitter::ordered(const BoundQuery& query, const Unordered& unordered, RowsIn rows) {
  const auto& limit = query.query->limit;
  const bool sorts = !unordered.keys.empty() && !unordered.needs_no_sort;
  if (rows == RowsIn::kNumbers && unordered.sorted.empty() && !limit && !unordered.place.empty()) {
    return concat("SELECT ", unordered.columns, ", ", unordered.place, " AS ", kNumber, unordered.rest);
  }
  std::string met;
  for (std::size_t i = 0; i < unordered.ties.size(); ++i) {
    const bool descending = unordered.tie_directions[i] == 'd' || unordered.tie_directions[i] == 'D';
    met += concat(i == 0 ? "" : ", ", intercodesql::collated(unordered.ties[i]), descending ? " DESC" : "");
  }
  const std::string all = concat(unordered.sorted,
                                 met.empty()                ? ""
                                 : unordered.sorted.empty() ? " ORDER BY "
                                                            : ", ",
                                 met);
  std::string plain = concat("SELECT ", unordered.columns, unordered.rest, all);
  if (limit) plain += limit_clause(*limit);
  if (sorts && &query == top_) {
    RowsSort sort;
    sort.order.directions = unordered.directions;
    sort.order.expected_rows = unordered.expected_rows;
    if (limit) {
      sort.offset = limit->offset;
      sort.end = last_row(*limit);
      if (!unordered.sorts_all) sort.order.limit = sort.end;
    }
    std::string text = concat("SELECT ", unordered.columns);
    for (const Typed& key : unordered.keys) text += ", " + key.sql;
    if (!sort.order.limit) {
      sort.met = unordered.tie_directions;
      for (const Typed& tie : unordered.ties) text += ", " + tie.sql;
      text += unordered.rest + all;
    } else {
      text += concat(unordered.rest, met.empty() ? "" : " ORDER BY ", met);
    }
    sort.without_keys = std::move(plain);
    top_sort_ = std::move(sort);
    return text;
  }
  if (sorts && limit && !unordered.sorts_all && last_row(*limit) <= kLongestLimit) {
    plain = sorted_like_mysql(query, unordered, met);
  }
  if (rows != RowsIn::kNumbers) return plain;
  return concat("SELECT *, row_number() OVER () AS ", kNumber, " FROM (", plain, ")");
}

// Inside a statement: the sort is an aggregate over all rows, which says which of them are wanted.
std::string Emitter::sorted_like_mysql(const BoundQuery& query, const Unordered& unordered, const std::string& met) {
  const mysql::Limit& limit = *query.query->limit;
  const std::string columns = column_names(query.columns.size());
  std::string keys;
  std::string names;
  for (std::size_t i = 0; i < unordered.keys.size(); ++i) {
    keys += concat(", ", unordered.keys[i].sql, " AS ", key_name(i));
    names += ", " + key_name(i);
  }
  const std::string expected = unordered.expected_rows ? std::to_string(*unordered.expected_rows) : "NULL";
  const std::string order = met.empty() ? "" : concat("ORDER BY ", met);
  return concat("SELECT ", columns, " FROM (SELECT ", columns, ", ", kNumber, ", my_filesort('", unordered.directions,
                "', ", std::to_string(last_row(limit)), ", ", expected, ", ", kNumber, names,
                ") OVER () AS \"p\" FROM (SELECT ", unordered.columns, keys, ", row_number() OVER (", order, ") AS ",
                kNumber, unordered.rest, ")) WHERE my_place(\"p\", ", kNumber,
                ") IS NOT NULL ORDER BY my_place(\"p\", ", kNumber, ")", limit_clause(limit));
}

// --- set operations

// A set operation, a query in parentheses, or VALUES.
std::string Emitter::ordered_set(const BoundQuery& bound, bool collated, RowsIn rows) {
  Unordered unordered;
  const std::size_t width = bound.columns.size();
  for (std::size_t i = 0; i < width; ++i) {
    const Type& type = bound.columns[i].type;
    unordered.columns +=
        concat(i == 0 ? "" : ", ", collated ? intercodesql::collated({column_name(i), type}) : column_name(i),
               collated ? " AS " : "", collated ? column_name(i) : "");
  }
  const std::uint32_t id = bound.block == nullptr ? 0 : bound.block->sources.front()->id;
  unordered.rest = concat(" FROM (", numbered_set(bound), ") AS t", std::to_string(id));
  unordered.place = kNumber;
  unordered.ties = {{unordered.place, Type{}}};
  unordered.tie_directions = "a";
  if (!bound.order_by.empty()) {
    add_keys(bound, /*by_position=*/true, unordered);
    unordered.sorted = order_by(*bound.block, bound.order_by, /*by_position=*/true);
  }
  return ordered(bound, unordered, rows);
}

// The columns of a query as `columns` have their types, and `number` as "n"; it is made of the query's own "n", or of
// none.
std::string Emitter::numbered(const BoundQuery& bound, const std::vector<Item>& columns, std::string_view number) {
  std::string list;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string value = as_type({column_name(i), bound.columns[i].type}, columns[i].type);
    list += concat(value, " AS ", column_name(i), ", ");
  }
  const RowsIn rows = number.find(kNumber) == std::string_view::npos ? RowsIn::kAnyOrder : RowsIn::kNumbers;
  return concat("SELECT ", list, number, " AS ", kNumber, " FROM (", query(bound, /*collated=*/false, rows), ")");
}

// The rows of the left side, then those of the right one; of equal ones the first.
std::string Emitter::numbered_set(const BoundQuery& bound) {
  const mysql::Query& query = *bound.query;
  if (query.nested) return numbered(resolution_.at(*query.nested), bound.columns, kNumber);
  const std::string names = column_names(bound.columns.size());
  const auto counted = [&](const std::string& rows) {
    return concat("SELECT ", names, ", row_number() OVER () AS ", kNumber, " FROM (", rows, ")");
  };
  if (!query.set) return counted(value_rows(bound));
  const mysql::SetOperation& set = *query.set;
  const bool is_union = set.op == SetOp::kUnion;
  if (!set.is_distinct && !is_union) return counted(body(bound, /*collated=*/true));
  // A row of the right side has no number where it only tells whether one of the left side stays.
  const std::string_view of_left = is_union ? "my_row_key('aa', 0, \"n\")" : kNumber;
  const std::string_view of_right = is_union ? "my_row_key('aa', 1, \"n\")" : "NULL";
  const std::string both = concat(numbered(resolution_.at(*set.left), bound.columns, of_left), " UNION ALL ",
                                  numbered(resolution_.at(*set.right), bound.columns, of_right));
  if (!set.is_distinct) return both;
  std::string groups;
  for (std::size_t i = 0; i < bound.columns.size(); ++i) {
    groups += concat(i == 0 ? "" : ", ", intercodesql::collated({column_name(i), bound.columns[i].type}));
  }
  const std::string_view having = set.op == SetOp::kIntersect ? " HAVING count(\"n\") > 0 AND count(*) > count(\"n\")"
                                  : set.op == SetOp::kExcept  ? " HAVING count(*) = count(\"n\")"
                                                              : "";
  return concat("SELECT ", names, ", min(\"n\") AS ", kNumber, " FROM (", both, ") GROUP BY ", groups, having);
}

}  // namespace intercodesql
