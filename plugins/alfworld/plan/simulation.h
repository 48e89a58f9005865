// States of a ground task as rows of bits, and what operators do to them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/ground_task.h"

namespace alfworld::plan {

using Bits = std::vector<std::uint64_t>;

class Simulation {
 public:
  // Views the task, which outlives it.
  explicit Simulation(const GroundTask& task);

  [[nodiscard]] std::size_t words() const { return words_; }
  [[nodiscard]] Bits start() const;
  [[nodiscard]] bool holds(std::span<const std::uint64_t> state, Fact fact) const;
  [[nodiscard]] bool holds(std::span<const std::uint64_t> state, std::span<const Fact> facts) const;
  [[nodiscard]] bool is_goal(std::span<const std::uint64_t> state) const { return holds(state, task_.goal); }
  [[nodiscard]] bool applicable(std::span<const std::uint64_t> state, std::uint32_t op) const;
  // Precondition: applicable. Conditions of outcomes are read before anything changes; what is deleted and added is
  // added.
  [[nodiscard]] Bits apply(std::span<const std::uint64_t> state, std::uint32_t op) const;

 private:
  const GroundTask& task_;
  std::size_t words_;
  std::vector<std::uint32_t> first_alternative_;  // by disjunction, and one past the last
};

}  // namespace alfworld::plan
