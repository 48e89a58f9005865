#include "core/loop/verify.h"

#include <cmath>
#include <filesystem>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/env/session.h"
#include "core/loop/certificate.h"
#include "core/loop/policy.h"

namespace ipr::loop {
namespace {

constexpr std::size_t kKept = 1000;  // differences

std::string text_of(const std::string& value) {
  return value;
}
std::string text_of(bool value) {
  return value ? "true" : "false";
}
std::string text_of(double value) {
  return std::isnan(value) ? "none" : Json(value).dump();
}
std::string text_of(std::uint32_t value) {
  return std::to_string(value);
}

bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}
template <typename T>
bool same(const T& a, const T& b) {
  return a == b;
}

// One episode against its record.
class EpisodeCheck {
 public:
  EpisodeCheck(const store::Episode& episode, Verification& verification)
      : episode_(episode), verification_(verification) {}

  template <typename T>
  void compare(const char* what, std::int32_t turn, const T& recorded, const T& now) {
    if (!same(recorded, now)) differs(what, turn, text_of(recorded), text_of(now));
  }
  void differs(const char* what, std::int32_t turn, std::string recorded, std::string now) {
    verification_.add({what, episode_.id, episode_.task_id, turn, std::move(recorded), std::move(now)});
  }
  void compare_turn(std::int32_t number, const store::Turn& recorded, const env::Turn& now) {
    compare("message", number, recorded.message, now.message);
    compare("action", number, recorded.action, now.action);
    compare("observation", number, recorded.observation, now.observation);
    compare("reward", number, recorded.reward, now.reward);
    compare("progress", number, recorded.progress, now.progress);
    compare("valid", number, recorded.valid, now.parsed && (now.flags & IPR_STEP_INVALID) == 0);
    compare("flags", number, recorded.flags, now.flags);
    compare("info", number, recorded.info_json, now.info_json);
  }
  void compare_end(const env::Session& session) {
    // The model's context was full: the environment had no part in that end.
    const bool overflow = episode_.exit_status == env::exit_status_name(env::ExitStatus::kContextOverflow);
    compare("outcome", -1, episode_.outcome, session.outcome());
    compare("terminated", -1, episode_.terminated, session.terminated());
    compare("truncated", -1, episode_.truncated, overflow || session.truncated());
    compare("success", -1, episode_.success, session.success());
    if (!overflow || session.finished())
      compare("exit_status", -1, episode_.exit_status, std::string(env::exit_status_name(session.exit_status())));
    compare("extra", -1, episode_.extra_json, session.stats_json());
  }

 private:
  const store::Episode& episode_;
  Verification& verification_;
};

class Replayer {
 public:
  Replayer(store::RunStore& record, const env::Environment& environment, std::uint64_t env_seed, int max_steps,
           Verification& verification)
      : record_(record),
        environment_(environment),
        env_seed_(env_seed),
        max_steps_(max_steps),
        verification_(verification) {}

  Status check(const store::Episode& episode) {
    EpisodeCheck check(episode, verification_);
    const Result<env::ExitStatus> exit = env::exit_status_from_name(episode.exit_status);
    if (!exit.ok()) {
      check.differs("exit_status", -1, episode.exit_status, "no exit status that is known");
    } else if (env::is_infrastructure(*exit)) {
      ++verification_.not_played;
      return {};
    }
    const Result<env::Task> task = environment_.task_by_id(episode.task_id);
    if (!task.ok()) {
      check.differs("task", -1, episode.task_id, task.status().message());
      return {};
    }
    const Status status = play(episode, *task, check);
    if (!status.ok()) check.differs("episode", -1, episode.exit_status, status.message());
    return {};
  }

 private:
  Status play(const store::Episode& episode, const env::Task& task, EpisodeCheck& check) {
    IPR_ASSIGN(env::Session session, env::Session::start(environment_, task, env_seed_, max_steps_));
    check.compare("first_observation", -1, episode.first_observation, session.first_message());
    ++verification_.episodes;
    if (episode.first_turn > 0) {  // these stand in the parent's record, and are compared there
      if (parent_.id != episode.parent_id) {
        IPR_ASSIGN(parent_, record_.episode(episode.parent_id));
      }
      for (std::int32_t i = 0; i < episode.first_turn && i < static_cast<std::int32_t>(parent_.turns.size()); ++i) {
        if (session.finished()) break;
        IPR_TRY(session.say(parent_.turns[static_cast<std::size_t>(i)].message).status());
      }
    }
    std::int32_t number = episode.first_turn;
    for (const store::Turn& turn : episode.turns) {
      if (session.finished()) {
        check.differs("turn", number, "goes on", "the episode has ended");
        return {};
      }
      IPR_ASSIGN(const env::Turn now, session.say(turn.message));
      check.compare_turn(number++, turn, now);
      ++verification_.turns;
    }
    check.compare_end(session);
    return {};
  }

