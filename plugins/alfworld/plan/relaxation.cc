#include "plan/relaxation.h"

#include <algorithm>

namespace alfworld::plan {
namespace {

// Costs are cut off here: they can grow exponentially with depth, and beyond it the order no longer matters.
constexpr std::uint32_t kMaxCost = 4095;
constexpr std::uint32_t kUnreached = ~std::uint32_t{0};

}  // namespace

Relaxation::Relaxation(const GroundTask& task)
    : task_(task),
      cost_(task.fact_count(), kUnreached),
      supporter_(task.fact_count(), kNone),
      queue_(kMaxCost + 1),
      wanted_(task.fact_count(), false),
      planned_(task.operators.size(), false) {
  for (std::uint32_t op = 0; op < task.operators.size(); ++op) {
    const Operator& o = task.operators[op];
    bool has_applies = false;
    for (const Outcome& outcome : o.outcomes) {
      std::vector<Fact> needs = o.needs;
      needs.insert(needs.end(), outcome.when.begin(), outcome.when.end());
      add_rule(op, std::move(needs), outcome.makes, outcome.when.empty());
      has_applies = has_applies || outcome.when.empty();
    }
    if (!has_applies) add_rule(op, o.needs, {}, true);
  }
  for (const Alternative& alternative : task.alternatives) {
    add_rule(kNone, alternative.needs, std::span(&alternative.disjunction, 1), false);
  }
  waiting_begin_.assign(task.fact_count() + 1, 0);
  for (const auto& needs : needs_) {
    for (const Fact fact : needs) ++waiting_begin_[fact + 1];
  }
  for (std::size_t i = 1; i < waiting_begin_.size(); ++i) waiting_begin_[i] += waiting_begin_[i - 1];
  waiting_.resize(waiting_begin_.back());
  std::vector<std::uint32_t> next(waiting_begin_.begin(), waiting_begin_.end() - 1);
  for (std::uint32_t rule = 0; rule < rules_.size(); ++rule) {
    for (const Fact fact : needs_[rule]) waiting_[next[fact]++] = rule;
  }
  use_.resize(rules_.size());
}

void Relaxation::add_rule(std::uint32_t op, std::vector<Fact> needs, std::span<const Fact> makes, bool applies) {
  std::sort(needs.begin(), needs.end());
  needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
  Rule rule;
  rule.op = op;
  rule.need_count = static_cast<std::uint32_t>(needs.size());
  rule.makes_begin = static_cast<std::uint32_t>(makes_.size());
  makes_.insert(makes_.end(), makes.begin(), makes.end());
  rule.makes_end = static_cast<std::uint32_t>(makes_.size());
  rule.applies = applies;
  if (needs.empty()) free_.push_back(static_cast<std::uint32_t>(rules_.size()));
  rules_.push_back(rule);
  needs_.push_back(std::move(needs));
}

std::optional<std::uint32_t> Relaxation::estimate(std::span<const std::uint64_t> state) {
  spread(state);
  std::sort(applicable_.begin(), applicable_.end());
  for (const Fact fact : wanted_list_) wanted_[fact] = false;
  wanted_list_.clear();
  std::fill(planned_.begin(), planned_.end(), false);
  planned_count_ = 0;
  for (const Fact fact : task_.goal) {
    if (cost_[fact] == kUnreached) return std::nullopt;
    collect(fact);
  }
  collect_helpful();
  return planned_count_;
}

// Dijkstra's algorithm over facts, by buckets of equal cost, until the goal's facts are settled.
void Relaxation::spread(std::span<const std::uint64_t> state) {
  std::fill(cost_.begin(), cost_.end(), kUnreached);
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) use_[rule] = {rules_[rule].need_count, 0};
  applicable_.clear();
  for (std::uint32_t atom = 0; atom < task_.atoms.size(); ++atom) {
    const std::uint32_t is_false = ((state[atom / 64] >> (atom % 64)) & 1U) != 0 ? 0 : 1;
    reach(2 * atom + is_false, 0, kNone);
  }
  for (const std::uint32_t rule : free_) fire(rule);
  std::size_t open_goals = task_.goal.size();
  for (std::uint32_t cost = 0; cost <= kMaxCost; ++cost) {
    for (std::size_t i = 0; i < queue_[cost].size(); ++i) {
      const Fact fact = queue_[cost][i];
      if (cost_[fact] != cost) continue;  // has become cheaper since
      for (std::uint32_t w = waiting_begin_[fact]; w < waiting_begin_[fact + 1]; ++w) {
        Use& use = use_[waiting_[w]];
        use.cost = std::min(use.cost + cost, kMaxCost - 1);
        if (--use.left == 0) fire(waiting_[w]);
      }
      if (open_goals > 0 && std::binary_search(task_.goal.begin(), task_.goal.end(), fact)) --open_goals;
    }
    queue_[cost].clear();
    if (open_goals == 0) {
      for (std::uint32_t rest = cost + 1; rest <= kMaxCost; ++rest) queue_[rest].clear();
      return;
    }
  }
}

void Relaxation::fire(std::uint32_t number) {
  const Rule& rule = rules_[number];
  const std::uint32_t cost = use_[number].cost;
  if (rule.applies && cost == 0) applicable_.push_back(rule.op);
  for (std::uint32_t i = rule.makes_begin; i < rule.makes_end; ++i) {
    reach(makes_[i], cost + (rule.op == kNone ? 0 : 1), number);
  }
}

void Relaxation::reach(Fact fact, std::uint32_t cost, std::uint32_t rule) {
  if (cost >= cost_[fact]) return;
  cost_[fact] = cost;
  supporter_[fact] = rule;
  queue_[cost].push_back(fact);
}

void Relaxation::collect(Fact goal) {
  std::vector<Fact> open{goal};
  while (!open.empty()) {
    const Fact fact = open.back();
    open.pop_back();
    if (wanted_[fact] || cost_[fact] == 0) continue;
    wanted_[fact] = true;
    wanted_list_.push_back(fact);
    const std::uint32_t rule = supporter_[fact];
    const std::uint32_t op = rules_[rule].op;
    if (op != kNone && !planned_[op]) {
      planned_[op] = true;
      ++planned_count_;
    }
    open.insert(open.end(), needs_[rule].begin(), needs_[rule].end());
  }
}

void Relaxation::collect_helpful() {
  helpful_.clear();
  for (const std::uint32_t op : applicable_) {
    const auto& outcomes = task_.operators[op].outcomes;
    const bool helps = std::any_of(outcomes.begin(), outcomes.end(), [&](const Outcome& outcome) {
      return std::any_of(outcome.makes.begin(), outcome.makes.end(), [&](Fact fact) { return wanted_[fact]; });
    });
    if (helps) helpful_.push_back(op);
  }
}

}  // namespace alfworld::plan
