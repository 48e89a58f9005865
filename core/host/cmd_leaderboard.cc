#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>

#include "core/base/files.h"
#include "core/host/commands.h"
#include "core/host/options.h"
#include "core/report/leaderboard.h"

namespace ipr::host {
namespace {

struct LeaderboardCommand {
  Options options;
  std::vector<std::string> runs, splits;

  Status run() const {
    std::deque<store::RunStore> records;  // addresses stay
    std::vector<report::RunSource> sources;
    for (const std::string& folder : runs) {
      if (!std::filesystem::exists(folder + "/run.db"))
        return bad_data(folder + ": is no run folder (it holds no run.db)");
      IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(folder + "/run.db"));
      records.push_back(std::move(record));
      IPR_ASSIGN(const Json config, read_json(folder + "/config.json"));
      IPR_ASSIGN(const std::optional<std::string> panel, records.back().state("panel"));
      const Json decides = config.value("config", Json::object());
      const std::string env = decides.contains("env") ? decides["env"].value("id", "") : "";
      sources.push_back({std::filesystem::path(folder).lexically_normal().filename().string(), env, panel.value_or(""),
                         &records.back()});
      if (sources.back().run.empty())
        sources.back().run = std::filesystem::path(folder).lexically_normal().parent_path().filename().string();
    }
    report::LeaderboardOptions table_options;
    table_options.splits = splits;
    IPR_ASSIGN(const report::Leaderboard table, report::make_leaderboard(sources, table_options));
    if (options.json) {
      std::printf("%s\n", dump_line(report::to_json(table)).c_str());
      return {};
    }
    const bool color = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
    std::printf("%s", report::to_text(table, {color, true}).c_str());
    return {};
  }
};

}  // namespace

void add_leaderboard(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<LeaderboardCommand>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand("leaderboard", "table of the policies of one or more runs");
  command->add_option("RUN", state->runs, "run folders")->required();
  command->add_option("--split", state->splits, "only these splits (default: all that were evaluated)");
  add_flags(*command, state->options, {"json"});
  command->callback([state, &chosen] { chosen.work = [state] { return state->run(); }; });
}

}  // namespace ipr::host
