// A run's settings by name, and what tells several runs apart: how a table of runs calls its rows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/store/run_store.h"

namespace ipr::report {

// Every resolved value of a run's `config` by its name in `origin`: those of the plugins as `id.name` and
// `id.train.name`, flags as they are.
[[nodiscard]] std::map<std::string, std::string> named_values(const Json& decides);

struct RunSettings {
  std::string env, optimizer;  // plugin ids
  std::uint64_t seed = 0;
  std::map<std::string, std::string> values;  // all but the three
};
[[nodiscard]] Result<RunSettings> read_settings(store::RunStore& record);

// What each run is called beside the others of its environment; equal names: the same experiment with another seed.
// A name says the values that most of the others do not have, "ipr.step_weight=0", or all have differently; without
// any it is the optimizer's. Settings of the environment that go along with the seed, as a study's
// "env.world_seed": "${seed}", are part of the seed.
[[nodiscard]] std::vector<std::string> names_by_settings(const std::vector<RunSettings>& runs);

}  // namespace ipr::report
