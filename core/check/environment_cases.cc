// What an environment must do: determinism, independence, honest actions, robust text.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>

#include "core/base/rng.h"
#include "core/check/cases.h"
#include "core/env/session.h"

namespace ipr::check {
namespace {

constexpr std::size_t kTasks = 12;  // looked at per case
constexpr int kSteps = 12;

Result<std::unique_ptr<env::Environment>> make(const Subject& subject) {
  IPR_ASSIGN(auto instance, make_instance(subject));
  return env::Environment::make(std::move(instance));
}

Result<std::vector<env::Task>> some_tasks(const env::Environment& environment) {
  std::vector<env::Task> tasks;
  for (std::size_t split = 0; split < environment.splits().size(); ++split) {
    const std::uint64_t count = environment.splits()[split].task_count;
    const std::uint64_t stride = std::max<std::uint64_t>(1, count / 4);
    for (std::uint64_t i = 0; i < count && tasks.size() < kTasks; i += stride) {
      IPR_ASSIGN(env::Task task, environment.task_at(split, i));
      tasks.push_back(std::move(task));
    }
  }
  if (tasks.empty()) return plugin_error("the environment has no tasks");
  return tasks;
}

// All that a step shows, as one text to compare.
std::string facts(const env::Step& step, env::Episode& episode) {
  char numbers[96];
  std::snprintf(numbers, sizeof numbers, "|%u|%.17g|%.17g|", step.flags, step.reward, step.outcome);
  std::string text =
      std::string(step.observation) + numbers + std::string(step.info_json) + std::string(step.stats_json);
  const auto progress = episode.progress();
  if (progress.ok() && *progress) text.append("|").append(std::to_string(**progress));
  return text;
}

Result<std::string> choose_action(const env::Environment& environment, env::Episode& episode, std::uint64_t seed) {
  if (environment.samples_actions()) return episode.sample_action(seed);
  IPR_ASSIGN(const auto actions, episode.actions());
  if (!actions || actions->empty()) return std::string("look");
  return (*actions)[Rng(seed).below(actions->size())];
}

struct Walk {
  std::vector<std::string> actions;
  std::vector<std::string> facts;  // after the reset and after each action
};

// A seeded random walk from the start of a task, or the given actions again.
Result<Walk> walk(const env::Environment& environment, const env::Task& task, std::uint64_t seed,
                  const std::vector<std::string>* again = nullptr) {
  Walk taken;
  IPR_ASSIGN(env::Episode episode, environment.new_episode());
  IPR_ASSIGN(env::Step step, episode.reset(task.id, seed));
  taken.facts.push_back(facts(step, episode));
  const std::size_t length = again != nullptr ? again->size() : static_cast<std::size_t>(kSteps);
  for (std::size_t i = 0; i < length; ++i) {
    std::string action;
    if (again != nullptr) {
      action = (*again)[i];
    } else {
      IPR_ASSIGN(action, choose_action(environment, episode, mix(seed, i)));
    }
    IPR_ASSIGN(step, episode.step(action));
    taken.actions.push_back(action);
    taken.facts.push_back(facts(step, episode));
  }
  return taken;
}

Outcome task_ids_unique(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  std::set<std::string> seen;
  for (std::size_t split = 0; split < environment->splits().size(); ++split) {
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(environment->splits()[split].task_count, 20000); ++i) {
      IPR_NEED(const env::Task task, environment->task_at(split, i));
      IPR_EXPECT(seen.insert(task.id).second, "task id \"" + task.id + "\" stands twice");
      if (i < 50) {
        IPR_NEED(const env::Task found, environment->task_by_id(task.id));
        IPR_EXPECT(found.id == task.id && found.instruction == task.instruction,
                   "task_by_id(\"" + task.id + "\") is another task");
      }
    }
  }
  IPR_EXPECT(!seen.empty(), "the environment has no tasks");
  IPR_EXPECT(!environment->task_by_id("no such task \x01").ok(), "task_by_id must refuse an id that does not exist");
  return passed();
}

Outcome reset_twice_equal(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  IPR_NEED(const auto tasks, some_tasks(*environment));
  IPR_NEED(env::Episode episode, environment->new_episode());
  for (const env::Task& task : tasks) {
    IPR_NEED(const env::Step first, episode.reset(task.id, subject.seed));
    const std::string before = facts(first, episode);
    IPR_NEED(const std::string action, choose_action(*environment, episode, subject.seed));
    IPR_NEED([[maybe_unused]] const env::Step between, episode.step(action));
    IPR_NEED(const env::Step second, episode.reset(task.id, subject.seed));
    IPR_EXPECT(facts(second, episode) == before, "task " + task.id + ": the second reset shows something else");
  }
  return passed();
}

Outcome random_walk(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  IPR_NEED(const auto tasks, some_tasks(*environment));
  for (const env::Task& task : tasks) {
    IPR_NEED([[maybe_unused]] const Walk taken, walk(*environment, task, mix(subject.seed, 1)));
  }
  return passed();
}

Outcome replay_equal(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  IPR_NEED(const auto tasks, some_tasks(*environment));
  for (const env::Task& task : tasks) {
    IPR_NEED(const Walk first, walk(*environment, task, mix(subject.seed, 2)));
    IPR_NEED(const Walk second, walk(*environment, task, mix(subject.seed, 2), &first.actions));
    IPR_EXPECT(first.facts == second.facts,
               "task " + task.id + ": the same actions gave something else the second time");
  }
  return passed();
}

Outcome fork_equals_replay(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  if (!environment->can_fork()) return skipped("no " IPR_ENV_SNAPSHOT_V1);
  IPR_NEED(const auto tasks, some_tasks(*environment));
  for (const env::Task& task : tasks) {
    const std::uint64_t seed = mix(subject.seed, 3);
    IPR_NEED(const Walk whole, walk(*environment, task, seed));
    for (std::size_t keep = 0; keep <= whole.actions.size(); keep += 3) {
      IPR_NEED(env::Episode episode, environment->new_episode());
      IPR_NEED(env::Step step, episode.reset(task.id, seed));
      for (std::size_t i = 0; i < keep; ++i) {
        IPR_NEED(step, episode.step(whole.actions[i]));
      }
      IPR_NEED(env::Episode copy, episode.fork());
      IPR_NEED([[maybe_unused]] const env::Step moved,
               episode.step(whole.actions.front()));  // the source goes its own way
      for (std::size_t i = keep; i < whole.actions.size(); ++i) {
        IPR_NEED(step, copy.step(whole.actions[i]));
        IPR_EXPECT(facts(step, copy) == whole.facts[i + 1], "task " + task.id + ": forked after " +
                                                                std::to_string(keep) + " steps, step " +
                                                                std::to_string(i + 1) + " differs from replay");
      }
    }
  }
  return passed();
}

Outcome fingerprint_agrees(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  if (!environment->can_fork()) return skipped("no " IPR_ENV_SNAPSHOT_V1);
  IPR_NEED(const auto tasks, some_tasks(*environment));
  for (const env::Task& task : tasks) {
    IPR_NEED(env::Episode a, environment->new_episode());
    IPR_NEED(env::Episode b, environment->new_episode());
    IPR_NEED([[maybe_unused]] env::Step step, a.reset(task.id, subject.seed));
    IPR_NEED([[maybe_unused]] env::Step other, b.reset(task.id, subject.seed));
    if (a.fingerprint() == 0) return skipped("fingerprint unknown");
    for (int i = 0; i < kSteps; ++i) {
      IPR_EXPECT(a.fingerprint() == b.fingerprint(),
                 "task " + task.id + ": equal histories have different fingerprints");
      IPR_NEED(const std::string action,
               choose_action(*environment, a, mix(subject.seed, static_cast<std::uint64_t>(i))));
      IPR_NEED(step, a.step(action));
      IPR_NEED(other, b.step(action));
    }
  }
  return passed();
}

// Odd text must be answered, never refused, and what comes back must be the same on a second try.
Outcome survives(const Subject& subject, const std::string& action) {
  IPR_NEED(const auto environment, make(subject));
  IPR_NEED(const auto tasks, some_tasks(*environment));
  const std::vector<std::string> actions = {action, action};
  IPR_NEED(const Walk first, walk(*environment, tasks[0], subject.seed, &actions));
  IPR_NEED(const Walk second, walk(*environment, tasks[0], subject.seed, &actions));
  IPR_EXPECT(first.facts == second.facts, "not deterministic for odd text");
  for (const std::string& shown : first.facts) {
    const std::string json = Json(shown).dump(-1, ' ', false, Json::error_handler_t::ignore);
    IPR_EXPECT(Json::parse(json) == Json(shown), "returned text that is not UTF-8");
  }
  IPR_NEED(env::Episode episode, environment->new_episode());
  IPR_NEED([[maybe_unused]] const env::Step step, episode.reset(tasks[0].id, subject.seed));
  IPR_NEED([[maybe_unused]] const env::Parsed parsed, episode.parse(action));
  return passed();
}

Outcome bad_utf8_action(const Subject& subject) {
  return survives(subject, "go \xFF\xC0\x80 \xED\xA0\x80[\xF5]");
}
Outcome empty_action(const Subject& subject) {
  return survives(subject, "");
}
Outcome huge_action(const Subject& subject) {
  return survives(subject, std::string(std::size_t{1} << 20, 'x'));
}

Outcome step_after_end(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  if (!environment->has_expert()) return skipped("no " IPR_ENV_EXPERT_V1 " to reach an end with");
  IPR_NEED(const auto tasks, some_tasks(*environment));
  for (const env::Task& task : tasks) {
    IPR_NEED(env::Episode episode, environment->new_episode());
    IPR_NEED(env::Step step, episode.reset(task.id, subject.seed));
    for (int i = 0; i < 500 && !step.terminated(); ++i) {
      IPR_NEED(const auto next, episode.expert());
      if (!next) break;
      const std::string action(next->action);
      IPR_NEED(step, episode.step(action));
    }
    for (int i = 0; i < 3; ++i) {
      IPR_NEED(const std::string action, choose_action(*environment, episode, static_cast<std::uint64_t>(i)));
      IPR_NEED(step, episode.step(action));
    }
  }
  return passed();
}

Outcome episodes_independent(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  IPR_NEED(const auto tasks, some_tasks(*environment));
  const env::Task &one = tasks.front(), &two = tasks.back();
  IPR_NEED(const Walk alone, walk(*environment, one, mix(subject.seed, 4)));
  IPR_NEED(const Walk beside, walk(*environment, two, mix(subject.seed, 5)));
  IPR_NEED(env::Episode a, environment->new_episode());
  IPR_NEED(env::Episode b, environment->new_episode());
  IPR_NEED(env::Step step, a.reset(one.id, mix(subject.seed, 4)));
  IPR_NEED(env::Step other, b.reset(two.id, mix(subject.seed, 5)));
  for (std::size_t i = 0; i < alone.actions.size(); ++i) {
    IPR_NEED(step, a.step(alone.actions[i]));
    IPR_EXPECT(facts(step, a) == alone.facts[i + 1], "an episode shows something else when another one runs beside it");
    IPR_NEED(other, b.step(beside.actions[i]));
    IPR_EXPECT(facts(other, b) == beside.facts[i + 1],
               "an episode shows something else when another one runs beside it");
  }
  return passed();
}

Outcome two_threads_equal_one(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  IPR_NEED(const auto tasks, some_tasks(*environment));
  std::vector<Walk> alone;
  for (const env::Task& task : tasks) {
    IPR_NEED(Walk taken, walk(*environment, task, mix(subject.seed, 6)));
    alone.push_back(std::move(taken));
  }
  std::vector<std::string> trouble(2);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < tasks.size(); ++i) {
        const Result<Walk> taken = walk(*environment, tasks[i], mix(subject.seed, 6));
        if (!taken.ok()) trouble[t] = taken.status().message();
        if (taken.ok() && taken->facts != alone[i].facts)
          trouble[t] = "task " + tasks[i].id + " shows something else beside another thread";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : trouble) IPR_EXPECT(text.empty(), text);
  return passed();
}

