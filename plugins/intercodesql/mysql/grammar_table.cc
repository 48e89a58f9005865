// What FROM reads: tables, derived tables, joins.
#include "mysql/grammar.h"

namespace intercodesql::mysql {

std::vector<TableRefPtr> Grammar::table_list() {
  std::vector<TableRefPtr> tables;
  do {
    tables.push_back(joined_table());
  } while (accept_sign(","));
  return tables;
}

TableRefPtr Grammar::joined_table() {
  const Level level(*this);
  TableRefPtr left = table_factor();
  for (std::uint32_t count = 0;; ++count) {
    if (count == kHighest) fail_too_deep();
    auto joined = join_rest(left);
    if (!joined && !late_condition(left)) return left;
    if (joined) left = std::move(*joined);
  }
}

// `a JOIN b JOIN c ON … ON …`: the second condition belongs to the first join, which then holds the second one. Reads
// it and turns the tree; false if no condition follows or every join has one.
bool Grammar::late_condition(TableRefPtr& top) {
  if (!at("ON") && !at("USING")) return false;
  TableRefPtr* place = &top;
  const auto open = [](const TableRef& table) {
    return table.kind == TableRef::Kind::kJoin && table.join == JoinKind::kInner && !table.is_natural && !table.on &&
           table.using_columns.empty();
  };
  while ((*place)->kind == TableRef::Kind::kJoin && !open(**place)) place = &(*place)->left;
  if (!open(**place)) return false;
  TableRefPtr outer = std::move(*place);
  *place = std::move(outer->right);
  outer->right = std::move(top);
  join_condition(*outer);
  top = std::move(outer);
  return true;
}

void Grammar::join_condition(TableRef& join) {
  if (accept("ON")) {
    join.on = expression();
  } else if (accept("USING")) {
    expect_sign("(");
    join.using_columns = name_list();
    expect_sign(")");
  }
}

// `left` [INNER|CROSS|LEFT|RIGHT|NATURAL|STRAIGHT_]JOIN …, or nothing. An outer join has a condition, perhaps behind
// the joins inside it: `a LEFT JOIN b JOIN c ON … ON …`.
std::optional<TableRefPtr> Grammar::join_rest(TableRefPtr& left) {
  const Level level(*this);
  const bool natural = at("NATURAL");
  const bool sided = at("LEFT") || at("RIGHT");
  if (!natural && !sided && !at("JOIN") && !at("INNER") && !at("CROSS") && !at("STRAIGHT_JOIN")) return std::nullopt;
  auto join = std::make_unique<TableRef>();
  join->kind = TableRef::Kind::kJoin;
  join->is_natural = accept("NATURAL");
  if (at("LEFT") || at("RIGHT")) {
    join->join = at("LEFT") ? JoinKind::kLeft : JoinKind::kRight;
    ++next_;
    accept("OUTER");
    expect("JOIN");
  } else if (!accept("STRAIGHT_JOIN")) {
    natural ? accept("INNER") : accept_any(Word("INNER"), Word("CROSS"));
    expect("JOIN");
  }
  join->left = std::move(left);
  join->right = table_factor();
  if (natural) return join;
  const bool needs_condition = join->join != JoinKind::kInner;
  for (std::uint32_t count = 0; needs_condition && !at("ON") && !at("USING"); ++count) {
    auto inner = join_rest(join->right);
    if (!inner) fail();
    if (count == kHighest) fail_too_deep();
    join->right = std::move(*inner);
  }
  join_condition(*join);
  return join;
}

TableRefPtr Grammar::table_factor() {
  const Level level(*this);
  if (at("LATERAL")) {
    ++next_;
    if (!at_sign("(")) fail();
    return derived_table(/*lateral=*/true);
  }
  if (!at_sign("(")) return plain_table();
  // A derived table, or parentheses around joins: what stands behind the innermost query tells them apart.
  std::size_t depth = 0;
  while (at_sign("(", depth)) ++depth;
  bool derived = at_query(depth);
  for (std::size_t open = depth; derived && open-- > 1;) {
    const std::size_t behind = after_match(open);
    derived = at_sign(")", behind) || at_set_operator(behind) || at("ORDER", behind) || at("LIMIT", behind);
  }
  if (derived) return derived_table(/*lateral=*/false);
  expect_sign("(");
  TableRefPtr inside = joined_table();
  while (accept_sign(",")) {  // (a, b) is a cross join
    auto join = std::make_unique<TableRef>();
    join->kind = TableRef::Kind::kJoin;
    join->left = std::move(inside);
    join->right = joined_table();
    inside = std::move(join);
  }
  expect_sign(")");
  return inside;
}

TableRefPtr Grammar::derived_table(bool lateral) {
  auto table = std::make_unique<TableRef>();
  table->kind = TableRef::Kind::kDerived;
  table->is_lateral = lateral;
  expect_sign("(");
  table->query = query();
  expect_sign(")");
  table_alias(*table);
  if (!table->has_alias) throw MysqlError{1248, "Every derived table must have its own alias"};
  if (accept_sign("(")) {
    table->columns = name_list();
    expect_sign(")");
  }
  return table;
}

TableRefPtr Grammar::plain_table() {
  auto table = std::make_unique<TableRef>();
  TableName name = table_name();
  table->database = std::move(name.database);
  table->name = std::move(name.name);
  if (accept("PARTITION")) {
    expect_sign("(");
    name_list();
    expect_sign(")");
  }
  table->alias = table->name;
  table_alias(*table);
  index_hints();
  return table;
}

void Grammar::table_alias(TableRef& table) {
  const bool as = accept("AS");
  if (!as && !at_name()) return;
  table.alias = name();
  table.has_alias = true;
}

void Grammar::index_hints() {
  while (accept_any(Word("USE"), Word("FORCE"), Word("IGNORE"))) {
    if (!accept_any(Word("INDEX"), Word("KEY"))) fail();
    if (accept("FOR")) {
      if (!accept("JOIN")) {
        if (!accept_any(Word("ORDER"), Word("GROUP"))) fail();
        expect("BY");
      }
    }
    expect_sign("(");
    while (!at_sign(")")) {
      if (!accept("PRIMARY")) name();
      if (!accept_sign(",")) break;
    }
    expect_sign(")");
  }
}

}  // namespace intercodesql::mysql
