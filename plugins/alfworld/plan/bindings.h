// All values of some variables under which the static part of a condition holds: a join over static facts.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "pddl/formulas.h"
#include "plan/static_facts.h"

namespace alfworld::plan {

// The value of every variable of one action or goal.
inline constexpr pddl::ObjectId kUnbound = std::numeric_limits<pddl::ObjectId>::max();
using Binding = std::array<pddl::ObjectId, pddl::kMaxVariables>;

// The atom under a binding that covers its terms.
[[nodiscard]] pddl::Atom ground_atom(pddl::PredicateId predicate, std::span<const pddl::Term> terms,
                                     const Binding& binding);

// Counts what grounding does, so that a game too large for planning ends early.
struct GroundingTooLarge {};
class Meter {
 public:
  explicit Meter(std::uint64_t limit) : left_(limit) {}
  // Throws GroundingTooLarge.
  void spend() {
    if (left_-- == 0) throw GroundingTooLarge{};
  }

 private:
  std::uint64_t left_;
};

class Join {
 public:
  // `condition`: the positive static atoms among its conjuncts guide the join; whatever else it says is not tested.
  // All references outlive the join.
  Join(const StaticFacts& facts, std::span<const pddl::Variable> types, std::span<const std::uint32_t> variables,
       const pddl::Condition& condition, Meter& meter);

  // Calls `visit` once per way to bind `variables` (the others stay as they are); restores the binding afterwards.
  void each(Binding& binding, const std::function<void()>& visit);

 private:
  void collect(const pddl::Condition& condition);
  void descend(Binding& binding, const std::function<void()>& visit);
  void by_atom(const pddl::Condition& atom, Binding& binding, const std::function<void()>& visit);
  void by_type(std::uint32_t variable, Binding& binding, const std::function<void()>& visit);
  [[nodiscard]] bool mine(const pddl::Term& term, const Binding& binding) const;
  [[nodiscard]] std::span<const std::uint32_t> shortest(const pddl::Condition& atom, const Binding& binding,
                                                        std::size_t& count) const;
  bool match(const pddl::Condition& atom, const pddl::Atom& fact, Binding& binding,
             std::vector<std::uint32_t>& bound) const;

  const StaticFacts& facts_;
  std::span<const pddl::Variable> types_;
  std::span<const std::uint32_t> variables_;
  Meter& meter_;
  std::vector<const pddl::Condition*> atoms_;  // not yet joined
};

}  // namespace alfworld::plan
