// Literals, names, parentheses, subqueries, CASE.
#include <algorithm>

#include "mysql/grammar.h"

namespace intercodesql::mysql {
namespace {

constexpr std::string_view kCharacterSets[] = {"_utf8mb4", "_utf8", "_utf8mb3", "_latin1", "_ascii",
                                               "_binary",  "_ucs2", "_utf16",   "_utf32"};

bool is_introducer(const Token& token) {
  if (token.kind != TokenKind::kName || token.text.empty() || token.text.front() != '_') return false;
  std::string lower = token.text;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
  return std::find(std::begin(kCharacterSets), std::end(kCharacterSets), lower) != std::end(kCharacterSets);
}

}  // namespace

ExprPtr Grammar::operand() {
  switch (token().kind) {
    case TokenKind::kInteger:
      return literal(ExprKind::kInteger);
    case TokenKind::kDecimal:
      return literal(ExprKind::kDecimal);
    case TokenKind::kFloat:
      return literal(ExprKind::kFloat);
    case TokenKind::kBytes:
      return literal(ExprKind::kBytes);
    case TokenKind::kString:
      return string_literal();
    case TokenKind::kVariable:
    case TokenKind::kSystemVariable:
      return variable();
    case TokenKind::kQuotedName:
      return at_function() ? function() : column();
    case TokenKind::kName:
      return keyword_operand();
    case TokenKind::kSign:
      break;
    case TokenKind::kBad:
    case TokenKind::kEnd:
      fail();
  }
  if (at_sign("(")) return parenthesized();
  if (at_sign("{") && token(1).kind == TokenKind::kName) {
    next_ += 2;  // {d '2010-01-01'}: the ODBC form of its inside
    ExprPtr inside = expression();
    expect_sign("}");
    return inside;
  }
  fail();
}

ExprPtr Grammar::literal(ExprKind kind) {
  ExprPtr expr = make(kind, token().begin);
  expr->text = tokens_[next_++].text;
  return finish(std::move(expr));
}

ExprPtr Grammar::string_literal() {
  ExprPtr expr = make(ExprKind::kString, token().begin);
  expr->text = string_text();
  return finish(std::move(expr));
}

ExprPtr Grammar::variable() {
  const bool system = token().kind == TokenKind::kSystemVariable;
  ExprPtr expr = make(system ? ExprKind::kSystemVariable : ExprKind::kVariable, token().begin);
  expr->name = tokens_[next_++].text;
  if (system) {
    for (char& c : expr->name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
    for (const std::string_view scope : {"global.", "session.", "local.", "persist."}) {
      if (expr->name.starts_with(scope)) expr->name.erase(0, scope.size());
    }
  } else if (accept_sign(":=")) {
    expr->args.push_back(expression());
  }
  return finish(std::move(expr));
}

ExprPtr Grammar::parenthesized() {
  const Level level(*this);
  const std::size_t begin = token().begin;
  if (at_query(1)) return subquery(ExprKind::kSubquery);
  ++next_;
  ExprPtr first = expression();
  if (first->kind == ExprKind::kSubquery && (at_set_operator() || at("ORDER") || at("LIMIT"))) {
    first->query = rest_of_query(std::move(first->query));
  }
  if (accept_sign(")")) return first;
  if (!at_sign(",")) fail();
  ExprPtr row = make(ExprKind::kRow, begin);
  row->args.push_back(std::move(first));
  while (accept_sign(",")) row->args.push_back(expression());
  expect_sign(")");
  return finish(std::move(row));
}

ExprPtr Grammar::subquery(ExprKind kind) {
  const Level level(*this);
  ExprPtr expr = make(kind, token().begin);
  expect_sign("(");
  if (!at_query() && !at_sign("(")) fail();
  expr->query = query();
  expect_sign(")");
  return finish(std::move(expr));
}

ExprPtr Grammar::column() {
  ExprPtr expr = make(ExprKind::kColumn, token().begin);
  expr->name = name();
  if (at_sign(".") && token(1).kind != TokenKind::kSign) {
    ++next_;
    expr->table = std::exchange(expr->name, name());
    if (accept_sign(".")) {
      expr->database = std::exchange(expr->table, expr->name);
      expr->name = name();
    }
  }
  if (at_sign("->") || at_sign("->>")) {
    ExprPtr extract = make(ExprKind::kFunction, expr->begin);
    extract->name = at_sign("->>") ? "JSON_UNQUOTE_EXTRACT" : "JSON_EXTRACT";
    ++next_;
    extract->args.push_back(finish(std::move(expr)));
    if (token().kind != TokenKind::kString) fail();
    extract->args.push_back(string_literal());
    return finish(std::move(extract));
  }
  return finish(std::move(expr));
}

ExprPtr Grammar::keyword_operand() {
  if (is_introducer(token()) && token(1).kind == TokenKind::kString) {
    ++next_;
    return string_literal();
  }
  if (at("NULL") || at("TRUE") || at("FALSE")) {
    ExprPtr expr = make(at("NULL") ? ExprKind::kNull : ExprKind::kBoolean, token().begin);
    expr->text.assign(1, at("TRUE") ? '1' : '0');
    ++next_;
    return finish(std::move(expr));
  }
  if ((at("DATE") || at("TIME") || at("TIMESTAMP")) && token(1).kind == TokenKind::kString) return temporal_literal();
  if (at("EXISTS")) {
    ++next_;
    return subquery(ExprKind::kExists);
  }
  if (at("CASE")) return case_expression();
  if (at("MATCH")) return match_against();
  if (at("ROW")) {
    ExprPtr row = make(ExprKind::kRow, token().begin);
    ++next_;
    expect_sign("(");
    row->args.push_back(expression());
    if (!at_sign(",")) fail();
    while (accept_sign(",")) row->args.push_back(expression());
    expect_sign(")");
    return finish(std::move(row));
  }
  if (at("INTERVAL") && !at_sign("(", 1)) {
    ExprPtr sum = make(ExprKind::kIntervalAdd, token().begin);
    sum->op = Op::kAdd;
    ++next_;
    ExprPtr amount = expression();
    sum->unit = interval_unit();
    expect_sign("+");
    sum->args.push_back(expression());
    sum->args.push_back(std::move(amount));
    return finish(std::move(sum));
  }
  return at_function() ? function() : column();
}

ExprPtr Grammar::temporal_literal() {
  ExprPtr expr = make(ExprKind::kTemporal, token().begin);
  expr->name = token().word.text();
  ++next_;
  expr->text = string_text();
  return finish(std::move(expr));
}

ExprPtr Grammar::case_expression() {
  const Level level(*this);
  ExprPtr expr = make(ExprKind::kCase, token().begin);
  expect("CASE");
  expr->is_simple = !at("WHEN");
  if (expr->is_simple) expr->args.push_back(expression());
  if (!at("WHEN")) fail();
  while (accept("WHEN")) {
    expr->args.push_back(expression());
    expect("THEN");
    expr->args.push_back(expression());
  }
  expr->has_else = accept("ELSE");
  if (expr->has_else) expr->args.push_back(expression());
  expect("END");
  return finish(std::move(expr));
}

ExprPtr Grammar::match_against() {
  ExprPtr match = make(ExprKind::kFunction, token().begin);
  match->name = "MATCH";
  expect("MATCH");
  const bool bracketed = accept_sign("(");
  do {
    match->args.push_back(column());
  } while (accept_sign(","));
  if (bracketed) expect_sign(")");
  expect("AGAINST");
  expect_sign("(");
  match->args.push_back(bit_expression(1));
  if (accept("IN")) {
    if (accept("BOOLEAN")) {
      expect("MODE");
    } else {
      expect("NATURAL");
      expect("LANGUAGE");
      expect("MODE");
    }
  }
  if (accept("WITH")) {
    expect("QUERY");
    expect("EXPANSION");
  }
  expect_sign(")");
  return finish(std::move(match));
}

}  // namespace intercodesql::mysql
