#include "core/loop/expert.h"

#include <sstream>

#include "core/base/files.h"

namespace ipr::loop {
namespace {

void begin(rollout::Trajectory& trajectory, const env::Task& task, const env::Session& session) {
  trajectory.task = &task;
  trajectory.expert = true;
  trajectory.first_message = session.first_message();
}

Status take_turn(rollout::Trajectory& trajectory, env::Session& session, const std::string& message) {
  rollout::TrajectoryTurn turn;
  IPR_ASSIGN(static_cast<env::Turn&>(turn), session.say(message));
  trajectory.turns.push_back(std::move(turn));
  return {};
}

Result<ExpertRecord> read_checked_record(const Json& record, const std::string& where) {
  ExpertRecord expert;
  const Json* id = record.contains("id")          ? &record["id"]
                   : record.contains("game_file") ? &record["game_file"]
                                                  : nullptr;
  if (id == nullptr) return bad_data(where + ": has neither \"id\" nor \"game_file\" to name its task");
  expert.task_id = id->is_string() ? id->get<std::string>() : id->dump();
  const bool sharegpt = record.contains("conversations");
  const Json turns = record.value(sharegpt ? "conversations" : "messages", Json());
  if (!turns.is_array()) return bad_data(where + ": has no \"conversations\" and no \"messages\" array");
  for (const Json& turn : turns) {
    const std::string role = turn.value(sharegpt ? "from" : "role", "");
    const std::string text = turn.value(sharegpt ? "value" : "content", "");
    const bool agent = role == "gpt" || role == "assistant";
    if (agent && expert.replies.empty() && text == "OK") continue;  // the answer to the instruction
    if (agent) expert.replies.push_back(text);
  }
  if (expert.replies.empty()) return bad_data(where + ": holds no message of the agent");
  return expert;
}

Result<ExpertRecord> read_record(const Json& record, const std::string& where) {
  try {
    return read_checked_record(record, where);
  } catch (const Json::exception& exception) {  // a value of another type than the format's
    return bad_data(where + ": is no trajectory record: " + exception.what());
  }
}

}  // namespace

Result<std::optional<rollout::Trajectory>> play_expert(const env::Environment& environment, const env::Task& task,
                                                       std::uint64_t env_seed, int max_steps) {
  IPR_ASSIGN(env::Session session, env::Session::start(environment, task, env_seed, max_steps));
  rollout::Trajectory trajectory;
  begin(trajectory, task, session);
  while (!session.finished()) {
    IPR_ASSIGN(const std::string message, session.expert_message());
    if (message.empty()) break;
    IPR_TRY(take_turn(trajectory, session, message));
  }
  if (trajectory.turns.empty()) return std::optional<rollout::Trajectory>();
  take_end(trajectory, session);
  return std::optional<rollout::Trajectory>(std::move(trajectory));
}

Result<std::vector<ExpertRecord>> read_expert_file(const std::string& path) {
  IPR_ASSIGN(const std::string text, read_file(path));
  std::vector<ExpertRecord> experts;
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '[') {
    IPR_ASSIGN(const Json list, parse_json(text, path));
    for (std::size_t i = 0; i < list.size(); ++i) {
      IPR_ASSIGN(ExpertRecord expert, read_record(list[i], path + ": record " + std::to_string(i)));
      experts.push_back(std::move(expert));
    }
    return experts;
  }
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = path + ": line " + std::to_string(number);
    IPR_ASSIGN(const Json record, parse_json_line(line, where));
    IPR_ASSIGN(ExpertRecord expert, read_record(record, where));
    experts.push_back(std::move(expert));
  }
  return experts;
}

Result<rollout::Trajectory> play_replies(const env::Environment& environment, const env::Task& task,
                                         const std::vector<std::string>& replies, std::uint64_t env_seed,
                                         int max_steps) {
  IPR_ASSIGN(env::Session session, env::Session::start(environment, task, env_seed, max_steps));
  rollout::Trajectory trajectory;
  begin(trajectory, task, session);
  for (const std::string& reply : replies) {
    if (session.finished()) break;
    IPR_TRY(take_turn(trajectory, session, reply));
  }
  take_end(trajectory, session);
  return trajectory;
}

}  // namespace ipr::loop
