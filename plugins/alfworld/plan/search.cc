#include "plan/search.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

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

struct Node {
  const Bits* state = nullptr;
  std::uint32_t parent = 0, op = 0, steps = 0;
  std::vector<std::uint32_t> helpful;
};

struct Entry {
  std::uint32_t priority, estimate, order, node, steps;
  // The smallest is taken first: std::priority_queue has the largest on top.
  bool operator<(const Entry& other) const {
    return std::tie(priority, estimate, order) > std::tie(other.priority, other.estimate, other.order);
  }
};

class BestFirst {
 public:
  BestFirst(const GroundTask& task, std::uint32_t weight, bool helpful_only)
      : task_(task), simulation_(task), relaxation_(task), weight_(weight), helpful_only_(helpful_only) {}

  std::optional<std::vector<std::uint32_t>> run(std::uint64_t& budget) {
    add(simulation_.start(), 0, 0, 0);
    while (!queue_.empty()) {
      const Entry entry = queue_.top();
      queue_.pop();
      if (entry.steps != nodes_[entry.node].steps) continue;  // a shorter way was found since
      if (entry.estimate == 0 && simulation_.is_goal(*nodes_[entry.node].state)) return path(entry.node);
      if (budget == 0) return std::nullopt;
      --budget;
      expand(entry.node);
    }
    return std::nullopt;
  }

 private:
  void expand(std::uint32_t number) {
    const Bits& state = *nodes_[number].state;
    const std::uint32_t steps = nodes_[number].steps;
    if (helpful_only_) {
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
      Node node{&found->first, parent, op, steps, {}};
      const auto estimate = relaxation_.estimate(found->first);
      estimates_.push_back(estimate ? *estimate : kDeadEnd);
      if (estimate) node.helpful = relaxation_.helpful();
      nodes_.push_back(std::move(node));
    } else {
      if (steps >= nodes_[number].steps) return;
      nodes_[number].parent = parent;
      nodes_[number].op = op;
      nodes_[number].steps = steps;
    }
    if (estimates_[number] == kDeadEnd) return;
    queue_.push({steps + weight_ * estimates_[number], estimates_[number], order_++, number, steps});
  }

  [[nodiscard]] std::vector<std::uint32_t> path(std::uint32_t node) const {
    std::vector<std::uint32_t> ops;
    for (; node != 0; node = nodes_[node].parent) ops.push_back(nodes_[node].op);
    std::reverse(ops.begin(), ops.end());
    return ops;
  }

  static constexpr std::uint32_t kDeadEnd = ~std::uint32_t{0};
  const GroundTask& task_;
  Simulation simulation_;
  Relaxation relaxation_;
  std::uint32_t weight_;
  bool helpful_only_;
  std::unordered_map<Bits, std::uint32_t, BitsHash> known_;  // to the node's number; keys do not move
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> estimates_;
  std::priority_queue<Entry> queue_;
  std::uint32_t order_ = 0;
};

}  // namespace

std::optional<std::vector<std::uint32_t>> search(const GroundTask& task, std::uint64_t& budget) {
  std::uint64_t first = std::min<std::uint64_t>(budget, 300);
  budget -= first;
  auto found = BestFirst(task, 1, true).run(first);
  budget += first;
  if (found) return found;
  return BestFirst(task, 5, false).run(budget);
}

}  // namespace alfworld::plan
