#include "engine/join.h"

namespace alfworld::engine {

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
