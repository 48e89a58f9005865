// A planning task without variables: what is left to decide from one state of a game.
//
// Only what matters for the goal is in it: atoms that some needed condition reads, actions that can become possible
// and that make a needed fact true. Actions of equal meaning are one operator.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/state.h"
#include "pddl/task.h"

namespace alfworld::plan {

// Something that can be needed: fact 2a is atom a, fact 2a + 1 its negation; from 2 * atom count on: disjunctions.
using Fact = std::uint32_t;

// One way in which a disjunction becomes true. Disjunctions among `needs` have smaller numbers than this one.
struct Alternative {
  Fact disjunction = 0;
  std::vector<Fact> needs;
};

// What an operator does where `when` holds. Facts that become true; making a negation true deletes the atom.
struct Outcome {
  std::vector<Fact> when;  // empty: always
  std::vector<Fact> makes;
  friend auto operator<=>(const Outcome&, const Outcome&) = default;
};

struct Operator {
  std::vector<Fact> needs;
  std::vector<Outcome> outcomes;
  std::vector<GroundAction> actions;  // all of this meaning, sorted
};

struct GroundTask {
  std::vector<pddl::Atom> atoms;
  std::vector<bool> start;  // by atom
  std::uint32_t disjunctions = 0;
  std::vector<Alternative> alternatives;  // by disjunction
  std::vector<Operator> operators;        // by their first actions
  std::vector<Fact> goal;                 // all of them

  [[nodiscard]] std::uint32_t fact_count() const { return 2 * static_cast<std::uint32_t>(atoms.size()) + disjunctions; }
};

// nullopt: the goal cannot be reached even if nothing ever became false, or the game is too large (`limit` steps of
// joining).
[[nodiscard]] std::optional<GroundTask> ground(const State& state, std::uint64_t limit);

}  // namespace alfworld::plan
