#include "core/rollout/snapshots.h"

#include <algorithm>

namespace ipr::rollout {
namespace {

std::vector<env::Turn> turns_before(const Trajectory& trajectory, std::size_t keep) {
  return {trajectory.turns.begin(), trajectory.turns.begin() + static_cast<std::ptrdiff_t>(keep)};
}

}  // namespace

Snapshots::Snapshots(const env::Environment& environment, std::uint64_t env_seed, int max_steps, std::size_t capacity)
    : environment_(environment), env_seed_(env_seed), max_steps_(max_steps), capacity_(capacity) {}

Result<std::optional<env::Session>> Snapshots::find(const Key& key, const std::vector<env::Turn>& turns) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::optional<env::Session>();
  ages_.splice(ages_.end(), ages_, found->second.age);
  IPR_ASSIGN(env::Session copy, found->second.session.fork(turns));
  return std::optional<env::Session>(std::move(copy));
}

Status Snapshots::store(const Key& key, const env::Session& session, const std::vector<env::Turn>& turns) {
  if (!session.environment().can_fork()) return {};  // a snapshot would be a replay anyway
  IPR_ASSIGN(env::Session copy, session.fork(turns));
  const std::lock_guard lock(mutex_);
  if (entries_.count(key) > 0) return {};
  while (!ages_.empty() && entries_.size() >= capacity_) {
    entries_.erase(ages_.front());
    ages_.pop_front();
  }
  ages_.push_back(key);
  entries_.emplace(key, Entry{std::move(copy), std::prev(ages_.end())});
  return {};
}

Result<env::Session> Snapshots::resume(const Trajectory& trajectory, std::size_t keep) {
  std::vector<env::Turn> turns = turns_before(trajectory, keep);
  // Turns copied from the parent are the parent's: one snapshot serves all that branch off it.
  const auto owner = [&](std::size_t taken) {
    return taken <= trajectory.prefix_turns && trajectory.parent_id != 0 ? trajectory.parent_id : trajectory.id;
  };
  std::optional<env::Session> session;
  std::size_t taken = keep;
  for (;; --taken) {
    IPR_ASSIGN(session,
               find({owner(taken), taken}, {turns.begin(), turns.begin() + static_cast<std::ptrdiff_t>(taken)}));
    if (session || taken == 0) break;
  }
  if (!session) {
    IPR_ASSIGN(session, env::Session::start(environment_, *trajectory.task, env_seed_, max_steps_));
    IPR_TRY(store({owner(0), 0}, *session, {}));
  }
  for (; taken < keep; ++taken) {
    IPR_ASSIGN(const env::Turn again, session->say(turns[taken].message));
    if (again.observation != turns[taken].observation) {
      return bad_data("environment \"" + environment_.id() + "\": task " + trajectory.task->id +
                      ": replay differs at turn " + std::to_string(taken + 1) +
                      "; the environment is not deterministic, or its data has changed");
    }
    IPR_TRY(store({owner(taken + 1), taken + 1}, *session,
                  {turns.begin(), turns.begin() + static_cast<std::ptrdiff_t>(taken + 1)}));
  }
  return std::move(*session);
}

}  // namespace ipr::rollout
