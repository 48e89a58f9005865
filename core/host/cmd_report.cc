#include <cstdio>
#include <memory>

#include "core/host/commands.h"
#include "core/host/options.h"
#include "core/host/run_report.h"
#include "core/report/checks.h"

namespace ipr::host {
namespace {

struct ReportCommand {
  Options options;
  std::string folder, html;

  Status run() const {
    IPR_ASSIGN(const OpenedRun run, open_run(folder));
    const std::string path = html.empty() ? folder + "/report.html" : html;
    IPR_TRY(write_report(run, path));
    const report::ReportInput& input = run.input;
    IPR_ASSIGN(const std::vector<report::Check> checks, report::check_run({input.run, input.dev_splits, input.tau}));
    IPR_ASSIGN(const report::Leaderboard table, report::make_leaderboard({input.run}, input.table));
    const std::string verdict = report::verdict(table, input.method);
    if (options.json) {
      Json answer = report::to_json(table);
      answer["run"] = input.run.run;
      answer["env"] = input.run.env;
      answer["finished"] = run.finished;
      answer["file"] = path;
      answer["verdict"] = verdict;
      answer["checks"] = report::to_json(checks);
      std::printf("%s\n", dump_line(answer).c_str());
      return {};
    }
    if (!run.finished)
      std::printf("unfinished  %s: this is what is recorded so far; the command that began it goes on\n",
                  input.run.run.c_str());
    if (!verdict.empty()) std::printf("%s\n", verdict.c_str());
    for (const report::Check& check : checks) {
      if (check.state != report::CheckState::kWarning) continue;
      std::printf("warning  %s: %s\n", check.title.c_str(), check.text.c_str());
    }
    std::printf("report  %s\n", path.c_str());
    return {};
  }
};

}  // namespace

void add_report(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<ReportCommand>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand(
      "report", "one self-contained page about a run: curves, pairs, step rewards, trajectories, cost, warnings");
  command->add_option("RUN", state->folder, "run folder; it may still be at work")->required();
  command->add_option("--html", state->html, "where to write the page (default: RUN/report.html)");
  add_flags(*command, state->options, {"json"});
  command->callback([state, &chosen] { chosen.work = [state] { return state->run(); }; });
}

}  // namespace ipr::host
