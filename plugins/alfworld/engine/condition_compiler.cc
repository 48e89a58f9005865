#include "engine/condition_compiler.h"

#include <algorithm>
#include <bit>

namespace alfworld::engine {
namespace {

using pddl::Condition;
using pddl::ConditionKind;
using pddl::Variable;

// Alternatives at most before an `or` is tested instead of being taken apart.
constexpr std::size_t kMaxJoins = 64;

bool is_literal(const Condition& condition) {
  return condition.kind == ConditionKind::kAtom || condition.kind == ConditionKind::kEqual;
}

bool is_false(const Condition& condition) {
  return condition.kind == ConditionKind::kOr && condition.parts.empty();
}

bool is_true(const Condition& condition) {
  return condition.kind == ConditionKind::kAnd && condition.parts.empty();
}

Condition constant(bool value) {
  Condition condition;
  condition.kind = value ? ConditionKind::kAnd : ConditionKind::kOr;
  return condition;
}

Condition negation(Condition condition) {
  switch (condition.kind) {
    case ConditionKind::kAtom:
    case ConditionKind::kEqual:
      condition.negated = !condition.negated;
      break;
    case ConditionKind::kAnd:
      condition.kind = ConditionKind::kOr;
      break;
    case ConditionKind::kOr:
      condition.kind = ConditionKind::kAnd;
      break;
    case ConditionKind::kExists:
      condition.kind = ConditionKind::kForall;
      break;
    case ConditionKind::kForall:
      condition.kind = ConditionKind::kExists;
      break;
  }
  for (Condition& part : condition.parts) part = negation(std::move(part));
  return condition;
}

VariableSet bit(std::uint32_t variable) {
  return VariableSet{1} << variable;
}

VariableSet mentioned_variables(const Condition& condition) {
  VariableSet mentioned = 0;
  for (const pddl::Term& term : condition.terms) mentioned |= term.is_variable ? bit(term.index) : 0;
  for (const Condition& part : condition.parts) mentioned |= mentioned_variables(part);
  return mentioned;
}

VariableSet quantified_variables(const Condition& condition) {
  VariableSet quantified = 0;
  for (const std::uint32_t variable : condition.variables) quantified |= bit(variable);
  for (const Condition& part : condition.parts) quantified |= quantified_variables(part);
  return quantified;
}

// Quantified variables have numbers of their own: what a condition mentions and does not quantify is free in it.
VariableSet free_variables(const Condition& condition) {
  return mentioned_variables(condition) & ~quantified_variables(condition);
}

// A conjunction under construction.
struct Conjunction {
  std::vector<const Condition*> items;  // literals, `or`s and `forall`s
  VariableSet inner = 0;                // existential variables, which need a value only where an item asks for it
  bool is_false = false;

  void add(const Condition& condition) {
    switch (condition.kind) {
      case ConditionKind::kExists:
        for (const std::uint32_t variable : condition.variables) inner |= bit(variable);
        [[fallthrough]];
      case ConditionKind::kAnd:
        for (const Condition& part : condition.parts) add(part);
        return;
      default:
        is_false = is_false || alfworld::engine::is_false(condition);
        items.push_back(&condition);
    }
  }
};

// Orders the items of one conjunction into steps.
class JoinBuilder {
 public:
  JoinBuilder(const ConditionCompiler& compiler, const FactBase& base, const std::vector<Variable>& variables,
              VariableSet bound)
      : compiler_(compiler), base_(base), variables_(variables), bound_(bound) {}

  Join build(const Conjunction& conjunction, VariableSet wanted) {
    for (const Condition* item : conjunction.items) {
      if (is_literal(*item)) open_.push_back({item, free_variables(*item)});
    }
    for (const Condition* item : conjunction.items) {
      if (!is_literal(*item)) open_.push_back({item, free_variables(*item)});
    }
    while (true) {
      add_checks();
      const auto atom = best_atom();
      if (atom != open_.end()) {
        add_atoms(*atom->condition);
        open_.erase(atom);
      } else if (!bind_by_type(conjunction.inner, wanted)) {
        return std::move(join_);
      }
    }
  }

 private:
  struct Item {
    const Condition* condition;
    VariableSet free;
  };

  [[nodiscard]] bool is_bound(std::uint32_t variable) const { return (bound_ & bit(variable)) != 0; }

