// Recorded agents of InterCode, and people, to be scored again.
//
// A line of a log is a JSON object with `task_id` and `actions`, as the published logs hold them: what the runner
// parsed out of each message, `execute[…]` and `submit` in the ReAct run. The log of people has `trajectory` instead, a
// list of objects with an `action`. Other members are left alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/runner.h"
#include "environment/sql_env.h"

namespace intercodesql {

struct RecordedEpisode {
  std::string task_id;
  std::vector<std::string> actions;
  std::optional<double> reward;  // `max_reward`, or `reward` in the log of people, where the log has it
  bool by_person = false;
};

// Throws sdk::Failure (IPR_DATA_LOSS) with `where` for a line of another form.
[[nodiscard]] RecordedEpisode read_recorded_episode(std::string_view line, const std::string& where);

// What the episode earns here: the best turn of try_again, which ends at reward 1; what is paid at submit in the ReAct
// run; a person's last turn, whatever the runner. `env` has been reset to the episode's task.
[[nodiscard]] double rescore(SqlEnv& env, const RecordedEpisode& episode, Runner runner);

}  // namespace intercodesql
