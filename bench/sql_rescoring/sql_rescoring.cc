// Scores recorded agents of InterCode again: mean reward and solved tasks in both reward modes, and how many episodes
// earn what a MySQL server paid them, where the log says it.
//
//   bench-sql-rescoring --data DIR LOG.jsonl…        (a log whose actions are `execute[…]` is a ReAct run)

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "adapter/recorded_log.h"
#include "engine/server.h"
#include "environment/sql_env.h"
#include "import/load.h"
#include "ipr/plugin.hpp"

namespace {

using namespace intercodesql;

struct Summary {
  std::size_t episodes = 0, solved = 0, known = 0, equal = 0;
  double iou = 0, intercode = 0, recorded = 0;
  std::string differing;  // task ids
};

std::vector<RecordedEpisode> read_log(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw ipr::sdk::Failure(IPR_DATA_LOSS, path + ": cannot be read");
  std::vector<RecordedEpisode> episodes;
  for (std::string line; std::getline(file, line);) {
    episodes.push_back(read_recorded_episode(line, path + ": line " + std::to_string(episodes.size() + 1)));
  }
  return episodes;
}

Runner runner_of(const std::vector<RecordedEpisode>& episodes) {
  for (const RecordedEpisode& episode : episodes) {
    for (const std::string& action : episode.actions) {
      if (action.starts_with("execute[")) return Runner::kReact;
    }
  }
  return Runner::kTryAgain;
}

double play(const SqlWorld& world, const RecordedEpisode& episode, Runner runner) {
  const auto task = world.tasks->find(episode.task_id);
  if (!task) throw ipr::sdk::Failure(IPR_NOT_FOUND, "the data has no task " + episode.task_id);
  SqlEnv env(world);
  env.reset(*task, 0);
  return rescore(env, episode, runner);
}

Summary summarize(const SqlWorld& world, const std::vector<RecordedEpisode>& episodes) {
  SqlWorld by_order = world;
  by_order.mode = RewardMode::kIntercode;
  const Runner runner = runner_of(episodes);
  Summary summary;
  for (const RecordedEpisode& episode : episodes) {
    const double reward = play(world, episode, runner);
    ++summary.episodes;
    summary.iou += reward;
    summary.intercode += play(by_order, episode, runner);
    summary.solved += reward == 1 ? 1 : 0;
    if (!episode.reward) continue;
    ++summary.known;
    summary.recorded += *episode.reward;
    const bool equal = std::abs(reward - *episode.reward) < 1e-6;
    summary.equal += equal ? 1 : 0;
    if (!equal) summary.differing += " " + episode.task_id;
  }
  return summary;
}

void print(const std::string& path, const Summary& s) {
  const auto n = static_cast<double>(s.episodes), known = static_cast<double>(s.known);
  std::printf("%s\n  %zu episodes, solved %zu, mean iou %.4f, intercode %.4f\n", path.c_str(), s.episodes, s.solved,
              s.iou / n, s.intercode / n);
  if (s.known == 0) return;
  std::printf("  recorded for %zu: mean %.4f, equal %zu (%.2f %%)\n", s.known, s.recorded / known, s.equal,
              100 * static_cast<double>(s.equal) / known);
  if (!s.differing.empty()) std::printf("  different:%s\n", s.differing.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Scores recorded agents of InterCode again"};
  std::string data;
  std::vector<std::string> logs;
  app.add_option("--data", data, "InterCode's data folder")->required();
  app.add_option("logs", logs, "JSON lines with task_id and actions")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    const TaskSet tasks = read_tasks(data);
    const Server server(load_databases(databases_of(data), ""));
    const GoldRows gold(server, tasks.tasks());
    for (const std::string& log : logs)
      print(log, summarize({&server, &tasks, &gold, RewardMode::kIou}, read_log(log)));
  } catch (const ipr::sdk::Failure& failure) {
    std::fprintf(stderr, "bench-sql-rescoring: %s\n", failure.what());
    return 3;
  }
  return 0;
}
