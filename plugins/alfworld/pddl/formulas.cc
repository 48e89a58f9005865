#include "pddl/formulas.h"

#include <string>

namespace alfworld::pddl {
namespace {

// The parts of a form of fixed length: (when condition effect) has three.
std::vector<Expression> parts(Expression expression, std::size_t count, const char* form) {
  std::vector<Expression> items = expression.items();
  if (items.size() != count) expression.fail(std::string("expected ") + form);
  return items;
}

ConditionKind dual(ConditionKind kind) {
  switch (kind) {
    case ConditionKind::kAnd:
      return ConditionKind::kOr;
    case ConditionKind::kOr:
      return ConditionKind::kAnd;
    case ConditionKind::kExists:
      return ConditionKind::kForall;
    default:
      return ConditionKind::kExists;
  }
}

}  // namespace

void FormulaReader::declare(Expression list) {
  static_cast<void>(open_scope(list));
}

Condition FormulaReader::condition(Expression expression, bool negated) {
  if (!expression.is_list()) expression.fail("expected a condition, found a name");
  if (expression.begin() == expression.end()) {
    Condition always;
    if (negated) always.kind = ConditionKind::kOr;
    return always;
  }
  const std::string_view head = (*expression.begin()).symbol();
  if (head == "and") return junction(ConditionKind::kAnd, expression, negated);
  if (head == "or") return junction(ConditionKind::kOr, expression, negated);
  if (head == "not") return condition(parts(expression, 2, "(not condition)")[1], !negated);
  if (head == "imply") return implication(expression, negated);
  if (head == "exists") return quantified(ConditionKind::kExists, expression, negated);
  if (head == "forall") return quantified(ConditionKind::kForall, expression, negated);
  Condition literal;
  literal.negated = negated;
  if (head == "=") {
    static_cast<void>(parts(expression, 3, "(= term term)"));
    literal.kind = ConditionKind::kEqual;
  } else {
    literal.kind = ConditionKind::kAtom;
    literal.predicate = names_.predicate(expression);
  }
  literal.terms = terms(expression);
  return literal;
}

Condition FormulaReader::junction(ConditionKind kind, Expression expression, bool negated) {
  Condition junction;
  junction.kind = negated ? dual(kind) : kind;
  auto it = expression.begin();
  for (++it; it != expression.end(); ++it) junction.parts.push_back(condition(*it, negated));
  return junction;
}

Condition FormulaReader::implication(Expression expression, bool negated) {
  const auto items = parts(expression, 3, "(imply condition condition)");
  Condition either;
  either.kind = negated ? ConditionKind::kAnd : ConditionKind::kOr;
  either.parts.push_back(condition(items[1], !negated));
  either.parts.push_back(condition(items[2], negated));
  return either;
}

Condition FormulaReader::quantified(ConditionKind kind, Expression expression, bool negated) {
  const auto items = parts(expression, 3, "(exists (variables) condition)");
  Condition quantified;
  quantified.kind = negated ? dual(kind) : kind;
  quantified.variables = open_scope(items[1]);
  quantified.parts.push_back(condition(items[2], negated));
  close_scope(quantified.variables.size());
  return quantified;
}

std::vector<Effect> FormulaReader::effects(Expression expression) {
  std::vector<Effect> out;
  effects(expression, Effect{}, out);
  return out;
}

void FormulaReader::effects(Expression expression, const Effect& outer, std::vector<Effect>& out) {
  if (!expression.is_list()) expression.fail("expected an effect, found a name");
  if (expression.begin() == expression.end()) return;
  const std::string_view head = (*expression.begin()).symbol();
  if (head == "increase") return;
  if (head == "and") {
    auto it = expression.begin();
    for (++it; it != expression.end(); ++it) effects(*it, outer, out);
    return;
  }
  Effect effect = outer;
  if (head == "when") {
    const auto items = parts(expression, 3, "(when condition effect)");
    effect.when.parts.push_back(condition(items[1]));
    effects(items[2], effect, out);
    return;
  }
  if (head == "forall") {
    const auto items = parts(expression, 3, "(forall (variables) effect)");
    const auto opened = open_scope(items[1]);
    effect.variables.insert(effect.variables.end(), opened.begin(), opened.end());
    effects(items[2], effect, out);
    close_scope(opened.size());
    return;
  }
  Expression atom = expression;
  if (head == "not") {
    atom = parts(expression, 2, "(not atom)")[1];
    effect.adds = false;
  }
  effect.predicate = names_.predicate(atom);
  effect.terms = terms(atom);
  out.push_back(std::move(effect));
}

std::vector<Term> FormulaReader::terms(Expression atom) {
  std::vector<Term> terms;
  auto it = atom.begin();
  for (++it; it != atom.end(); ++it) {
    const Expression item = *it;
    if (item.symbol().empty() || item.symbol().front() != '?') {
      terms.push_back({false, names_.object_or_new(item)});
      continue;
    }
    auto inner = scope_.rbegin();
    while (inner != scope_.rend() && variables_[*inner].name != item.symbol().substr(1)) ++inner;
    if (inner == scope_.rend()) item.fail("unknown variable " + excerpt(item.symbol()));
    terms.push_back({true, *inner});
  }
  return terms;
}

std::vector<std::uint32_t> FormulaReader::open_scope(Expression list) {
  std::vector<std::uint32_t> opened;
  for (Variable& variable : names_.variables(list)) {
    opened.push_back(static_cast<std::uint32_t>(variables_.size()));
    variables_.push_back(std::move(variable));
  }
  if (variables_.size() > kMaxVariables) {
    list.fail("more than " + std::to_string(kMaxVariables) + " variables in one action or goal are not supported");
  }
  scope_.insert(scope_.end(), opened.begin(), opened.end());
  return opened;
}

void FormulaReader::close_scope(std::size_t count) {
  scope_.resize(scope_.size() - count);
}

}  // namespace alfworld::pddl
