// An action of the domain, compiled: who can take it, and what it changes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/condition_compiler.h"
#include "engine/facts.h"
#include "engine/join.h"
#include "pddl/task.h"

namespace alfworld::engine {

struct CompiledEffect {
  bool adds = true;
  FactId fact = 0;
  std::uint32_t arity = 0;
  Operands operands;
  bool is_conditional = false;
  Formula when;
  std::vector<Operand> forall;  // the slots to run over all objects of their types
};

// An atom that the parameters of an action make: equal terms, equal atoms.
using AtomTerms = std::vector<pddl::Term>;

struct Schema {
  std::uint32_t parameter_count = 0;
  std::vector<pddl::TypeId> types;      // of the parameters
  std::vector<Join> joins;              // solutions: the parameters of what can be taken
  VariableSet named = 0;                // the parameters that a command names; all that joins_if_named may start from
  std::vector<Join> joins_if_named;     // the same, where those are given
  std::vector<CompiledEffect> effects;  // of facts that are kept

  // The game leaves out an action that changes nothing by its own terms: every effect adds an atom that the condition
  // requires, deletes one that it forbids, or deletes one that another effect adds.
  struct Idle {
    AtomTerms effect;
    std::vector<AtomTerms> same;  // the effect is idle if it equals one of these
  };
  bool always_changes = true;  // some effect can never be idle
  std::vector<Idle> idle;
};

[[nodiscard]] Schema compile_schema(const pddl::Action& action, const FactBase& base, const TypeTable& types,
                                    VariableSet named);

// The parameters in `slots` make every effect idle.
[[nodiscard]] bool changes_nothing(const Schema& schema, const Slots& slots);

// Records the effects of the action with the parameters in `slots`. `slots` is used for work.
void apply_effects(const Schema& schema, const TypeTable& types, const FactBase& base, Slots& slots,
                   ChangedAtoms& changed);

}  // namespace alfworld::engine
