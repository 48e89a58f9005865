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

// IPR_HOST_SAVE_SECONDS (tests): how much work a killed run may lose.
void read_save_seconds(loop::RunConfig& config) {
  const char* text = std::getenv("IPR_HOST_SAVE_SECONDS");
  if (text != nullptr) config.unit_seconds = config.save_seconds = std::strtod(text, nullptr);
}

Status run_command(const Options& options) {
  const std::atomic<bool>& stop = stop_on_signals();
  IPR_ASSIGN(RunPlan plan, plan_run(options));
  if (options.dry_run) return dry_run(plan, options);
  read_save_seconds(plan.config);
  const std::string& folder = plan.config.out;
  IPR_ASSIGN(FolderState state, look_at_folder(folder, plan.config.resolved));
  if (state == FolderState::kFinished) return show(plan, options, /*just_ended=*/false);
  if (state == FolderState::kFresh && options.resume)
    return usage("--resume: " + folder + " holds no run to go on with; leave --resume out, or give its --out");
  IPR_ASSIGN(const FolderLock lock, FolderLock::take(folder));
  IPR_ASSIGN(state, look_at_folder(folder, plan.config.resolved));  // another process may have been here meanwhile
  if (state == FolderState::kFinished) return show(plan, options, /*just_ended=*/false);
  loop::ProgressLine progress(false);
  progress.say("run " + folder + ": " + options.env + ", scorer " + options.scorer + ", optimizer " +
               options.optimizer + ", model " + options.model + ", " + std::to_string(plan.config.iterations) +
               " iteration(s)");
  const Status ran = loop::run(plan.config, progress, stop);
  if (ran.code() == Code::kInterrupted) return Status(ran.code(), ran.message() + ": " + command_line());
  IPR_TRY(ran);
  return show(plan, options, /*just_ended=*/true);
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand(
      "run", "the whole method: SFT, then (explore, score, pair, train, evaluate) x I, then the table");
  add_flags(*command, *options,
            {"env",    "scorer",     "optimizer",     "model",         "data",          "expert",         "start-from",
             "limit",  "iterations", "samples",       "threshold",     "max-steps",     "seed",           "out",
             "resume", "config",     "set",           "prompts",       "profile",       "preset",         "plugin-path",
             "device", "threads",    "model-threads", "dtype",         "lora",          "max-new-tokens", "dry-run",
             "json",   "verbose",    "split-lists",   "allow-overlap", "chat-template", "stop",           "overflow"});
  command->callback([options, command, &chosen] {
    chosen.work = [options, command]() -> Status {
      IPR_TRY(finish_options(*command, *options));
      return run_command(*options);
    };
  });
}

}  // namespace ipr::host