Outcome listed_actions_valid(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  if (!environment->lists_actions()) return skipped("the action space is open");
  IPR_NEED(const auto tasks, some_tasks(*environment));
  for (const env::Task& task : tasks) {
    IPR_NEED(const Walk taken, walk(*environment, task, mix(subject.seed, 7)));
    for (std::size_t keep = 0; keep <= taken.actions.size(); keep += 4) {
      IPR_NEED(env::Episode episode, environment->new_episode());
      IPR_NEED([[maybe_unused]] env::Step step, episode.reset(task.id, mix(subject.seed, 7)));
      for (std::size_t i = 0; i < keep; ++i) {
        IPR_NEED(step, episode.step(taken.actions[i]));
      }
      IPR_NEED(const auto listed, episode.actions());
      IPR_EXPECT(listed.has_value(), "task " + task.id + ": no list of actions though the plugin offers one");
      const std::vector<std::string>& actions = *listed;
      const std::size_t tried = std::min<std::size_t>(actions.size(), 6);
      for (std::size_t i = 0; i < tried; ++i) {
        const std::string& action = actions[i * actions.size() / tried];
        IPR_NEED(env::Episode fresh, environment->new_episode());
        IPR_NEED(env::Step moved, fresh.reset(task.id, mix(subject.seed, 7)));
        for (std::size_t k = 0; k < keep; ++k) {
          IPR_NEED(moved, fresh.step(taken.actions[k]));
        }
        IPR_NEED(moved, fresh.step(action));
        IPR_EXPECT(!moved.invalid(),
                   "task " + task.id + ": the listed action \"" + action + "\" is answered as invalid");
      }
    }
  }
  return passed();
}

