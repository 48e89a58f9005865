// Conditions and effects of a task, read from their expressions.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "pddl/expressions.h"
#include "pddl/names.h"
#include "pddl/task.h"

namespace alfworld::pddl {

// An action's or formula's variables at most: parameters and quantifiers together.
inline constexpr std::size_t kMaxVariables = 32;

// Reads the formulas of one action, or the goal, and collects their variables.
class FormulaReader {
 public:
  explicit FormulaReader(Names& names) : names_(names) {}

  // Brings a typed list of variables into scope, for good: an action's parameters.
  void declare(Expression list);
  [[nodiscard]] Condition condition(Expression expression) { return condition(expression, false); }
  [[nodiscard]] std::vector<Effect> effects(Expression expression);
  // All variables met, numbered as the formulas say.
  [[nodiscard]] std::vector<Variable> take_variables() { return std::move(variables_); }

 private:
  Condition condition(Expression expression, bool negated);
  Condition junction(ConditionKind kind, Expression expression, bool negated);
  Condition implication(Expression expression, bool negated);
  Condition quantified(ConditionKind kind, Expression expression, bool negated);
  void effects(Expression expression, const Effect& outer, std::vector<Effect>& out);
  std::vector<Term> terms(Expression atom);
  std::vector<std::uint32_t> open_scope(Expression list);
  void close_scope(std::size_t count);

  Names& names_;
  std::vector<Variable> variables_;
  std::vector<std::uint32_t> scope_;  // variables in scope, innermost last
};

}  // namespace alfworld::pddl
