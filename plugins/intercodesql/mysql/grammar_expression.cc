// Operators, from OR down to unary minus. Precedence: MySQL 8's "expr", "bool_pri", "predicate", "bit_expr",
// "simple_expr".
#include "mysql/grammar.h"

namespace intercodesql::mysql {
namespace {

struct BinaryOperator {
  std::string_view sign;
  Op op;
  int precedence;
};

constexpr BinaryOperator kBitOperators[] = {
    {"|", Op::kBitOr, 1},  {"&", Op::kBitAnd, 2},   {"<<", Op::kShiftLeft, 3}, {">>", Op::kShiftRight, 3},
    {"+", Op::kAdd, 4},    {"-", Op::kSubtract, 4}, {"*", Op::kMultiply, 5},   {"/", Op::kDivide, 5},
    {"%", Op::kModulo, 5}, {"^", Op::kBitXor, 6},
};
constexpr int kTimes = 5;

struct Comparison {
  std::string_view sign;
  Op op;
};
constexpr Comparison kComparisons[] = {
    {"=", Op::kEqual}, {"<=>", Op::kNullSafeEqual}, {"<>", Op::kNotEqual}, {"!=", Op::kNotEqual},
    {"<", Op::kLess},  {"<=", Op::kLessEqual},      {">", Op::kGreater},   {">=", Op::kGreaterEqual},
};

Op comparison_of(const Token& token) {
  if (token.kind != TokenKind::kSign) return Op::kNone;
  for (const Comparison& comparison : kComparisons) {
    if (token.text == comparison.sign) return comparison.op;
  }
  return Op::kNone;
}

const BinaryOperator* bit_operator_of(const Token& token) {
  static constexpr BinaryOperator kDiv = {"DIV", Op::kIntegerDivide, kTimes};
  static constexpr BinaryOperator kMod = {"MOD", Op::kModulo, kTimes};
  if (token.kind == TokenKind::kName && token.word == Word("DIV")) return &kDiv;
  if (token.kind == TokenKind::kName && token.word == Word("MOD")) return &kMod;
  if (token.kind != TokenKind::kSign) return nullptr;
  for (const BinaryOperator& candidate : kBitOperators) {
    if (token.text == candidate.sign) return &candidate;
  }
  return nullptr;
}

}  // namespace

ExprPtr Grammar::make(ExprKind kind, std::size_t begin) {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->number = expressions_++;
  expr->begin = begin;
  return expr;
}

ExprPtr Grammar::finish(ExprPtr expr) {
  expr->end = previous_end();
  for (const ExprPtr& arg : expr->args) expr->height = std::max(expr->height, arg->height + 1);
  if (expr->height > kHighest) fail_too_deep();
  return expr;
}

ExprPtr Grammar::expression() {
  const Level level(*this);
  ExprPtr first = xor_expression();
  if (!at("OR") && !at_sign("||")) return first;
  ExprPtr all = make(ExprKind::kOr, first->begin);
  all->args.push_back(std::move(first));
  while (accept("OR") || accept_sign("||")) all->args.push_back(xor_expression());
  return finish(std::move(all));
}

ExprPtr Grammar::xor_expression() {
  ExprPtr first = and_expression();
  if (!at("XOR")) return first;
  ExprPtr all = make(ExprKind::kXor, first->begin);
  all->args.push_back(std::move(first));
  while (accept("XOR")) all->args.push_back(and_expression());
  return finish(std::move(all));
}

ExprPtr Grammar::and_expression() {
  ExprPtr first = not_expression();
  if (!at("AND") && !at_sign("&&")) return first;
  ExprPtr all = make(ExprKind::kAnd, first->begin);
  all->args.push_back(std::move(first));
  while (accept("AND") || accept_sign("&&")) all->args.push_back(not_expression());
  return finish(std::move(all));
}

ExprPtr Grammar::not_expression() {
  if (!at("NOT")) return comparison();
  const Level level(*this);
  ExprPtr negation = make(ExprKind::kNot, token().begin);
  ++next_;
  negation->args.push_back(not_expression());
  return finish(std::move(negation));
}

ExprPtr Grammar::comparison() {
  ExprPtr left = predicate();
  while (true) {
    if (accept("IS")) {
      left = is_test(std::move(left));
      if (left->kind == ExprKind::kIsTrue) return left;
      continue;
    }
    const Op op = comparison_of(token());
    if (op == Op::kNone) return left;
    ++next_;
    const bool quantified = (at("ANY") || at("SOME") || at("ALL")) && at_sign("(", 1) && op != Op::kNullSafeEqual;
    ExprPtr compare = make(quantified ? ExprKind::kQuantified : ExprKind::kCompare, left->begin);
    compare->op = op;
    compare->args.push_back(std::move(left));
    if (quantified) {
      compare->is_all = at("ALL");
      ++next_;
      expect_sign("(");
      if (!at_query() && !at_sign("(")) fail();
      compare->query = query();
      expect_sign(")");
    } else {
      compare->args.push_back(predicate());
    }
    left = finish(std::move(compare));
  }
}

ExprPtr Grammar::is_test(ExprPtr operand) {
  const bool negated = accept("NOT");
  const bool is_null = at("NULL");
  ExprPtr test = make(is_null ? ExprKind::kIsNull : ExprKind::kIsTrue, operand->begin);
  test->is_negated = negated;
  test->op = at("TRUE") ? Op::kTrue : at("FALSE") ? Op::kFalse : at("UNKNOWN") ? Op::kUnknown : Op::kNone;
  if (!is_null && test->op == Op::kNone) fail();
  ++next_;
  test->args.push_back(std::move(operand));
  return finish(std::move(test));
}

ExprPtr Grammar::predicate() {
  ExprPtr operand = bit_expression(1);
  const bool negated = accept("NOT");
  if (accept("IN")) return in_predicate(std::move(operand), negated);
  if (accept("BETWEEN")) {
    ExprPtr between = make(ExprKind::kBetween, operand->begin);
    between->is_negated = negated;
    between->args.push_back(std::move(operand));
    between->args.push_back(bit_expression(1));
    expect("AND");
    between->args.push_back(predicate());
    return finish(std::move(between));
  }
  if (accept("LIKE")) {
    ExprPtr like = make(ExprKind::kLike, operand->begin);
    like->is_negated = negated;
    like->args.push_back(std::move(operand));
    like->args.push_back(simple_expression());
    if (accept("ESCAPE")) like->args.push_back(simple_expression());
    return finish(std::move(like));
  }
  if (accept_any(Word("REGEXP"), Word("RLIKE"))) {
    ExprPtr regexp = make(ExprKind::kRegexp, operand->begin);
    regexp->is_negated = negated;
    regexp->args.push_back(std::move(operand));
    regexp->args.push_back(bit_expression(1));
    return finish(std::move(regexp));
  }
  if (negated) fail();
  if (accept("SOUNDS")) {
    expect("LIKE");
    const std::size_t begin = operand->begin;
    ExprPtr compare = make(ExprKind::kCompare, begin);
    compare->op = Op::kEqual;
    for (int side = 0; side < 2; ++side) {
      ExprPtr sound = make(ExprKind::kFunction, begin);
      sound->name = "SOUNDEX";
      sound->args.push_back(side == 0 ? std::move(operand) : bit_expression(1));
      compare->args.push_back(finish(std::move(sound)));
    }
    return finish(std::move(compare));
  }
  return operand;
}

ExprPtr Grammar::in_predicate(ExprPtr operand, bool negated) {
  expect_sign("(");
  const Level level(*this);
  const bool over_query = at_query() || (at_sign("(") && at_query(1) && [&] {
                            const std::size_t behind = after_match(0);
                            return at_sign(")", behind) || at_set_operator(behind);
                          }());
  ExprPtr in = make(over_query ? ExprKind::kInQuery : ExprKind::kInList, operand->begin);
  in->is_negated = negated;
  in->args.push_back(std::move(operand));
  if (over_query) {
    in->query = query();
  } else {
    do {
      in->args.push_back(expression());
    } while (accept_sign(","));
  }
  expect_sign(")");
  return finish(std::move(in));
}

ExprPtr Grammar::bit_expression(int lowest_precedence) {
  ExprPtr left = simple_expression();
  while (const BinaryOperator* found = bit_operator_of(token())) {
    if (found->precedence < lowest_precedence) break;
    ++next_;
    const bool additive = found->op == Op::kAdd || found->op == Op::kSubtract;
    const bool interval = additive && at("INTERVAL") && !at_sign("(", 1);
    ExprPtr binary = make(interval ? ExprKind::kIntervalAdd : ExprKind::kArithmetic, left->begin);
    binary->op = found->op;
    binary->args.push_back(std::move(left));
    if (interval) {
      ++next_;
      binary->args.push_back(expression());
      binary->unit = interval_unit();
    } else {
      binary->args.push_back(bit_expression(found->precedence + 1));
    }
    left = finish(std::move(binary));
  }
  return left;
}

ExprPtr Grammar::prefixed(ExprKind kind) {
  const Level level(*this);
  ExprPtr expr = make(kind, token().begin);
  ++next_;
  expr->args.push_back(simple_expression());
  return finish(std::move(expr));
}

ExprPtr Grammar::simple_expression() {
  if (at_sign("-")) return prefixed(ExprKind::kNegate);
  if (at_sign("+")) return prefixed(ExprKind::kPlus);
  if (at_sign("~")) return prefixed(ExprKind::kInvert);
  if (at_sign("!")) return prefixed(ExprKind::kNot);
  if (at("BINARY")) return prefixed(ExprKind::kBinary);
  ExprPtr expr = operand();
  while (accept("COLLATE")) {
    ExprPtr collate = make(ExprKind::kCollate, expr->begin);
    collate->name = token().kind == TokenKind::kString ? string_text() : accept("BINARY") ? "binary" : name();
    collate->args.push_back(std::move(expr));
    expr = finish(std::move(collate));
  }
  return expr;
}

std::vector<ExprPtr> Grammar::expression_list() {
  std::vector<ExprPtr> list;
  do {
    list.push_back(expression());
  } while (accept_sign(","));
  return list;
}

OrderItem Grammar::order_item() {
  OrderItem item;
  item.expr = expression();
  item.descending = at("DESC");
  accept_any(Word("ASC"), Word("DESC"));
  return item;
}

std::vector<OrderItem> Grammar::order_list() {
  std::vector<OrderItem> items;
  do {
    items.push_back(order_item());
  } while (accept_sign(","));
  return items;
}

}  // namespace intercodesql::mysql