  [[nodiscard]] Operand operand(pddl::Term term) const {
    if (!term.is_variable) return {OperandKind::kConstant, term.index, pddl::kRootType};
    return {is_bound(term.index) ? OperandKind::kBound : OperandKind::kNew, term.index, variables_[term.index].type};
  }

  // Whatever is bound is tested as early as possible, single atoms first.
  void add_checks() {
    std::vector<Item> rest;
    for (const Item& item : open_) {
      if ((item.free & ~bound_) != 0) {
        rest.push_back(item);
        continue;
      }
      join_.steps.emplace_back().formula = compiler_.formula(*item.condition, variables_, bound_);
    }
    open_ = std::move(rest);
  }

  void add_atoms(const Condition& atom) {
    JoinStep& step = join_.steps.emplace_back();
    step.kind = StepKind::kAtoms;
    step.fact = atom.predicate;
    step.arity = static_cast<std::uint32_t>(atom.terms.size());
    for (std::size_t i = 0; i < atom.terms.size(); ++i) step.operands[i] = operand(atom.terms[i]);
    bound_ |= mentioned_variables(atom);
  }

  // How many atoms a lookup is expected to give. What is not connected to anything bound comes last, unless it is one
  // atom: its number grows with the game.
  [[nodiscard]] double cost(const Condition& atom) const {
    const FactInfo& info = base_.facts[atom.predicate];
    double expected = std::max(0.5, static_cast<double>(info.end - info.begin));
    bool is_connected = false;
    for (std::size_t i = 0; i < atom.terms.size(); ++i) {
      const pddl::Term term = atom.terms[i];
      if (term.is_variable && !is_bound(term.index)) continue;
      expected /= std::max(1U, info.different[i]);
      is_connected = is_connected || term.is_variable;
    }
    constexpr double kUnconnected = 1e9;
    return is_connected || expected <= 1 ? expected : expected + kUnconnected;
  }

  [[nodiscard]] std::vector<Item>::iterator best_atom() {
    auto best = open_.end();
    for (auto it = open_.begin(); it != open_.end(); ++it) {
      if (it->condition->kind != ConditionKind::kAtom || it->condition->negated) continue;
      if (best == open_.end() || cost(*it->condition) < cost(*best->condition)) best = it;
    }
    return best;
  }

  // Binds one variable to every object of its type: one that is wanted, or that an open item mentions.
  bool bind_by_type(VariableSet inner, VariableSet wanted) {
    VariableSet needed = wanted;
    for (const Item& item : open_) needed |= item.free & inner;
    needed &= ~bound_;
    if (needed == 0) return false;
    const auto variable = static_cast<std::uint32_t>(std::countr_zero(needed));
    JoinStep& step = join_.steps.emplace_back();
    step.kind = StepKind::kObjects;
    step.operands[0] = operand({true, variable});
    bound_ |= bit(variable);
    return true;
  }