  store::RunStore& record_;
  const env::Environment& environment_;
  const std::uint64_t env_seed_;
  const int max_steps_;
  Verification& verification_;
  store::Episode parent_;  // rollouts from one episode stand side by side
};

void compare_hash(const std::string& what, const std::string& recorded, const Result<std::string>& now,
                  Verification& verification) {
  const std::string is = now.ok() ? *now : now.status().message();
  if (recorded != is) verification.add({what, 0, {}, -1, recorded, is});
}

Result<std::string> file_hash(const std::string& path) {
  IPR_ASSIGN(const std::string bytes, read_file(path));
  return sha256_hex(bytes);
}

Result<std::string> checkpoint_hash(const std::string& folder) {
  IPR_ASSIGN(const model::Weights weights, model::load_checkpoint(folder, model::Precision::kAsStored));
  return weights_hash(weights);
}

Status verify_tasks(const std::string& path, const env::Environment& environment, Verification& verification) {
  IPR_ASSIGN(const Json panel, read_json(path));
  for (const Json& entry : panel) {
    const std::string id = entry.value("task", "");
    const Result<env::Task> task = environment.task_by_id(id);
    const std::string recorded = entry.value("sha256", ""),
                      now = task.ok() ? task_hash(*task) : task.status().message();
    if (recorded != now) verification.add({"task content", 0, id, -1, recorded, now});
  }
  return {};
}

void verify_plugins(const Json& plugins, const plugin::Registry& registry, Verification& verification) {
  for (const auto& [name, recorded] : plugins.items()) {
    std::string now = "not found; give --plugin-path";
    for (const plugin::Manifest& manifest : registry.plugins) {
      if (std::string(plugin::kind_name(manifest.kind)) + ":" + manifest.id != name) continue;
      const Result<std::string> hash = file_hash(manifest.path);
      now = hash.ok() ? *hash : hash.status().message();
    }
    if (recorded.get<std::string>() != now)
      verification.add({"plugin " + name, 0, {}, -1, recorded.get<std::string>(), now});
  }
}

}  // namespace

void Verification::add(Difference difference) {
  ++difference_count;
  if (differences.size() < kKept) differences.push_back(std::move(difference));
}

Status verify_episodes(store::RunStore& record, const env::Environment& environment, std::uint64_t env_seed,
                       int max_steps, ProgressLine& progress, const std::atomic<bool>& stop,
                       Verification& verification) {
  IPR_ASSIGN(const std::int64_t total, record.count_episodes({}));
  progress.begin("verify", "episodes", static_cast<std::uint64_t>(total));
  Replayer replayer(record, environment, env_seed, max_steps, verification);
  std::uint64_t done = 0;
  return record.for_each_episode({}, store::Turns::kLoad, [&](const store::Episode& episode) -> Status {
    if (stop) return {Code::kInterrupted, record.path() + ": interrupted"};
    IPR_TRY(replayer.check(episode));
    progress.update(++done);
    return {};
  });
}

Status verify_certificate(const std::string& folder, store::RunStore& record, const env::Environment& environment,
                          const plugin::Registry& registry, Verification& verification) {
  IPR_TRY(verify_tasks(folder + "/panel.json", environment, verification));
  IPR_ASSIGN(const std::vector<store::Policy> policies, record.policies());
  for (const store::Policy& policy : policies) {
    compare_hash("checkpoint " + policy.checkpoint, policy.sha256, checkpoint_hash(folder + "/" + policy.checkpoint),
                 verification);
  }
  verification.finished = std::filesystem::exists(folder + "/certificate.json");
  if (!verification.finished) return {};
  const std::string path = folder + "/certificate.json";
  IPR_ASSIGN(const Json certificate, read_json(path));
  try {
    compare_hash("config.json", certificate.at("config"), file_hash(folder + "/config.json"), verification);
    compare_hash("panel.json", certificate.at("panel"), file_hash(folder + "/panel.json"), verification);
    compare_hash("results", certificate.at("results"), results_hash(record), verification);
    for (const store::Policy& policy : policies) {
      const Json& recorded = certificate.at("checkpoints").at(policy.checkpoint);
      compare_hash("run.db: hash of " + policy.checkpoint, recorded, policy.sha256, verification);
    }
    verify_plugins(certificate.at("plugins"), registry, verification);
  } catch (const Json::exception& exception) {
    return bad_data(path + ": is no certificate: " + exception.what());
  }
  return {};
}

}  // namespace ipr::loop
