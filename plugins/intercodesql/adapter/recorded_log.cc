#include "adapter/recorded_log.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adapter/intercode.h"
#include "ipr/plugin.hpp"
#include "json_records.h"

namespace intercodesql {
namespace {

using ipr::sdk::Failure;

[[noreturn]] void wrong(const std::string& where, const std::string& expected) {
  throw Failure(IPR_DATA_LOSS, "intercodesql: " + where + ": expected " + expected);
}

bool is_of_person(const Record& record) {
  return !record.contains("actions") && record.contains("trajectory");
}

std::vector<std::string> read_actions(const Record& record, const std::string& where) {
  constexpr const char* kExpected =
      "a list of texts under \"actions\", or of objects with an \"action\" under \"trajectory\"";
  const bool of_person = is_of_person(record);
  const Record list = record.value(of_person ? "trajectory" : "actions", Record());
  if (!list.is_array()) wrong(where, kExpected);
  std::vector<std::string> actions;
  for (const Record& item : list) {
    const Record action = !of_person ? item : item.is_object() ? item.value("action", Record()) : Record();
    if (!action.is_string()) wrong(where, kExpected);
    actions.push_back(action.get<std::string>());
  }
  return actions;
}

std::optional<double> read_reward(const Record& record) {
  for (const char* name : {"max_reward", "reward"}) {
    if (record.contains(name) && record[name].is_number()) return record[name].get<double>();
  }
  return std::nullopt;
}

double best_turn(SqlEnv& env, const RecordedEpisode& episode) {
  double best = 0;
  for (std::size_t i = 0; i < episode.actions.size(); ++i) {
    env.step(episode.actions[i]);
    const double reward = env.reward_now();
    best = i == 0 ? reward : std::max(best, reward);
    if (reward == 1) break;
  }
  return best;
}

double last_turn(SqlEnv& env, const RecordedEpisode& episode) {
  for (const std::string& action : episode.actions) env.step(action);
  return env.reward_now();
}

double paid_at_submit(SqlEnv& env, const RecordedEpisode& episode) {
  for (const std::string& action : episode.actions) {
    const AgentAction parsed = parse_execute(action);
    if (!parsed.understood) continue;
    const SqlEnv::Result result = env.step(parsed.action);
    if (result.submitted) return result.reward;
  }
  return env.reward_now();
}

}  // namespace

RecordedEpisode read_recorded_episode(std::string_view line, const std::string& where) {
  const Record record = parse_document(line, where);
  if (!record.is_object() || !record.contains("task_id")) wrong(where, "an object with \"task_id\" and \"actions\"");
  const Record& id = record["task_id"];
  RecordedEpisode episode;
  episode.task_id = id.is_string() ? id.get<std::string>() : id.dump();
  episode.actions = read_actions(record, where);
  episode.reward = read_reward(record);
  episode.by_person = is_of_person(record);
  return episode;
}

double rescore(SqlEnv& env, const RecordedEpisode& episode, Runner runner) {
  if (episode.by_person) return last_turn(env, episode);
  return runner == Runner::kReact ? paid_at_submit(env, episode) : best_turn(env, episode);
}

}  // namespace intercodesql
