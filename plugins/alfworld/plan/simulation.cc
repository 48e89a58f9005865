#include "plan/simulation.h"

#include <algorithm>

namespace alfworld::plan {

Simulation::Simulation(const GroundTask& task)
    : task_(task), words_((task.atoms.size() + 63) / 64), first_alternative_(task.disjunctions + 1, 0) {
  const Fact first = 2 * static_cast<Fact>(task.atoms.size());
  for (const Alternative& alternative : task.alternatives) ++first_alternative_[alternative.disjunction - first + 1];
  for (std::size_t i = 1; i < first_alternative_.size(); ++i) first_alternative_[i] += first_alternative_[i - 1];
}

Bits Simulation::start() const {
  Bits bits(words_, 0);
  for (std::size_t atom = 0; atom < task_.atoms.size(); ++atom) {
    if (task_.start[atom]) bits[atom / 64] |= std::uint64_t{1} << (atom % 64);
  }
  return bits;
}

bool Simulation::holds(std::span<const std::uint64_t> state, Fact fact) const {
  const std::size_t atom = fact / 2;
  if (atom < task_.atoms.size()) return ((state[atom / 64] >> (atom % 64)) & 1U) != fact % 2;
  const std::size_t disjunction = fact - 2 * task_.atoms.size();
  for (std::uint32_t i = first_alternative_[disjunction]; i < first_alternative_[disjunction + 1]; ++i) {
    if (holds(state, task_.alternatives[i].needs)) return true;
  }
  return false;
}

bool Simulation::holds(std::span<const std::uint64_t> state, std::span<const Fact> facts) const {
  return std::all_of(facts.begin(), facts.end(), [&](Fact fact) { return holds(state, fact); });
}

bool Simulation::applicable(std::span<const std::uint64_t> state, std::uint32_t op) const {
  return holds(state, task_.operators[op].needs);
}

Bits Simulation::apply(std::span<const std::uint64_t> state, std::uint32_t op) const {
  Bits next(state.begin(), state.end());
  for (const Fact wanted : {Fact{1}, Fact{0}}) {
    for (const Outcome& outcome : task_.operators[op].outcomes) {
      if (!outcome.when.empty() && !holds(state, outcome.when)) continue;
      for (const Fact fact : outcome.makes) {
        if (fact % 2 != wanted) continue;
        const std::uint64_t bit = std::uint64_t{1} << (fact / 2 % 64);
        std::uint64_t& word = next[fact / 2 / 64];
        word = wanted == 0 ? word | bit : word & ~bit;
      }
    }
  }
  return next;
}

}  // namespace alfworld::plan
