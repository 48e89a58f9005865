// ipr/paths.hpp: trajectories as rules about pairs and successes see them. Header only; for optimizers.
//
//   paths_.push_back(ipr::sdk::read_path(trajectory, /*along=*/true));            // in `absorb`
//   for (const Exploration& one : ipr::sdk::explorations(paths_)) …               // once all are in
//   ipr::sdk::emit_row(sink, tag, IPR_ROLE_CHOSEN, group, {path.id, 0, path.turn_count()});
//
// Value types and pure functions: no host, no model, no state. Results depend only on the arguments, not on their
// order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ipr/plugin.hpp"

namespace ipr::sdk {

struct PathTurn {
  std::string message;  // the whole assistant message
  std::string action;   // what was stepped; empty: the message could not be parsed
};

// A trajectory as the rules see it.
struct Path {
  std::uint64_t id = 0;
  std::uint64_t parent = 0;  // the expert it branched from; 0: it is an expert
  std::size_t prefix = 0;    // first turns copied from the parent
  double outcome = 0;
  std::vector<PathTurn> own;  // the turns from `prefix` on

  [[nodiscard]] std::size_t turn_count() const { return prefix + own.size(); }
};

// One expert and what the agent did on its task.
struct Exploration {
  const Path* expert = nullptr;
  std::vector<const Path*> agent;  // ordered by (prefix, id)
};

// Turns [first, last) of a trajectory; the turns before are context.
struct Side {
  std::uint64_t trajectory = 0;
  std::size_t first = 0, last = 0;
  bool operator==(const Side&) const = default;
};

// A copy of what the host shows. `along`: played by the agent on an expert's task; else an expert's own.
inline Path read_path(const ipr_trajectory& trajectory, bool along) {
  Path path;
  path.id = trajectory.id;
  if (along) {
    path.parent = trajectory.parent_id;
    path.prefix = std::min(trajectory.prefix_turns, trajectory.turn_count);
  }
  path.outcome = trajectory.outcome;
  for (std::size_t i = path.prefix; i < trajectory.turn_count; ++i) {
    const ipr_turn& turn = *trajectory.turns[i];
    path.own.push_back({std::string(text(turn.message)), std::string(text(turn.action))});
  }
  return path;
}

// Sorts trajectories under their experts, everything by id. The pointers live as long as `paths`. Trajectories whose
// expert is not among `paths` are left out.
inline std::vector<Exploration> explorations(const std::vector<Path>& paths) {
  std::map<std::uint64_t, Exploration> by_expert;
  for (const Path& path : paths) {
    if (path.parent == 0) by_expert[path.id].expert = &path;
  }
  for (const Path& path : paths) {
    if (path.parent == 0) continue;
    if (const auto found = by_expert.find(path.parent); found != by_expert.end()) found->second.agent.push_back(&path);
  }
  std::vector<Exploration> all;
  for (auto& [id, exploration] : by_expert) {
    std::sort(exploration.agent.begin(), exploration.agent.end(),
              [](const Path* a, const Path* b) { return std::pair(a->prefix, a->id) < std::pair(b->prefix, b->id); });
    all.push_back(std::move(exploration));
  }
  return all;
}

// `gap - margin > 1e-9` in double, so that 0.8 against 0.7 is not above a margin of 0.1.
inline bool exceeds(double gap, double margin) {
  return gap - margin > 1e-9;
}

// Who is better by more than the margin, given expert minus agent: +1 the expert, -1 the agent, 0 nobody. The agent
// wins only where `symmetric`.
inline int winner_by(double gap, double margin, bool symmetric) {
  if (exceeds(gap, margin)) return 1;
  return symmetric && exceeds(-gap, margin) ? -1 : 0;
}

// The first turn, counted from 0, in which a trajectory from the start says something else than the expert.
inline std::size_t first_deviation(const Path& expert, const Path& agent) {
  std::size_t turn = 0;
  while (turn < expert.own.size() && turn < agent.own.size() && expert.own[turn].message == agent.own[turn].message)
    ++turn;
  return turn;
}

inline bool has_empty_message(const Path& path) {
  return std::any_of(path.own.begin(), path.own.end(), [](const PathTurn& turn) { return turn.message.empty(); });
}

// Cuts a side so that it has at most `cap` messages more than `measure`, which starts at the same turn; below 0: any.
inline void cap_side(Side& side, const Side& measure, std::int64_t cap) {
  if (cap < 0) return;
  // k turns are 2k - 1 messages, the agent's first and last: 2l - 1 <= 2w - 1 + cap.
  side.last = std::min(side.last, measure.last + static_cast<std::size_t>(cap) / 2);
}

// The trajectory of highest outcome known for this expert's task; the expert's unless the agent's is strictly better.
inline const Path& best_known(const Exploration& exploration) {
  const Path* best = exploration.expert;
  for (const Path* agent : exploration.agent) {
    if (exceeds(agent->outcome - best->outcome, 0)) best = agent;
  }
  return *best;
}

// The numbers below n in random order, a function of the seed.
inline std::vector<std::size_t> shuffled_indices(std::size_t n, std::uint64_t seed) {
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[ipr_mix64(seed, i) % i]);
  return order;
}

// The host's own record, by its id.
inline ipr_trajectory named(std::uint64_t id) {
  ipr_trajectory trajectory{};
  trajectory.struct_size = sizeof trajectory;
  trajectory.id = id;
  return trajectory;
}

// One training row: the given turns of a trajectory of the host's. Throws what the host answered.
inline void emit_row(const ipr_example_sink& sink, std::uint32_t tag, std::uint32_t role, std::uint64_t group,
                     const Side& side, double weight = 1) {
  const ipr_trajectory trajectory = named(side.trajectory);
  ipr_example row{};
  row.struct_size = sizeof row;
  row.tag = tag;
  row.role = role;
  row.group = group;
  row.trajectory = &trajectory;
  row.first_turn = side.first;
  row.last_turn = side.last;
  row.weight = weight;
  emit_example(sink, row);
}

}  // namespace ipr::sdk