Outcome outcome_in_range(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  IPR_NEED(const auto tasks, some_tasks(*environment));
  for (const env::Task& task : tasks) {
    IPR_NEED(env::Episode episode, environment->new_episode());
    IPR_NEED(env::Step step, episode.reset(task.id, subject.seed));
    for (int i = 0; i < 2 * kSteps; ++i) {
      IPR_EXPECT(step.outcome >= environment->outcome_min() && step.outcome <= environment->outcome_max(),
                 "task " + task.id + ": outcome " + std::to_string(step.outcome) + " is outside the declared range");
      IPR_NEED(const auto progress, episode.progress());
      IPR_EXPECT(!progress || (*progress >= -1 && *progress <= 1),
                 "task " + task.id + ": progress is outside its range");
      IPR_NEED(const std::string action,
               choose_action(*environment, episode, mix(subject.seed, 8, static_cast<std::uint64_t>(i))));
      IPR_NEED(step, episode.step(action));
    }
  }
  return passed();
}

Outcome expert_reaches_success(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  if (!environment->has_expert()) return skipped("no " IPR_ENV_EXPERT_V1);
  IPR_NEED(const auto tasks, some_tasks(*environment));
  int reached = 0;
  for (const env::Task& task : tasks) {
    IPR_NEED(env::Session session, env::Session::start(*environment, task, subject.seed, 0));
    while (!session.finished()) {
      IPR_NEED(const std::string message, session.expert_message());
      if (message.empty()) break;
      IPR_NEED(const env::Turn turn, session.say(message));
      IPR_EXPECT(turn.parsed,
                 "task " + task.id + ": the expert's message \"" + message + "\" is not understood by parse");
    }
    reached += session.success() ? 1 : 0;
  }
  IPR_EXPECT(2 * reached >= static_cast<int>(tasks.size()), "the expert ended in success on only " +
                                                                std::to_string(reached) + " of " +
                                                                std::to_string(tasks.size()) + " tasks");
  return passed();
}

