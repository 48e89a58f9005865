// How one stage trains: what the optimizer asks for, what the user changed, and two bounds of the loop's own.
#pragma once

#include <cstdint>
#include <vector>

#include "core/loop/method.h"
#include "core/loop/run.h"
#include "core/train/schedule.h"

namespace ipr::loop {

// The plugin's defaults, then the profile's and the user's values. Two keys belong to the loop, for models trained from
// scratch on episodes of unknown length: `max_tokens`, beyond which no further epoch begins (one always runs), and
// `observation_share`, how many times the agent's tokens all others together may weigh (long pages would drown the
// actions otherwise).
struct StageSettings {
  train::TrainSettings train;
  double max_tokens = 0, observation_share = 0;  // 0: no bound
};

// Reads a JSON object of training settings. Code::kUsage for an unknown key (with the nearest known one), a wrong type
// or a value outside its range; `source` begins the message.
[[nodiscard]] Result<StageSettings> stage_settings_from_json(Json json, const std::string& source);

// The settings of an iteration (0: the first stage).
[[nodiscard]] Result<StageSettings> settings_of(const OptimizerPlugin& optimizer, const PluginChoice& choice,
                                                int iteration);

// Code::kUsage unless the optimizer trains what the command is there for: a policy, or a scorer's values. Code::kPlugin
// where its loss wants something else than its settings say it trains.
[[nodiscard]] Status check_trains(const OptimizerPlugin& optimizer, const StageSettings& settings,
                                  train::Output wanted);

// How many epochs the rows leave room for.
[[nodiscard]] std::int64_t bounded_epochs(const StageSettings& settings, const std::vector<train::TrainRow>& rows);

// Lowers the weight of the other tokens where they would outweigh the agent's by more than the share.
void bound_observations(const StageSettings& settings, std::vector<train::TrainRow>& rows);

}  // namespace ipr::loop
