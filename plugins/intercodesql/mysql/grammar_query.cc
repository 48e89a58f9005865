// SELECT, set operations, WITH, ORDER BY and LIMIT.
#include "mysql/grammar.h"

namespace intercodesql::mysql {

bool Grammar::at_query(std::size_t ahead) const {
  return at("SELECT", ahead) || at("WITH", ahead) || (at("VALUES", ahead) && at("ROW", ahead + 1)) ||
         at("TABLE", ahead);
}

bool Grammar::at_set_operator(std::size_t ahead) const {
  return at("UNION", ahead) || at("INTERSECT", ahead) || at("EXCEPT", ahead);
}

QueryPtr Grammar::query() {
  const Level level(*this);
  Query with;
  if (at("WITH")) with_clause(with);
  QueryPtr body = query_body(query_primary());
  query_tail(body);
  body->with = std::move(with.with);
  body->is_recursive = with.is_recursive;
  return body;
}

QueryPtr Grammar::rest_of_query(QueryPtr primary) {
  QueryPtr body = query_body(std::move(primary));
  query_tail(body);
  return body;
}

// UNION and EXCEPT from left to right, INTERSECT before them.
QueryPtr Grammar::query_body(QueryPtr first) {
  QueryPtr left = query_term(std::move(first));
  for (std::uint32_t count = 0; at("UNION") || at("EXCEPT"); ++count) {
    if (count == kHighest) fail_too_deep();
    auto operation = std::make_unique<SetOperation>();
    operation->op = at("UNION") ? SetOp::kUnion : SetOp::kExcept;
    ++next_;
    operation->is_distinct = !accept("ALL");
    if (operation->is_distinct) accept("DISTINCT");
    operation->left = std::move(left);
    operation->right = query_term(query_primary());
    left = std::make_unique<Query>();
    left->set = std::move(operation);
  }
  return left;
}

QueryPtr Grammar::query_term(QueryPtr first) {
  QueryPtr left = std::move(first);
  for (std::uint32_t count = 0; at("INTERSECT"); ++count) {
    if (count == kHighest) fail_too_deep();
    auto operation = std::make_unique<SetOperation>();
    operation->op = SetOp::kIntersect;
    ++next_;
    operation->is_distinct = !accept("ALL");
    if (operation->is_distinct) accept("DISTINCT");
    operation->left = std::move(left);
    operation->right = query_primary();
    left = std::make_unique<Query>();
    left->set = std::move(operation);
  }
  return left;
}

QueryPtr Grammar::query_primary() {
  const Level level(*this);
  if (accept_sign("(")) {
    if (!at_query() && !at_sign("(")) fail();
    QueryPtr inside = query();
    expect_sign(")");
    return inside;
  }
  auto result = std::make_unique<Query>();
  if (accept("VALUES")) {
    do {
      expect("ROW");
      expect_sign("(");
      result->value_rows.push_back(expression_list());
      expect_sign(")");
    } while (accept_sign(","));
    return result;
  }
  if (at("TABLE")) {
    ++next_;
    result->select = std::make_unique<Select>();
    result->select->items.emplace_back().kind = SelectItem::Kind::kStar;
    result->select->from.push_back(plain_table());
    return result;
  }
  if (!at("SELECT")) fail();
  result->select = select();
  if (at("INTO")) into_clause(*result);
  return result;
}

// ORDER BY, LIMIT and locks behind a body. A parenthesized query that has its own is put inside another one.
void Grammar::query_tail(QueryPtr& body) {
  if (!at("ORDER") && !at("LIMIT") && !at("FOR") && !at("LOCK") && !at("INTO")) return;
  if (!body->order_by.empty() || body->limit || !body->with.empty()) {
    auto outer = std::make_unique<Query>();
    outer->nested = std::move(body);
    body = std::move(outer);
  }
  if (accept("ORDER")) {
    expect("BY");
    body->order_by = order_list();
  }
  if (accept("LIMIT")) body->limit = limit();
  if (at("INTO")) into_clause(*body);
  locking_clauses();
  if (at("INTO")) into_clause(*body);
}

void Grammar::into_clause(Query& target) {
  expect("INTO");
  if (accept_any(Word("OUTFILE"), Word("DUMPFILE"))) {
    target.into = Query::Into::kFile;
    string_text();
    if (at("FIELDS") || at("COLUMNS") || at("LINES") || at("CHARACTER")) skip_to_end();
    return;
  }
  target.into = Query::Into::kVariables;
  do {
    if (token().kind != TokenKind::kVariable) fail();
    ++next_;
  } while (accept_sign(","));
}

void Grammar::locking_clauses() {
  while (at("FOR") || at("LOCK")) {
    if (accept("LOCK")) {
      expect("IN");
      expect("SHARE");
      expect("MODE");
      return;
    }
    expect("FOR");
    if (!accept_any(Word("UPDATE"), Word("SHARE"))) fail();
    if (accept("OF")) name_list();
    if (accept("SKIP")) {
      expect("LOCKED");
    } else {
      accept("NOWAIT");
    }
  }
}

void Grammar::with_clause(Query& target) {
  expect("WITH");
  target.is_recursive = accept("RECURSIVE");
  do {
    CommonTable table;
    table.name = name();
    if (accept_sign("(")) {
      table.columns = name_list();
      expect_sign(")");
    }
    expect("AS");
    expect_sign("(");
    if (!at_query() && !at_sign("(")) fail();
    table.query = query();
    expect_sign(")");
    target.with.push_back(std::move(table));
  } while (accept_sign(","));
}

std::unique_ptr<Select> Grammar::select() {
  auto block = std::make_unique<Select>();
  expect("SELECT");
  while (true) {
    if (accept_any(Word("DISTINCT"), Word("DISTINCTROW"))) {
      block->is_distinct = true;
    } else if (!accept_any(Word("ALL"), Word("HIGH_PRIORITY"), Word("STRAIGHT_JOIN"), Word("SQL_SMALL_RESULT"),
                           Word("SQL_BIG_RESULT"), Word("SQL_BUFFER_RESULT"), Word("SQL_NO_CACHE"),
                           Word("SQL_CALC_FOUND_ROWS"))) {
      break;
    }
  }
  if (accept_sign("*")) {
    block->items.emplace_back().kind = SelectItem::Kind::kStar;
  } else {
    block->items.push_back(select_item());
  }
  while (accept_sign(",")) block->items.push_back(select_item());
  if (at("INTO") && token(1).kind == TokenKind::kVariable) return block;
  if (accept("FROM") && !accept("DUAL")) block->from = table_list();
  if (accept("WHERE")) block->where = expression();
  if (accept("GROUP")) {
    expect("BY");
    block->group_by = expression_list();
    if (accept("WITH")) {
      expect("ROLLUP");
      block->with_rollup = true;
    }
  }
  if (accept("HAVING")) block->having = expression();
  if (accept("WINDOW")) {
    do {
      NamedWindow window;
      window.name = name();
      expect("AS");
      window.window = std::move(*window_specification());
      block->windows.push_back(std::move(window));
    } while (accept_sign(","));
  }
  return block;
}

SelectItem Grammar::select_item() {
  SelectItem item;
  const bool qualified_star =
      at_name() && at_sign(".", 1) && (at_sign("*", 2) || (at_sign(".", 3) && at_sign("*", 4) && !at_sign("*", 2)));
  if (qualified_star) {
    item.kind = SelectItem::Kind::kTableStar;
    item.table = name();
    expect_sign(".");
    if (!at_sign("*")) {
      item.database = std::exchange(item.table, name());
      expect_sign(".");
    }
    expect_sign("*");
    return item;
  }
  item.expr = expression();
  if (accept("AS")) {
    item.alias = token().kind == TokenKind::kString ? string_text() : name();
  } else if (at_name()) {
    item.alias = name();
  } else if (token().kind == TokenKind::kString) {
    item.alias = string_text();
  }
  if (!item.alias.empty()) {
    item.name = item.alias;
  } else if (item.expr->kind == ExprKind::kColumn) {
    item.name = item.expr->name;
  } else if (item.expr->kind == ExprKind::kString) {
    item.name = item.expr->text;
  } else {
    item.name = std::string(text_.substr(item.expr->begin, item.expr->end - item.expr->begin));
  }
  return item;
}

Limit Grammar::limit() {
  Limit result;
  result.count = unsigned_number();
  if (accept_sign(",")) {
    result.offset = std::exchange(result.count, unsigned_number());
  } else if (accept("OFFSET")) {
    result.offset = unsigned_number();
  }
  return result;
}

}  // namespace intercodesql::mysql
