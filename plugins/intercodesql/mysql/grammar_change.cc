// INSERT, REPLACE, UPDATE, DELETE.
#include "mysql/grammar.h"

namespace intercodesql::mysql {

ExprPtr Grammar::value_or_default() {
  if (!at("DEFAULT") || at_sign("(", 1)) return expression();
  ExprPtr expr = make(ExprKind::kDefault, token().begin);
  ++next_;
  return finish(std::move(expr));
}

Assignment Grammar::assignment() {
  Assignment result;
  result.column = column();
  if (result.column->kind != ExprKind::kColumn) fail();
  if (!accept_sign(":=")) expect_sign("=");
  result.value = value_or_default();
  return result;
}

Command Grammar::insert(bool replace) {
  Insert result;
  result.is_replace = replace;
  ++next_;
  accept_any(Word("LOW_PRIORITY"), Word("DELAYED"), Word("HIGH_PRIORITY"));
  if (!replace) result.is_ignore = accept("IGNORE");
  accept("INTO");
  result.table = table_name();
  if (accept("SET")) {
    result.rows.emplace_back();
    do {
      Assignment one = assignment();
      result.columns.push_back(one.column->name);
      result.rows.back().push_back(std::move(one.value));
    } while (accept_sign(","));
  } else {
    if (at_sign("(") && !at_query(1) && !at_sign("(", 1)) {
      expect_sign("(");
      while (!at_sign(")")) {
        ExprPtr one = column();
        if (one->kind != ExprKind::kColumn) fail();
        result.columns.push_back(one->name);
        if (!accept_sign(",")) break;
      }
      expect_sign(")");
    }
    if ((at("VALUES") || at("VALUE")) && !at("ROW", 1)) {
      ++next_;
      do {
        std::vector<ExprPtr>& row = result.rows.emplace_back();
        expect_sign("(");
        while (!at_sign(")")) {
          row.push_back(value_or_default());
          if (!accept_sign(",")) break;
        }
        expect_sign(")");
      } while (accept_sign(","));
    } else {
      if (!at_query() && !at_sign("(")) fail();
      result.query = query();
    }
  }
  if (accept("AS")) {
    name();
    if (accept_sign("(")) {
      name_list();
      expect_sign(")");
    }
  }
  if (!replace && accept("ON")) {
    expect("DUPLICATE");
    expect("KEY");
    expect("UPDATE");
    do {
      result.on_duplicate.push_back(assignment());
    } while (accept_sign(","));
  }
  return result;
}

Command Grammar::update() {
  Update result;
  expect("UPDATE");
  accept("LOW_PRIORITY");
  result.is_ignore = accept("IGNORE");
  result.tables = table_list();
  expect("SET");
  do {
    result.assignments.push_back(assignment());
  } while (accept_sign(","));
  if (accept("WHERE")) result.where = expression();
  if (accept("ORDER")) {
    expect("BY");
    result.order_by = order_list();
  }
  if (accept("LIMIT")) result.limit = Limit{unsigned_number(), 0};
  return result;
}

Command Grammar::delete_rows() {
  Delete result;
  expect("DELETE");
  while (accept_any(Word("LOW_PRIORITY"), Word("QUICK"), Word("IGNORE"))) continue;
  const auto target = [this] {
    TableName table = table_name();
    if (accept_sign(".")) expect_sign("*");
    return table;
  };
  if (!at("FROM")) {  // DELETE a, b FROM a JOIN b …
    do {
      result.targets.push_back(target());
    } while (accept_sign(","));
    expect("FROM");
    result.tables = table_list();
    if (accept("WHERE")) result.where = expression();
    return result;
  }
  expect("FROM");
  if (at_sign(",", 1) || at("USING", 1)) {  // DELETE FROM a, b USING a JOIN b …
    do {
      result.targets.push_back(target());
    } while (accept_sign(","));
    expect("USING");
    result.tables = table_list();
    if (accept("WHERE")) result.where = expression();
    return result;
  }
  result.tables.push_back(plain_table());
  if (accept("WHERE")) result.where = expression();
  if (accept("ORDER")) {
    expect("BY");
    result.order_by = order_list();
  }
  if (accept("LIMIT")) result.limit = Limit{unsigned_number(), 0};
  return result;
}

}  // namespace intercodesql::mysql
