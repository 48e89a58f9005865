// How far a goal is, judged as if nothing ever became false: the heuristic of the search.
//
// Costs of facts add up over what an operator needs (h_add); the estimate is the number of operators in one relaxed
// plan made of the cheapest supporters. After B. Bonet and H. Geffner, "Planning as heuristic search" (2001), and
// J. Hoffmann and B. Nebel, "The FF planning system" (2001).
//
// Keeps work space: one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/ground_task.h"
#include "plan/simulation.h"

namespace alfworld::plan {

class Relaxation {
 public:
  // Views the task, which outlives it.
  explicit Relaxation(const GroundTask& task);

  // Steps to the goal; nullopt: none leads there.
  [[nodiscard]] std::optional<std::uint32_t> estimate(std::span<const std::uint64_t> state);

  // Of the state last estimated, in ascending order. `helpful`: applicable operators that make something true which
  // the relaxed plan needs and which is not true yet.
  [[nodiscard]] const std::vector<std::uint32_t>& applicable() const { return applicable_; }
  [[nodiscard]] const std::vector<std::uint32_t>& helpful() const { return helpful_; }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  // What makes facts true: an outcome of an operator, or an alternative of a disjunction.
  struct Rule {
    std::uint32_t op = kNone;
    std::uint32_t need_count = 0;
    std::uint32_t makes_begin = 0, makes_end = 0;  // into makes_
    bool applies = false;                          // possible whenever its operator is
  };
  struct Use {  // of a rule, during one estimate
    std::uint32_t left = 0, cost = 0;
  };
  void add_rule(std::uint32_t op, std::vector<Fact> needs, std::span<const Fact> makes, bool applies);
  void spread(std::span<const std::uint64_t> state);
  void fire(std::uint32_t rule);
  void reach(Fact fact, std::uint32_t cost, std::uint32_t rule);
  void collect(Fact fact);
  void collect_helpful();

  const GroundTask& task_;
  std::vector<Rule> rules_;
  std::vector<Fact> makes_;
  std::vector<std::vector<Fact>> needs_;                // by rule
  std::vector<std::uint32_t> waiting_begin_, waiting_;  // by fact: the rules that need it
  std::vector<std::uint32_t> free_;                     // rules that need nothing

  std::vector<Use> use_;
  std::vector<std::uint32_t> cost_, supporter_;  // by fact
  std::vector<std::vector<Fact>> queue_;         // by cost
  std::vector<bool> wanted_;                     // by fact: the relaxed plan needs it
  std::vector<Fact> wanted_list_;
  std::vector<bool> planned_;  // by operator
  std::uint32_t planned_count_ = 0;
  std::vector<std::uint32_t> applicable_, helpful_;
};

}  // namespace alfworld::plan