Outcome cancel_under_100ms(const Subject& subject) {
  IPR_NEED(const auto instance, make_instance(subject));
  const auto* table = instance->extension<ipr_environment_v1>(IPR_ENVIRONMENT_V1);
  IPR_EXPECT(table != nullptr, "no " IPR_ENVIRONMENT_V1);
  const plugin::Context cancelled(0, [] { return true; });
  ipr_task task{};
  task.struct_size = sizeof task;
  IPR_EXPECT(table->task_at(instance->self(), 0, 0, &task, nullptr) == IPR_OK, "task_at(0, 0) failed");
  ipr_episode* episode = nullptr;
  IPR_EXPECT(table->episode_new(instance->self(), &episode, nullptr) == IPR_OK, "episode_new failed");
  ipr_step step{};
  step.struct_size = sizeof step;
  const auto began = std::chrono::steady_clock::now();
  const ipr_status status = table->reset(episode, cancelled.get(), task.id, 0, &step, nullptr);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  table->episode_free(episode);
  IPR_EXPECT(status == IPR_OK || status == IPR_CANCELLED,
             "a cancelled reset must end with IPR_CANCELLED or have been done already");
  IPR_EXPECT(seconds < 0.1, "a cancelled reset went on for " + std::to_string(seconds) + " s");
  return passed();
}