  const ConditionCompiler& compiler_;
  const FactBase& base_;
  const std::vector<Variable>& variables_;
  VariableSet bound_;
  std::vector<Item> open_;
  Join join_;
};

// Variables that some positive atom of the condition, however deep, can bind.
VariableSet bindable_variables(const Condition& condition) {
  if (condition.kind == ConditionKind::kForall || condition.negated) return 0;
  VariableSet bindable = condition.kind == ConditionKind::kAtom ? mentioned_variables(condition) : 0;
  for (const Condition& part : condition.parts) bindable |= bindable_variables(part);
  return bindable;
}

// Takes apart those `or`s without which a variable would have to run over all objects of its type.
void split(const Conjunction& conjunction, VariableSet bound, VariableSet wanted, std::vector<Conjunction>& out) {
  if (conjunction.is_false) return;
  VariableSet reached = bound;
  for (const Condition* item : conjunction.items) {
    if (item->kind == ConditionKind::kAtom) reached |= bindable_variables(*item);
  }
  for (std::size_t i = 0; i < conjunction.items.size(); ++i) {
    const Condition& item = *conjunction.items[i];
    if (item.kind != ConditionKind::kOr || out.size() + item.parts.size() > kMaxJoins) continue;
    if ((bindable_variables(item) & (wanted | conjunction.inner) & ~reached) == 0) continue;
    for (const Condition& part : item.parts) {
      Conjunction next = conjunction;
      next.items.erase(next.items.begin() + static_cast<std::ptrdiff_t>(i));
      next.add(part);
      split(next, bound, wanted, out);
    }
    return;
  }
  out.push_back(conjunction);
}

}  // namespace

std::vector<Join> ConditionCompiler::joins(const Condition& condition, const std::vector<Variable>& variables,
                                           VariableSet bound, VariableSet wanted) const {
  const Condition simple = simplified(condition, variables);
  Conjunction whole;
  whole.add(simple);
  std::vector<Conjunction> conjunctions;
  split(whole, bound, wanted, conjunctions);
  std::vector<Join> joins;
  for (const Conjunction& conjunction : conjunctions) {
    joins.push_back(JoinBuilder(*this, base_, variables, bound).build(conjunction, wanted));
  }
  return joins;
}

Formula ConditionCompiler::formula(const Condition& condition, const std::vector<Variable>& variables,
                                   VariableSet bound) const {
  Formula formula;
  formula.negated = condition.negated;
  switch (condition.kind) {
    case ConditionKind::kAtom:
    case ConditionKind::kEqual:
      formula.kind = condition.kind == ConditionKind::kAtom ? FormulaKind::kAtom : FormulaKind::kEqual;
      formula.fact = condition.predicate;
      formula.arity = static_cast<std::uint32_t>(condition.terms.size());
      for (std::size_t i = 0; i < condition.terms.size(); ++i) {
        const pddl::Term term = condition.terms[i];
        formula.operands[i] = {term.is_variable ? OperandKind::kBound : OperandKind::kConstant, term.index,
                               pddl::kRootType};
      }
      break;
    case ConditionKind::kAnd:
    case ConditionKind::kOr:
      formula.kind = condition.kind == ConditionKind::kAnd ? FormulaKind::kAnd : FormulaKind::kOr;
      for (const Condition& part : condition.parts) formula.parts.push_back(this->formula(part, variables, bound));
      break;
    case ConditionKind::kExists:
    case ConditionKind::kForall: {
      formula.kind = FormulaKind::kExists;
      formula.negated = condition.kind == ConditionKind::kForall;
      Condition exists = formula.negated ? negation(condition) : condition;
      formula.joins = joins(exists, variables, bound, 0);
      break;
    }
  }
  return formula;
}

Condition ConditionCompiler::simplified(const Condition& condition, const std::vector<Variable>& variables) const {
  Condition out;
  switch (condition.kind) {
    case ConditionKind::kAtom:
      return condition;
    case ConditionKind::kEqual:
      if (condition.terms[0] == condition.terms[1]) return constant(!condition.negated);
      if (!condition.terms[0].is_variable && !condition.terms[1].is_variable) return constant(condition.negated);
      return condition;
    case ConditionKind::kAnd:
    case ConditionKind::kOr: {
      const bool is_and = condition.kind == ConditionKind::kAnd;
      out.kind = condition.kind;
      for (const Condition& part : condition.parts) {
        Condition simple = simplified(part, variables);
        if (is_and ? is_false(simple) : is_true(simple)) return simple;
        if (!(is_and ? is_true(simple) : is_false(simple))) out.parts.push_back(std::move(simple));
      }
      if (out.parts.size() == 1) return Condition(std::move(out.parts.front()));
      return out;
    }
    case ConditionKind::kExists:
    case ConditionKind::kForall: {
      const bool is_exists = condition.kind == ConditionKind::kExists;
      for (const std::uint32_t variable : condition.variables) {
        if (types_.objects(variables[variable].type).empty()) return constant(!is_exists);
      }
      Condition simple = simplified(condition.parts[0], variables);
      if (is_true(simple) || is_false(simple)) return simple;
      out.kind = condition.kind;
      out.variables = condition.variables;
      out.parts.push_back(std::move(simple));
      return out;
    }
  }
  return out;
}

std::vector<const Condition*> required_literals(const Condition& condition) {
  std::vector<const Condition*> literals;
  if (is_literal(condition)) literals.push_back(&condition);
  if (condition.kind != ConditionKind::kAnd) return literals;
  for (const Condition& part : condition.parts) {
    const auto inner = required_literals(part);
    literals.insert(literals.end(), inner.begin(), inner.end());
  }
  return literals;
}

}  // namespace alfworld::engine
