#include "engine/join.h"

#include "ipr/plugin.hpp"

namespace alfworld::engine {

void World::fail_too_much_work() {
  throw ipr::sdk::Failure(
      IPR_RESOURCE_EXHAUSTED,
      "an action's condition or the goal has too many possible values in this game; bind each of its "
      "variables by a fact that few objects have");
}

bool evaluate(const Formula& formula, const World& world, Slots& slots) {
  switch (formula.kind) {
    case FormulaKind::kAtom: {
      std::array<pddl::ObjectId, pddl::kMaxArity> arguments{};
      for (std::size_t i = 0; i < formula.arity; ++i) arguments[i] = value_of(formula.operands[i], slots);
      const AtomKey key = world.facts.base().layout.key(formula.fact, arguments.data(), formula.arity);
      return world.facts.holds(key) != formula.negated;
    }
    case FormulaKind::kEqual:
      return (value_of(formula.operands[0], slots) == value_of(formula.operands[1], slots)) != formula.negated;
    case FormulaKind::kAnd:
      for (const Formula& part : formula.parts) {
        if (!evaluate(part, world, slots)) return false;
      }
      return true;
    case FormulaKind::kOr:
      for (const Formula& part : formula.parts) {
        if (evaluate(part, world, slots)) return true;
      }
      return false;
    case FormulaKind::kExists:
      return run_joins(formula.joins, world, slots, [] { return true; }) != formula.negated;
  }
  return false;
}

}  // namespace alfworld::engine
