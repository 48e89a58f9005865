#include "core/rollout/trajectory.h"

namespace ipr::rollout {

void take_end(Trajectory& trajectory, const env::Session& session) {
  trajectory.outcome = session.outcome();
  trajectory.terminated = session.terminated();
  trajectory.truncated = session.truncated();
  trajectory.success = session.success();
  trajectory.exit_status = session.exit_status();
  trajectory.stats_json = session.stats_json();
}

TrajectoryView::TrajectoryView(const Trajectory& t) {
  using plugin::view;
  turns_.reserve(t.turns.size());
  pointers_.reserve(t.turns.size());
  for (const TrajectoryTurn& turn : t.turns) {
    turns_.push_back({sizeof(ipr_turn), turn.flags, view(turn.message), view(turn.action), view(turn.observation),
                      turn.reward, turn.progress});
    pointers_.push_back(&turns_.back());
  }
  view_.struct_size = sizeof view_;
  if (t.expert) view_.flags |= IPR_TRAJ_EXPERT;
  if (t.success) view_.flags |= IPR_TRAJ_SUCCESS;
  if (t.truncated) view_.flags |= IPR_TRAJ_TRUNCATED;
  view_.id = t.id;
  view_.parent_id = t.parent_id;
  view_.task_id = view(t.task->id);
  view_.turns = pointers_.data();
  view_.turn_count = pointers_.size();
  view_.prefix_turns = t.prefix_turns;
  view_.outcome = t.outcome;
}

}  // namespace ipr::rollout
