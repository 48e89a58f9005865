#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "core/base/files.h"
#include "core/host/commands.h"
#include "core/host/dry_run.h"
#include "core/host/interrupt.h"
#include "core/host/run_folder.h"
#include "core/host/run_plan.h"
#include "core/host/run_report.h"
#include "core/host/run_work.h"
#include "core/report/leaderboard.h"

namespace ipr::host {
namespace {

// The table on standard output, the report beside run.db; one of a run that has just ended replaces any earlier one.
Status show(const RunPlan& plan, const Options& options, bool just_ended) {
  const std::string& folder = plan.config.out;
  IPR_ASSIGN(const OpenedRun run, open_run(folder));
  IPR_ASSIGN(const report::Leaderboard table, report::make_leaderboard({run.input.run}, run.input.table));
  const std::string page_path = folder + "/report.html";
  if (just_ended || !std::filesystem::exists(page_path)) IPR_TRY(write_report(run, page_path));
  if (options.json) {
    std::printf("%s\n", dump_line(report::to_json(table)).c_str());
    return {};
  }
  const bool color = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  std::printf("%s\n%s\nrecord  %s/run.db\nreport  %s\n", report::to_text(table, {color, true}).c_str(),
              report::verdict(table, run.input.method).c_str(), folder.c_str(), page_path.c_str());
  return {};
}

Status run_command(const Options& options) {
  const std::atomic<bool>& stop = stop_on_signals();
  IPR_ASSIGN(RunPlan plan, plan_run(options));
  if (options.dry_run) return dry_run(plan, options);
  if (options.resume) {
    IPR_ASSIGN(const FolderState state, look_at_folder(plan.config.out, plan.config.resolved));
    if (state == FolderState::kFresh)
      return usage("--resume: " + plan.config.out +
                   " holds no run to go on with; leave --resume out, or give its --out");
  }
  loop::ProgressLine progress(false);
  IPR_ASSIGN(const bool just_ended, work_on(plan, progress, stop));
  return show(plan, options, just_ended);
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand(
      "run", "the whole method: SFT, then (explore, score, pair, train, evaluate) x I, then the table");
  std::vector<std::string> flags = run_flags();
  flags.insert(flags.end(), {"out", "resume", "config", "start-from", "scores-from", "plugin-path", "threads",
                             "dry-run", "json", "verbose"});
  add_flags(*command, *options, flags);
  command->callback([options, command, &chosen] {
    chosen.work = [options, command]() -> Status {
      IPR_TRY(finish_options(*command, *options));
      return run_command(*options);
    };
  });
}

}  // namespace ipr::host
