// InterCodeSQL on one core: steps per second against the original core environment, loading, many live episodes, and
// where a statement's time goes.
//
// The plugin is used through core/env only, as the host uses it, but for the stages of a statement. Speeds are per
// second of processor time of the one thread; an episode is SHOW TABLES, the task's gold statement, submit.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "bench/sql_steps/stages.h"
#include "bench/support/figures.h"
#include "bench/support/open_environment.h"
#include "core/base/files.h"

namespace ipr::bench {
namespace {

struct Flags {
  std::string data;
  double seconds = 10;
  bool json = false;
};

// InterCode's `SqlEnv` over MariaDB, on its 3-step episodes, as measured.
constexpr double kOriginal = 2066;

struct Question {
  std::string id, database, gold;
};

std::vector<Question> read_golds(const std::string& folder) {
  const std::string path = folder + "/ic_spider_dev.json";
  const Json list = must(parse_json(must(read_file(path)), path));
  std::vector<Question> golds;
  for (const Json& record : list) {
    golds.push_back({std::to_string(golds.size()), record.value("db", ""), record.value("gold", "")});
  }
  return golds;
}

double play_once(const env::Environment& environment, const std::vector<Question>& golds) {
  env::Episode episode = must(environment.new_episode());
  const double began = thread_seconds();
  for (const Question& question : golds) {
    (void)must(episode.reset(question.id, 0));
    for (const std::string_view action :
         {std::string_view("SHOW TABLES"), std::string_view(question.gold), std::string_view("submit")}) {
      (void)must(episode.step(action));
    }
  }
  return thread_seconds() - began;
}

void measure_steps(const env::Environment& environment, const std::vector<Question>& golds, const Flags& flags,
                   Figures& figures) {
  const Against original{"original over MariaDB: 2,066 steps/s", kOriginal, 20, true};
  const double steps = 3.0 * static_cast<double>(golds.size());
  figures.add("steps, first pass, nothing remembered", steps / play_once(environment, golds), "1/s", original);
  std::vector<double> found;
  for (double spent = 0; spent < flags.seconds || found.size() < 3;) {
    const double took = play_once(environment, golds);
    spent += took;
    found.push_back(steps / took);
  }
  figures.add("steps", median(found), "1/s", original);
}

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

// Every episode has written, so that each holds a copy of its database.
void measure_live(const env::Environment& environment, const std::vector<Question>& golds, Figures& figures) {
  constexpr std::size_t kEpisodes = 1000;
  std::vector<env::Episode> live;
  live.reserve(kEpisodes);
  const double before = resident_mib();
  for (std::size_t i = 0; i < kEpisodes; ++i) {
    live.push_back(must(environment.new_episode()));
    (void)must(live.back().reset(golds[i % golds.size()].id, 0));
    (void)must(live.back().step("CREATE TABLE mine (a INT)"));
    (void)must(live.back().step("INSERT INTO mine VALUES (1)"));
  }
  figures.add("resident memory of 1,000 live episodes with private copies", resident_mib() - before, "MiB",
              Against{"1 GiB", 1024});
}

void measure(const Flags& flags, Figures& figures) {
  const plugin::Registry registry = plugin::find_plugins({});
  const double wall = wall_seconds(), cpu = process_seconds();
  const auto environment = must(open_environment(registry, "intercodesql", flags.data));
  figures.add("load without a cache", wall_seconds() - wall, "s", Against{"2 s", 2});
  figures.add("processor time of that, all threads", process_seconds() - cpu, "s");
  const std::vector<Question> golds = read_golds(flags.data);
  measure_steps(*environment, golds, flags, figures);
  measure_live(*environment, golds, figures);
  std::vector<std::pair<std::string, std::string>> statements;
  for (const Question& question : golds) statements.emplace_back(question.database, question.gold);
  measure_stages(flags.data + "/ic_spider_dbs.sql", statements, figures);
}

std::string default_data() {
  const char* shared = std::getenv("IPR_SHARED");
  return std::string(shared != nullptr ? shared : "../shared") + "/data/intercodesql";
}

}  // namespace
}  // namespace ipr::bench

int main(int argc, char** argv) {
  using namespace ipr::bench;
  Flags flags;
  flags.data = default_data();
  CLI::App app("InterCodeSQL steps per second, loading and memory");
  app.add_option("--data", flags.data, "InterCode's data folder")->capture_default_str();
  app.add_option("--seconds", flags.seconds, "time to spend, about")->capture_default_str();
  app.add_flag("--json", flags.json, "one line of JSON");
  CLI11_PARSE(app, argc, argv);
  Figures figures("sql_steps: InterCodeSQL on one core");
  measure(flags, figures);
  figures.print(flags.json);
}