Outcome error_sizes(const Subject& subject, std::uint32_t size, std::size_t room) {
  IPR_NEED(const auto instance, make_instance(subject));
  const auto* table = instance->extension<ipr_environment_v1>(IPR_ENVIRONMENT_V1);
  IPR_EXPECT(table != nullptr, "no " IPR_ENVIRONMENT_V1);
  std::vector<unsigned char> memory(room + 64, 0xA5);
  auto* error = reinterpret_cast<ipr_error*>(memory.data());
  error->struct_size = size;
  ipr_task task{};
  task.struct_size = sizeof task;
  const ipr_status status = table->task_by_id(instance->self(), {"no such task", 12}, &task, error);
  IPR_EXPECT(status != IPR_OK, "task_by_id must refuse an id that does not exist");
  for (std::size_t i = room; i < memory.size(); ++i)
    IPR_EXPECT(memory[i] == 0xA5, "wrote behind an error struct of " + std::to_string(size) + " bytes");
  return passed();
}
Outcome small_struct_size(const Subject& subject) {
  return error_sizes(subject, 8, 8);
}
Outcome large_struct_size(const Subject& subject) {
  return error_sizes(subject, sizeof(ipr_error) + 64, sizeof(ipr_error));
}

Outcome no_leak_1000_episodes(const Subject& subject) {
  IPR_NEED(const auto environment, make(subject));
  IPR_NEED(const auto tasks, some_tasks(*environment));
  const auto play = [&](int count) -> Status {
    for (int i = 0; i < count; ++i) {
      const env::Task& task = tasks[static_cast<std::size_t>(i) % tasks.size()];
      IPR_ASSIGN(const Walk taken, walk(*environment, task, mix(subject.seed, 9, static_cast<std::uint64_t>(i % 40))));
    }
    return {};
  };
  IPR_EXPECT(play(400).ok(), "episodes failed");  // caches fill
  const std::size_t before = mallinfo2().uordblks;
  IPR_EXPECT(play(1000).ok(), "episodes failed");
  const std::size_t after = mallinfo2().uordblks;
  IPR_EXPECT(after < before + (std::size_t{1} << 20),
             "1,000 episodes left " + std::to_string((after - before) >> 10) + " KiB behind");
  return passed();
}

}  // namespace

const std::vector<Case>& environment_cases() {
  static const std::vector<Case> cases = {{"task-ids-unique", task_ids_unique},
                                          {"reset-twice-equal", reset_twice_equal},
                                          {"random-walk", random_walk},
                                          {"replay-equal", replay_equal},
                                          {"fork-equals-replay", fork_equals_replay},
                                          {"fingerprint-agrees", fingerprint_agrees},
                                          {"bad-utf8-action", bad_utf8_action},
                                          {"empty-action", empty_action},
                                          {"1MiB-action", huge_action},
                                          {"step-after-end", step_after_end},
                                          {"episodes-independent", episodes_independent},
                                          {"two-threads-equal-one", two_threads_equal_one},
                                          {"listed-actions-valid", listed_actions_valid},
                                          {"outcome-in-range", outcome_in_range},
                                          {"expert-reaches-success", expert_reaches_success},
                                          {"cancel-under-100ms", cancel_under_100ms},
                                          {"small-struct-size", small_struct_size},
                                          {"large-struct-size", large_struct_size},
                                          {"no-leak-1000-episodes", no_leak_1000_episodes, 180}};
  return cases;
}

}  // namespace ipr::check
