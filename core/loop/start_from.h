// The SFT stage of another run as the start of this one (`--start-from RUN`): controls that differ only in what follows
// share one SFT model, with the same bits as if each had trained it.
#pragma once

#include <set>
#include <string>

#include "core/base/json.h"
#include "core/loop/policy.h"
#include "core/store/run_store.h"

namespace ipr::loop {

// The part of `decides` (the "config" of config.json) that the SFT model is a function of: runs with equal parts train
// the same one.
[[nodiscard]] Json start_config(const Json& decides);

// May a run that is decided by `decides` start from the SFT model of the run in `folder`?
// Code::kUsage names every part of the config that the SFT model depends on and that differs: environment, data,
// expert, model, seed, SFT settings, limits and device; what follows the SFT stage may differ. Code::kData where there
// is no run or its SFT stage is not complete.
[[nodiscard]] Status check_start(const std::string& folder, const Json& decides);

// May a run that is decided by `decides` take step scores of the run in `folder` (taken_scores.h)? Code::kUsage names
// what differs of that which the SFT model depends on, and of the scorer.
[[nodiscard]] Status check_scores(const std::string& folder, const Json& decides);

// The weights of that SFT model. `speech` is this run's own: Code::kUsage where the other run speaks another
// vocabulary, which tells that its expert said something else. Code::kData where the checkpoint is not what the run
// recorded.
[[nodiscard]] Result<model::Weights> load_start(const std::string& folder, const Speech& speech,
                                                const model::Weights& start);

// Copies that run's evaluation of the SFT model on these splits into `record` and marks `stage` as done, in one unit:
// greedy play of the same tasks by the same weights. False, and nothing done, where it does not have `tasks` tasks.
[[nodiscard]] Result<bool> take_evaluation(const std::string& folder, const std::set<std::string>& splits,
                                           std::size_t tasks, const std::string& stage, store::RunStore& record);

}  // namespace ipr::loop
