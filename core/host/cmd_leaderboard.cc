#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <set>

#include "core/base/files.h"
#include "core/base/strings.h"
#include "core/host/commands.h"
#include "core/host/options.h"
#include "core/host/quotes.h"
#include "core/host/run_folder.h"
#include "core/report/html_leaderboard.h"
#include "core/report/leaderboard.h"

namespace ipr::host {
namespace {
namespace fs = std::filesystem;

struct LeaderboardCommand {
  Options options;
  std::vector<std::string> runs, splits;
  std::string baseline, html, paper;

  Status run() const;
};

// The runs below ./runs, by name.
Result<std::vector<std::string>> find_runs() {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("runs", error)) {
    if (fs::exists(entry.path() / "run.db")) folders.push_back(entry.path().string());
  }
  if (folders.empty()) return bad_data("runs: holds no run; give run folders: ipr-host leaderboard RUN…");
  std::sort(folders.begin(), folders.end());
  return folders;
}

Result<report::RunSource> source_of(const std::string& folder, const std::string& name, store::RunStore& record) {
  IPR_ASSIGN(const Json config, read_json(folder + "/config.json"));
  IPR_ASSIGN(const std::optional<std::string> panel, record.state("panel"));
  const Json decides = config.value("config", Json::object());
  const std::string env = decides.contains("env") ? decides["env"].value("id", "") : "";
  return report::RunSource{name, env, panel.value_or(""), &record};
}

// POLICY, or RUN/POLICY with a run of the table.
void set_baseline(const std::string& text, const std::vector<report::RunSource>& runs,
                  report::LeaderboardOptions& table) {
  table.baseline = text;
  const auto slash = text.rfind('/');
  if (slash == std::string::npos) return;
  const std::string run = text.substr(0, slash);
  if (std::none_of(runs.begin(), runs.end(), [&](const report::RunSource& source) { return source.run == run; }))
    return;
  table.baseline_run = run;
  table.baseline = text.substr(slash + 1);
}

// A baseline that no row has is a slip.
Status check_baseline(const std::string& text, const report::Leaderboard& table) {
  std::set<std::string> known;
  for (const report::Row& row : table.rows) {
    known.insert(row.policy);
    known.insert(row.run + "/" + row.policy);
  }
  if (text.empty() || known.contains(text)) return {};
  return usage("--baseline " + text + ": no such policy in these runs" +
               did_you_mean(text, {known.begin(), known.end()}));
}

// FILE:TABLE, of the environments in the table.
Status add_quotes(const std::string& text, report::Leaderboard& table) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0)
    return usage("--paper " + text + ": give FILE:TABLE, as examples/paper-results.json:table2");
  IPR_ASSIGN(const std::vector<Quote> quotes, read_quote_table(text.substr(0, colon), text.substr(colon + 1)));
  std::set<std::string> envs, splits;
  for (const report::Row& row : table.rows) {
    envs.insert(row.env);
    splits.insert(row.env + "/" + row.split);
  }
  constexpr double kPoints = 100;
  for (const Quote& quote : quotes) {
    for (const auto& [column, points] : quote.rewards) {
      const auto slash = column.find('/');
      if (slash == std::string::npos ? !envs.contains(column) : !splits.contains(column)) continue;
      table.quoted.push_back({quote.label, column.substr(0, slash),
                              slash == std::string::npos ? "" : column.substr(slash + 1), points / kPoints});
    }
  }
  if (table.quoted.empty())
    return usage("--paper " + text + ": says nothing of " + join({splits.begin(), splits.end()}, ", "));
  return {};
}

Status LeaderboardCommand::run() const {
  std::vector<std::string> folders = runs;
  if (folders.empty()) {
    IPR_ASSIGN(folders, find_runs());
  }
  std::deque<store::RunStore> records;  // addresses stay
  std::vector<report::RunSource> sources;
  for (const std::string& folder : folders) {
    IPR_TRY(check_is_run(folder));
    IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(folder + "/run.db"));
    records.push_back(std::move(record));
    IPR_ASSIGN(report::RunSource source, source_of(folder, run_name(folder, folders), records.back()));
    sources.push_back(std::move(source));
  }
  report::LeaderboardOptions table_options;
  table_options.splits = splits;
  if (!baseline.empty()) set_baseline(baseline, sources, table_options);
  IPR_ASSIGN(report::Leaderboard table, report::make_leaderboard(sources, table_options));
  IPR_TRY(check_baseline(baseline, table));
  if (table.rows.empty() && !splits.empty())
    return usage("--split " + join(splits, ", ") +
                 ": nothing was evaluated on it in these runs; leave it out to see all");
  if (!paper.empty()) IPR_TRY(add_quotes(paper, table));
  if (!html.empty()) IPR_TRY(write_file(html, report::make_html_leaderboard(table)));
  if (options.json) {
    std::printf("%s\n", dump_line(report::to_json(table)).c_str());
    return {};
  }
  const bool color = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  std::printf("%s", report::to_text(table, {color, true}).c_str());
  return {};
}

}  // namespace

void add_leaderboard(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<LeaderboardCommand>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand("leaderboard", "table of the policies of one or more runs");
  command->add_option("RUN", state->runs, "run folders (default: all below runs/)");
  command->add_option("--split", state->splits, "only these splits (default: all that were evaluated)");
  command->add_option("--baseline", state->baseline,
                      "policy that rows are compared with, of their own run, or RUN/POLICY of one run (default: sft)");
  command->add_option("--paper", state->paper,
                      "FILE:TABLE: also rows that others have printed, marked `paper`, as "
                      "examples/paper-results.json:table2");
  command->add_option("--html", state->html, "also write the table as a page to this file");
  add_flags(*command, state->options, {"json"});
  command->callback([state, &chosen] { chosen.work = [state] { return state->run(); }; });
}

}  // namespace ipr::host
