#include "plan/search.h"

#include <algorithm>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "plan/relaxation.h"
#include "plan/simulation.h"

namespace alfworld::plan {
namespace {

struct BitsHash {
  std::size_t operator()(const Bits& bits) const {
    std::uint64_t hash = 0;
    for (const std::uint64_t word : bits) hash = (hash ^ (hash >> 29) ^ word) * 0x9e3779b97f4a7c15U;
    return hash ^ (hash >> 32);
  }
};

constexpr std::uint32_t kDeadEnd = ~std::uint32_t{0};

struct Node {
  const Bits* state = nullptr;
  std::uint32_t parent = 0, op = 0, steps = 0;  // the shortest way known
  std::uint32_t estimate = kDeadEnd;            // of the steps to go
  std::vector<std::uint32_t> helpful;
};

struct Entry {
  std::uint32_t priority, estimate, order, node, steps;
  // The smallest is taken first: std::priority_queue has the largest on top.
  bool operator<(const Entry& other) const {
    return std::tie(priority, estimate, order) > std::tie(other.priority, other.estimate, other.order);
  }
};

// States that one search may keep: bounds its memory, where a state has thousands of successors.
constexpr std::size_t kMaxStates = 100'000;

// How a search goes about it.
struct Manner {
  std::uint32_t weight = 1;                        // of the estimate against the steps already taken
  bool helpful_only = false;                       // tries only operators that help the relaxed plan: incomplete
  std::uint32_t shorter_than = ~std::uint32_t{0};  // leaves out what is estimated to lead to this many steps or more
};

class BestFirst {
 public:
  // Shares the relaxation's work space with other searches of the task, one after the other.
  BestFirst(const GroundTask& task, const Simulation& simulation, Relaxation& relaxation, const Manner& manner)
      : task_(task), simulation_(simulation), relaxation_(relaxation), manner_(manner) {}

  std::optional<std::vector<std::uint32_t>> run(std::uint64_t& budget) {
    add(simulation_.start(), 0, 0, 0);
    while (!queue_.empty()) {
      const Entry entry = queue_.top();
      queue_.pop();
      if (entry.steps != nodes_[entry.node].steps) continue;  // a shorter way was found since
      if (entry.estimate == 0 && simulation_.is_goal(*nodes_[entry.node].state)) return path(entry.node);
      if (budget == 0 || nodes_.size() > kMaxStates) return std::nullopt;
      --budget;
      expand(entry.node);
    }
    return std::nullopt;
  }

 private:
  void expand(std::uint32_t number) {
    const Bits& state = *nodes_[number].state;
    const std::uint32_t steps = nodes_[number].steps;
    if (manner_.helpful_only) {
      const std::vector<std::uint32_t> helpful = nodes_[number].helpful;
      for (const std::uint32_t op : helpful) add(simulation_.apply(state, op), number, op, steps + 1);
      return;
    }
    for (std::uint32_t op = 0; op < task_.operators.size(); ++op) {
      if (simulation_.applicable(state, op)) add(simulation_.apply(state, op), number, op, steps + 1);
    }
  }

  void add(Bits state, std::uint32_t parent, std::uint32_t op, std::uint32_t steps) {
    const auto [found, is_new] = known_.try_emplace(std::move(state), static_cast<std::uint32_t>(nodes_.size()));
    const std::uint32_t number = found->second;
    if (is_new) {
      Node node{&found->first, parent, op, steps, kDeadEnd, {}};
      if (const auto estimate = relaxation_.estimate(found->first)) {
        node.estimate = *estimate;
        node.helpful = relaxation_.helpful();
      }
      nodes_.push_back(std::move(node));
    } else {
      if (steps >= nodes_[number].steps) return;
      nodes_[number].parent = parent;
      nodes_[number].op = op;
      nodes_[number].steps = steps;
    }
    const std::uint32_t estimate = nodes_[number].estimate;
    if (estimate == kDeadEnd || steps + estimate >= manner_.shorter_than) return;
    queue_.push({steps + manner_.weight * estimate, estimate, order_++, number, steps});
  }

  [[nodiscard]] std::vector<std::uint32_t> path(std::uint32_t node) const {
    std::vector<std::uint32_t> ops;
    for (; node != 0; node = nodes_[node].parent) ops.push_back(nodes_[node].op);
    std::reverse(ops.begin(), ops.end());
    return ops;
  }

  const GroundTask& task_;
  const Simulation& simulation_;
  Relaxation& relaxation_;
  Manner manner_;
  std::unordered_map<Bits, std::uint32_t, BitsHash> known_;  // to the node's number; keys do not move
  std::vector<Node> nodes_;
  std::priority_queue<Entry> queue_;
  std::uint32_t order_ = 0;
};

// States that the first, incomplete search may expand, and each attempt to find something shorter.
constexpr std::uint64_t kFirstBudget = 300;
constexpr std::uint64_t kShorteningBudget = 40;

}  // namespace

std::optional<std::vector<std::uint32_t>> search(const GroundTask& task, std::uint64_t& budget) {
  const Simulation simulation(task);
  Relaxation relaxation(task);
  const auto attempt = [&](const Manner& manner, std::uint64_t at_most) {
    std::uint64_t share = std::min(budget, at_most);
    budget -= share;
    auto found = BestFirst(task, simulation, relaxation, manner).run(share);
    budget += share;
    return found;
  };
  auto found = attempt({.weight = 1, .helpful_only = true}, kFirstBudget);
  if (!found) found = attempt({.weight = 5}, budget);
  while (found && !found->empty()) {
    const auto length = static_cast<std::uint32_t>(found->size());
    auto shorter = attempt({.weight = 3, .shorter_than = length}, kShorteningBudget);
    if (!shorter) break;
    found = std::move(shorter);
  }
  return found;
}

}  // namespace alfworld::plan
