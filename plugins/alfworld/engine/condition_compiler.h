// Compiles conditions into joins (engine/join.h).
#pragma once

#include <cstdint>
#include <vector>

#include "engine/facts.h"
#include "engine/join.h"
#include "engine/types.h"
#include "pddl/task.h"

namespace alfworld::engine {

using VariableSet = std::uint32_t;  // one bit per variable
static_assert(pddl::kMaxVariables <= 32);

class ConditionCompiler {
 public:
  ConditionCompiler(const FactBase& base, const TypeTable& types) : base_(base), types_(types) {}

  // Joins whose solutions together are the values of `wanted` for which the condition holds, given those of `bound`.
  // No join: it never holds. Steps are ordered so that each binds as few values as the initial facts let expect.
  [[nodiscard]] std::vector<Join> joins(const pddl::Condition& condition, const std::vector<pddl::Variable>& variables,
                                        VariableSet bound, VariableSet wanted) const;

  // Precondition: the condition's free variables are bound.
  [[nodiscard]] Formula formula(const pddl::Condition& condition, const std::vector<pddl::Variable>& variables,
                                VariableSet bound) const;

  // The condition without parts that are true or false whatever the facts: quantifiers over types without objects,
  // empty and single junctions.
  [[nodiscard]] pddl::Condition simplified(const pddl::Condition& condition,
                                           const std::vector<pddl::Variable>& variables) const;

 private:
  const FactBase& base_;
  const TypeTable& types_;
};

// The atoms and equalities that must hold for the condition to hold, negated ones included; those of quantifiers not.
[[nodiscard]] std::vector<const pddl::Condition*> required_literals(const pddl::Condition& condition);

}  // namespace alfworld::engine
