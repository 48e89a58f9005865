#include "bench/env_steps/walks.h"

#include "core/base/rng.h"

namespace ipr::bench {
namespace {

constexpr std::size_t kLongest = 15;

std::string page_of(const env::Step& step) {
  const std::string_view url = step.info_json;  // the page's name is a part of the path
  if (url.find("/search_results/") != url.npos) return "results";
  if (url.find("/item_sub_page/") != url.npos) return "sub page";
  if (url.find("/item_page/") != url.npos) return "item";
  if (url.find("/done/") != url.npos) return "done";
  return "index";
}

Result<std::vector<env::Task>> choose_tasks(const env::Environment& environment, std::size_t count) {
  std::vector<env::Task> tasks;
  for (std::uint64_t index = 0, before = ~0ull; tasks.size() < count && tasks.size() != before; ++index) {
    before = tasks.size();
    for (std::size_t split = 0; split < environment.splits().size() && tasks.size() < count; ++split) {
      if (index >= environment.splits()[split].task_count) continue;
      IPR_ASSIGN(env::Task task, environment.task_at(split, index));
      tasks.push_back(std::move(task));
    }
  }
  return tasks;
}

// The expert's action, or a random one; empty at the end.
Result<std::string> next_action(env::Episode& episode, bool expert, std::uint64_t seed) {
  if (!expert) return episode.sample_action(seed);
  IPR_ASSIGN(const auto advice, episode.expert());
  return std::string(advice ? advice->action : std::string_view());
}

}  // namespace

Result<Walks> record_walks(const env::Environment& environment, std::size_t count, std::uint64_t seed) {
  Walks walks;
  IPR_ASSIGN(const std::vector<env::Task> tasks, choose_tasks(environment, count));
  for (const env::Task& task : tasks) {
    const bool expert = walks.list.size() % 2 == 0;
    Walk walk{task.id, {}};
    IPR_ASSIGN(env::Episode episode, environment.new_episode());
    IPR_ASSIGN(env::Step step, episode.reset(task.id, 0));
    while (!step.terminated() && walk.actions.size() < kLongest) {
      IPR_ASSIGN(std::string action, next_action(episode, expert, mix(seed, fnv1a64(task.id), walk.actions.size())));
      if (action.empty()) break;
      IPR_ASSIGN(step, episode.step(action));
      ++walks.by_page[page_of(step)];
      walk.actions.push_back(std::move(action));
    }
    walks.steps += walk.actions.size();
    walks.list.push_back(std::move(walk));
  }
  return walks;
}

}  // namespace ipr::bench
