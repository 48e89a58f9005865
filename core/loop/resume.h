// What of a run is in its record already, and how more of it gets there: a run that is begun again skips exactly that.
//
// The stages of a run come in one fixed order (run.h). What a stage plays comes in a fixed order too, and is recorded
// in that order, so one number says what is there: its first N items. It is written in the unit of the items it counts;
// the unit of the last ones marks the stage as done.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "core/rollout/generator.h"
#include "core/rollout/trajectory.h"
#include "core/store/run_store.h"

namespace ipr::loop {

// "iter-2/train": a part of an iteration, as the record's tables `done` and `state` ("recorded/iter-2/explore-1") name
// it. Parts: explore-P (plan P), score, pairs, train (checkpoint included), then dev and test (evaluation). Before the
// first iteration comes the stage "expert"; iteration 0 is the SFT agent.
[[nodiscard]] std::string stage_name(int iteration, const std::string& part);

// How many items of the stage are recorded.
[[nodiscard]] Result<std::size_t> recorded_items(store::RunStore& record, const std::string& stage);

// What the work between two counters has cost.
[[nodiscard]] store::Cost cost_between(int iteration, const std::string& stage,
                                       const rollout::GeneratorCounters& before,
                                       const rollout::GeneratorCounters& after, std::size_t rollouts, double seconds);

// Brings what a stage plays into the record, a unit every few seconds.
class ChunkWriter {
 public:
  struct Stage {
    std::string name;          // stage_name()
    int iteration = 0;         // whom it costs
    const char* kind = "";     // store::kExplore, store::kEval
    std::size_t items = 0;     // of the whole stage
    std::size_t recorded = 0;  // already
    double unit_seconds = 0;   // a unit is written when the last one is this old
  };
  // Records one trajectory; inside a unit.
  using Write = std::function<Status(rollout::Trajectory)>;

  // The references must outlive the writer.
  ChunkWriter(store::RunStore& record, const rollout::Generator& generator, Stage stage, Write write);

  // All trajectories of the stage's next item.
  Status take(std::vector<rollout::Trajectory> trajectories);
  Status take(rollout::Trajectory trajectory);
  // Writes what still waits; also after an interruption.
  Status close();

 private:
  using Clock = std::chrono::steady_clock;
  Status write();

  store::RunStore& record_;
  const rollout::Generator& generator_;
  Stage stage_;
  const Write write_;
  std::vector<rollout::Trajectory> waiting_;
  std::size_t waiting_items_ = 0;
  rollout::GeneratorCounters counters_;  // at the last unit
  Clock::time_point last_unit_;
};

}  // namespace ipr::loop
