// Conditions as programs over slots: a join binds variables step by step, each step looking up the atoms that agree
// with what is bound already, so that it visits only what is connected to the agent.
//
// A slot holds the value of one variable of the action or goal. Immutable once compiled (engine/condition_compiler.h).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/facts.h"
#include "engine/types.h"
#include "pddl/formulas.h"

namespace alfworld::engine {

using Slots = std::array<pddl::ObjectId, pddl::kMaxVariables>;

enum class OperandKind : std::uint8_t {
  kConstant,  // value: an ObjectId
  kBound,     // value: a slot that has its value
  kNew,       // value: a slot that gets its value here
};

struct Operand {
  OperandKind kind = OperandKind::kConstant;
  std::uint32_t value = 0;
  pddl::TypeId type = pddl::kRootType;  // kNew: only objects of this type
};

using Operands = std::array<Operand, pddl::kMaxArity>;

struct Join;

enum class FormulaKind : std::uint8_t { kAtom, kEqual, kAnd, kOr, kExists };

// A condition all of whose free variables are bound.
struct Formula {
  FormulaKind kind = FormulaKind::kAnd;
  bool negated = false;  // kAtom, kEqual, kExists
  FactId fact = 0;
  std::uint32_t arity = 0;
  Operands operands;           // kAtom, kEqual
  std::vector<Formula> parts;  // kAnd, kOr
  std::vector<Join> joins;     // kExists: one of them has a solution
};

enum class StepKind : std::uint8_t {
  kAtoms,    // for each true atom: bind its new operands
  kObjects,  // for each object of operands[0].type: bind operands[0]
  kCheck,    // go on only if the formula holds
};

struct JoinStep {
  StepKind kind = StepKind::kCheck;
  FactId fact = 0;
  std::uint32_t arity = 0;
  Operands operands;
  Formula formula;
};

struct Join {
  std::vector<JoinStep> steps;
};

// What conditions are evaluated in. Holds for one question at a time, which may visit kMaxWork values: a condition that
// has to try more has no place in a game.
struct World {
  const TypeTable& types;
  Facts facts;
  mutable std::size_t work = 0;

  static constexpr std::size_t kMaxWork = 50'000'000;
  // Throws sdk::Failure (IPR_RESOURCE_EXHAUSTED).
  void count_work() const {
    if (++work > kMaxWork) fail_too_much_work();
  }
  [[noreturn]] static void fail_too_much_work();
};

[[nodiscard]] bool evaluate(const Formula& formula, const World& world, Slots& slots);

inline pddl::ObjectId value_of(const Operand& operand, const Slots& slots) {
  return operand.kind == OperandKind::kConstant ? operand.value : slots[operand.value];
}

// Calls visit() for every solution from step `i` on, with its values in `slots`, until one call returns true. Returns
// whether one did. Solutions may repeat.
template <typename Visit>
bool run_join(const Join& join, std::size_t i, const World& world, Slots& slots, Visit& visit) {
  for (; i < join.steps.size() && join.steps[i].kind == StepKind::kCheck; ++i) {
    if (!evaluate(join.steps[i].formula, world, slots)) return false;
  }
  if (i == join.steps.size()) return visit();
  const JoinStep& step = join.steps[i];
  if (step.kind == StepKind::kObjects) {
    for (const pddl::ObjectId object : world.types.objects(step.operands[0].type)) {
      world.count_work();
      slots[step.operands[0].value] = object;
      if (run_join(join, i + 1, world, slots, visit)) return true;
    }
    return false;
  }
  std::array<pddl::ObjectId, pddl::kMaxArity> pattern;
  pattern.fill(kAny);
  for (std::size_t a = 0; a < step.arity; ++a) {
    if (step.operands[a].kind != OperandKind::kNew) pattern[a] = value_of(step.operands[a], slots);
  }
  return world.facts.scan(step.fact, pattern, [&](const pddl::ObjectId* arguments) {
    world.count_work();
    for (std::size_t a = 0; a < step.arity; ++a) {
      const Operand& operand = step.operands[a];
      if (operand.kind != OperandKind::kNew) continue;
      if (!world.types.admits(operand.type, arguments[a])) return false;
      // The same new variable twice: (p ?x ?x).
      for (std::size_t b = 0; b < a; ++b) {
        const bool is_same = step.operands[b].kind == OperandKind::kNew && step.operands[b].value == operand.value;
        if (is_same && arguments[b] != arguments[a]) return false;
      }
      slots[operand.value] = arguments[a];
    }
    return run_join(join, i + 1, world, slots, visit);
  });
}

template <typename Visit>
bool run_joins(const std::vector<Join>& joins, const World& world, Slots& slots, Visit&& visit) {
  for (const Join& join : joins) {
    if (run_join(join, 0, world, slots, visit)) return true;
  }
  return false;
}

}  // namespace alfworld::engine
