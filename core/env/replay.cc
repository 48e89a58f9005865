#include "core/env/replay.h"

#include <cstdio>

#include "core/env/session.h"

namespace ipr::env {
namespace {

Result<Json> info_of(const Step& step) {
  if (step.info_json.empty()) return Json(Json::object());
  return parse_json(step.info_json, "info_json");
}

Result<Json> actions_of(Episode& episode) {
  IPR_ASSIGN(const auto actions, episode.actions());
  return actions ? Json(*actions) : Json(nullptr);
}

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

void add_history(Json& history, const char* role, const std::string& content) {
  history.push_back({{"role", role}, {"content", content}});
}

Status prompt_history(const Environment& environment, const Task& task, const std::string& first_message,
                      Json& history) {
  IPR_ASSIGN(const Prompts prompts, environment.prompts());
  constexpr const char* kRoles[] = {"system", "user", "assistant"};
  for (const PromptMessage& message : prompts.of(task.id)) add_history(history, kRoles[message.role % 3], message.text);
  add_history(history, "user", first_message);
  return {};
}

// Bare actions: the environment alone, which goes on stepping after its end.
Status replay_actions(const Environment& environment, const Task& task, std::uint64_t seed, const Json& actions,
                      bool want_history, Json& out) {
  IPR_ASSIGN(Episode episode, environment.home(task.id).new_episode());
  IPR_ASSIGN(Step step, episode.reset(task.id, seed));
  Json history = Json::array();
  if (want_history) {
    IPR_ASSIGN(const std::string_view first, episode.render(step, true));
    IPR_TRY(prompt_history(environment, task, std::string(first), history));
  }
  out["initial"]["observation"] = step.observation;
  IPR_ASSIGN(out["initial"]["info"], info_of(step));
  IPR_ASSIGN(out["initial"]["available_actions"], actions_of(episode));
  double outcome = step.outcome;
  for (const Json& action : actions) {
    const std::string text = action.get<std::string>();
    IPR_ASSIGN(step, episode.step(text));
    outcome = step.outcome;
    Json one = {{"action", text},
                {"valid", !step.invalid()},
                {"observation", step.observation},
                {"reward", step.reward},
                {"terminated", step.terminated()},
                {"truncated", step.truncated()},
                {"success", step.success()},
                {"exit_status", "ok"}};
    IPR_ASSIGN(one["info"], info_of(step));
    std::string rendered;
    if (want_history) {
      IPR_ASSIGN(const std::string_view message, episode.render(step, false));
      rendered = message;
    }
    IPR_ASSIGN(const std::optional<double> progress, episode.progress());
    one["progress"] = progress ? Json(*progress) : Json(nullptr);
    IPR_ASSIGN(one["available_actions"], actions_of(episode));
    if (want_history) {
      IPR_ASSIGN(const std::string_view composed, episode.compose(text, {}));
      add_history(history, "assistant", std::string(composed));
      add_history(history, "user", rendered);
    }
    out["steps"].push_back(std::move(one));
  }
  out["outcome"] = outcome;
  out["fingerprint"] = hex(episode.fingerprint());
  if (want_history) out["history"] = std::move(history);
  return {};
}

// Whole assistant messages: the agent's wrapper, which stops when it has finished.
Status replay_messages(const Environment& environment, const Task& task, std::uint64_t seed, const Json& messages,
                       const ReplayOptions& options, Json& out) {
  IPR_ASSIGN(Session session, Session::start(environment, task, seed, options.max_steps));
  Json history = Json::array();
  IPR_TRY(prompt_history(environment, task, session.first_message(), history));
  out["initial"]["observation"] = session.first_message();
  IPR_ASSIGN(out["initial"]["info"], info_of(session.last_step()));
  IPR_ASSIGN(out["initial"]["available_actions"], actions_of(session.episode()));
  for (const Json& message : messages) {
    if (session.finished()) break;
    const std::string text = message.get<std::string>();
    IPR_ASSIGN(const Turn turn, session.say(text));
    Json one = {{"action", text},
                {"valid", turn.parsed && (turn.flags & IPR_STEP_INVALID) == 0},
                {"observation", turn.observation},
                {"reward", turn.reward},
                {"progress", turn.progress == turn.progress ? Json(turn.progress) : Json(nullptr)},
                {"terminated", session.terminated()},
                {"truncated", session.truncated()},
                {"success", session.success()},
                {"exit_status", exit_status_name(session.exit_status())}};
    one["info"] = Json::object();
    if (!turn.info_json.empty()) {
      IPR_ASSIGN(one["info"], parse_json(turn.info_json, "info_json"));
    }
    one["info"]["finished"] = session.finished();
    one["info"]["steps"] = session.steps();
    const Json own_reason = one["info"].value("terminate_reason", Json("success"));  // as the environment names its end
    one["info"]["terminate_reason"] = !session.finished()    ? Json(nullptr)
                                      : session.terminated() ? own_reason
                                                             : Json("max_steps");
    IPR_ASSIGN(one["available_actions"], actions_of(session.episode()));
    add_history(history, "assistant", text);
    add_history(history, "user", turn.observation);
    out["steps"].push_back(std::move(one));
  }
  out["outcome"] = session.outcome();
  out["fingerprint"] = hex(session.episode().fingerprint());
  if (options.history) out["history"] = std::move(history);
  return {};
}

Status run_case(const Environment& environment, const Json& input, const ReplayOptions& options, Json& out) {
  if (!input.is_object()) return usage("a case must be a JSON object");
  out["id"] = input.value("id", Json(nullptr));
  if (!input.contains("task")) return usage("a case needs \"task\": an id, or {\"split\":…,\"index\":…}");
  IPR_ASSIGN(const Task task, resolve_task(environment, input["task"]));
  out["task"] = task.id;
  out["instruction"] = task.instruction;
  const Json actions = input.value("actions", Json::array());
  if (!actions.is_array()) return usage("\"actions\" must be an array of strings");
  for (const Json& action : actions) {
    if (!action.is_string()) return usage("\"actions\" must be an array of strings");
  }
  const Json seed = input.value("seed", Json(0));
  if (!seed.is_number_integer()) return usage("\"seed\" must be an integer");
  const Json agent_text = input.value("agent_text", Json(false));
  if (!agent_text.is_boolean()) return usage("\"agent_text\" must be true or false");
  const auto seed_value = seed.get<std::uint64_t>();
  return agent_text.get<bool>() ? replay_messages(environment, task, seed_value, actions, options, out)
                                : replay_actions(environment, task, seed_value, actions, options.history, out);
}

}  // namespace

Result<Task> resolve_task(const Environment& environment, const Json& task) {
  if (task.is_string()) return environment.task_by_id(task.get<std::string>());
  if (task.is_number_unsigned()) return environment.task_by_id(std::to_string(task.get<std::uint64_t>()));
  if (!task.is_object() || !task.contains("index") || !task["index"].is_number_unsigned()) {
    return usage("\"task\" must be an id, or {\"split\":\"test\",\"index\":3}");
  }
  IPR_ASSIGN(const std::size_t split, environment.split_named(task.value("split", "test")));
  return environment.task_at(split, task["index"].get<std::uint64_t>());
}

Json replay_case(const Environment& environment, const Json& input, const ReplayOptions& options,
                 const Status& already) {
  Json out = {{"id", nullptr},          {"task", nullptr},    {"instruction", nullptr}, {"initial", Json::object()},
              {"steps", Json::array()}, {"outcome", nullptr}, {"fingerprint", nullptr}, {"error", nullptr}};
  const Status status = already.ok() ? run_case(environment, input, options, out) : already;
  if (!status.ok()) out["error"] = status.message();
  return out;
}

}  // namespace ipr::env
