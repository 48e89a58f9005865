#include "core/env/session.h"

#include "core/base/strings.h"

namespace ipr::env {
namespace {
constexpr const char* kExitNames[] = {"ok",        "invalid_format", "max_steps", "context_overflow",
                                      "env_error", "policy_error",   "timeout"};
}  // namespace

const char* exit_status_name(ExitStatus status) {
  return kExitNames[static_cast<int>(status)];
}

Result<ExitStatus> exit_status_from_name(const std::string& name) {
  for (int i = 0; i < 7; ++i) {
    if (name == kExitNames[i]) return static_cast<ExitStatus>(i);
  }
  return bad_data("unknown exit_status \"" + name + "\"");
}

Session::Session(const Environment& environment, Task task, std::uint64_t seed, Episode episode)
    : environment_(&environment), task_(std::move(task)), seed_(seed), episode_(std::move(episode)) {}

Result<Session> Session::start(const Environment& environment, const Task& task, std::uint64_t seed, int max_steps) {
  const Environment& home = environment.home(task.id);
  IPR_ASSIGN(Episode episode, home.new_episode());
  Session session(home, task, seed, std::move(episode));
  session.max_steps_ = max_steps > 0 ? max_steps : task.max_steps > 0 ? task.max_steps : home.defaults().max_steps;
  IPR_ASSIGN(session.last_step_, session.episode_.reset(task.id, seed));
  session.flags_ = session.last_step_.flags;
  session.outcome_ = session.last_step_.outcome;
  session.stats_json_ = session.last_step_.stats_json;
  IPR_ASSIGN(const std::string_view message, session.episode_.render(session.last_step_, /*first=*/true));
  session.first_message_ = message;
  return session;
}

Result<Turn> Session::say(std::string_view message) {
  Turn turn;
  turn.message = valid_utf8(message);
  ++steps_;
  IPR_ASSIGN(const Parsed parsed, episode_.parse(turn.message));
  turn.parsed = parsed.valid;
  if (parsed.valid) {
    turn.action = parsed.action;
    IPR_ASSIGN(last_step_, episode_.step(turn.action));
    flags_ = last_step_.flags;
    outcome_ = last_step_.outcome;
    stats_json_ = last_step_.stats_json;
    turn.reward = last_step_.reward;
    turn.info_json = last_step_.info_json;
    IPR_ASSIGN(const std::optional<double> progress, episode_.progress());
    turn.progress = progress.value_or(kNone);
    IPR_ASSIGN(const std::string_view rendered, episode_.render(last_step_, /*first=*/false));
    turn.observation = rendered;
  } else {
    turn.observation = parsed.feedback;
    flags_ = (flags_ & ~std::uint32_t{IPR_STEP_TERMINATED}) | IPR_STEP_INVALID;
    outcome_ = parsed.outcome;
    turn.progress = environment_->has_progress() ? 0 : kNone;
  }
  turn.flags = flags_;
  const bool ended = (flags_ & (IPR_STEP_TERMINATED | IPR_STEP_TRUNCATED)) != 0;
  finished_ = ended || steps_ >= max_steps_;
  if (finished_ && !terminated()) exit_status_ = turn.parsed ? ExitStatus::kMaxSteps : ExitStatus::kInvalidFormat;
  return turn;
}

Result<std::string> Session::expert_message() {
  IPR_ASSIGN(const std::optional<ExpertAction> next, episode_.expert());
  if (!next) return std::string();
  const std::string action(next->action), thought(next->thought);  // compose may reuse what the views point to
  return compose(action, thought);
}

Result<std::string> Session::compose(std::string_view action, std::string_view thought) {
  IPR_ASSIGN(const std::string_view message, episode_.compose(action, thought));
  return std::string(message);
}

Result<Session> Session::fork(const std::vector<Turn>& turns) const {
  if (environment_->can_fork()) {
    IPR_ASSIGN(Episode copy, episode_.fork());
    Session forked(*environment_, task_, seed_, std::move(copy));
    forked.first_message_ = first_message_;
    forked.stats_json_ = stats_json_;
    forked.steps_ = steps_;
    forked.max_steps_ = max_steps_;
    forked.finished_ = finished_;
    forked.outcome_ = outcome_;
    forked.flags_ = flags_;
    forked.exit_status_ = exit_status_;
    return forked;
  }
  IPR_ASSIGN(Session replayed, start(*environment_, task_, seed_, max_steps_));
  for (const Turn& turn : turns) {
    IPR_ASSIGN(const Turn again, replayed.say(turn.message));
    if (again.observation != turn.observation) {
      return bad_data("environment \"" + environment_->id() + "\": task " + task_.id + ": replay differs at turn " +
                      std::to_string(replayed.steps_) + "; the environment is not deterministic");
    }
  }
  return replayed;
}

}  // namespace ipr::env
