// Recorded agents of InterCode scored again, against what a MySQL server paid them.

#include <cmath>
#include <fstream>
#include <string>

#include "adapter/recorded_log.h"
#include "engine/server.h"
#include "environment/sql_env.h"
#include "import/load.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace intercodesql;
using ipr::test::shared_file;

namespace {

struct Agreement {
  std::size_t scored = 0, equal = 0;
  std::string others;  // tasks that differ
  [[nodiscard]] double share() const { return static_cast<double>(equal) / static_cast<double>(scored); }
};

Agreement rescore_log(const SqlWorld& world, const std::string& path, Runner runner) {
  Agreement agreement;
  std::ifstream file(path);
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    const RecordedEpisode episode = read_recorded_episode(line, path + ": line " + std::to_string(++number));
    if (!episode.reward) continue;
    SqlEnv env(world);
    env.reset(world.tasks->find(episode.task_id).value(), 0);
    const double reward = rescore(env, episode, runner);
    ++agreement.scored;
    const bool equal = std::abs(reward - *episode.reward) < 1e-6;
    agreement.equal += equal ? 1 : 0;
    if (!equal) agreement.others += " " + episode.task_id;
  }
  return agreement;
}

}  // namespace

TEST_CASE("recorded agents earn here what they earned on a MySQL server", "[intercodesql][golden]") {
  const std::string gpt4 = shared_file("data/intercodesql/trajectories/gpt4_10turns.jsonl");
  if (gpt4.empty()) return;
  const std::string logs = gpt4.substr(0, gpt4.rfind('/')), data = logs.substr(0, logs.rfind('/'));
  const TaskSet tasks = read_tasks(data);
  const Server server(load_databases(databases_of(data), ""));
  const GoldRows gold(server, tasks.tasks());
  const SqlWorld world{&server, &tasks, &gold, RewardMode::kIou};
  struct Log {
    const char* file;
    Runner runner;
    std::size_t scored;
    double floor;
  };
  for (const Log& log :
       {Log{"gpt4_10turns.jsonl", Runner::kTryAgain, 523, 0.986},
        Log{"gpt35_10turns.jsonl", Runner::kTryAgain, 523, 0.973},
        Log{"gpt35_react_10turns.jsonl", Runner::kReact, 523, 0.994}, Log{"human.jsonl", Runner::kTryAgain, 8, 1}}) {
    const Agreement agreement = rescore_log(world, logs + "/" + log.file, log.runner);
    CAPTURE(log.file, agreement.others, agreement.equal);
    CHECK(agreement.scored == log.scored);
    CHECK(agreement.share() >= log.floor);
  }
}

TEST_CASE("lines of another form are named", "[intercodesql]") {
  CHECK(read_recorded_episode(R"({"task_id":3,"actions":["submit"]})", "log").task_id == "3");
  const RecordedEpisode person = read_recorded_episode(
      R"({"task_id":3,"reward":0.5,"trajectory":[{"action":"show tables;","observation":""}]})", "log");
  CHECK(person.actions == std::vector<std::string>{"show tables;"});
  CHECK(person.reward == 0.5);
  for (const char* line : {"[]", "{}", R"({"task_id":3})", R"({"task_id":3,"actions":[1]})",
                           R"({"task_id":3,"trajectory":["x"]})", R"({"task_id":3,"trajectory":[{"action":1}]})"}) {
    CHECK_THROWS_WITH(read_recorded_episode(line, "log: line 1"), Catch::Contains("log: line 1: expected"));
  }
}
