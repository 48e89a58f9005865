#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "core/base/files.h"
#include "core/host/commands.h"
#include "core/host/interrupt.h"
#include "core/host/run_folder.h"
#include "core/host/run_plan.h"
#include "core/report/leaderboard.h"

namespace ipr::host {
namespace {

std::vector<std::string> splits_of_role(const env::Environment& environment, std::uint32_t role) {
  std::vector<std::string> names;
  for (const env::Split& split : environment.splits()) {
    if (split.role == role) names.push_back(split.name);
  }
  return names;
}

// The table on standard output, the report beside run.db.
Status show(const RunPlan& plan, const Options& options) {
  const loop::RunConfig& config = plan.config;
  IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(config.out + "/run.db"));
  IPR_ASSIGN(const std::optional<std::string> panel, record.state("panel"));
  report::ReportInput input;
  input.run = {std::filesystem::path(config.out).filename().string(), options.env, panel.value_or(""), &record};
  input.table.splits = splits_of_role(*config.environment, IPR_SPLIT_TEST);
  input.method = config.optimizer.manifest.name;
  input.settings = plan.settings;
  input.facts = {{"environment", options.env},           {"scorer", options.scorer},
                 {"optimizer", options.optimizer},       {"model", options.model},
                 {"seed", std::to_string(options.seed)}, {"version", IPR_VERSION}};
  IPR_ASSIGN(const report::Leaderboard table, report::make_leaderboard({input.run}, input.table));
  IPR_ASSIGN(const std::string page, report::make_html_report(input));
  const std::string page_path = config.out + "/report.html";
  if (!std::filesystem::exists(page_path)) IPR_TRY(write_file(page_path, page));
  if (options.json) {
    std::printf("%s\n", dump_line(report::to_json(table)).c_str());
    return {};
  }
  const bool color = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  std::printf("%s\n%s\nrecord  %s/run.db\nreport  %s\n", report::to_text(table, {color, true}).c_str(),
              report::verdict(table, input.method).c_str(), config.out.c_str(), page_path.c_str());
  return {};
}

void print_plan(const RunPlan& plan) {
  const loop::RunConfig& config = plan.config;
  std::printf("folder      %s\n", config.out.c_str());
  for (const env::Split& split : config.environment->splits())
    std::printf("split       %-10s %llu tasks\n", split.name.c_str(),
                static_cast<unsigned long long>(split.task_count));
  std::printf("iterations  %d\n", config.iterations);
  for (const report::Setting& setting : plan.settings)
    std::printf("%-30s %-20s %s\n", setting.key.c_str(), setting.value.c_str(), setting.source.c_str());
}

// IPR_HOST_SAVE_SECONDS (tests): how much work a killed run may lose.
void read_save_seconds(loop::RunConfig& config) {
  const char* text = std::getenv("IPR_HOST_SAVE_SECONDS");
  if (text != nullptr) config.unit_seconds = config.save_seconds = std::strtod(text, nullptr);
}

Status run_command(const Options& options) {
  const std::atomic<bool>& stop = stop_on_signals();
  IPR_ASSIGN(RunPlan plan, plan_run(options));
  if (options.dry_run) {
    if (options.json) {
      std::printf("%s\n", dump_line(plan.config.resolved).c_str());
    } else {
      print_plan(plan);
    }
    return {};
  }
  read_save_seconds(plan.config);
  const std::string& folder = plan.config.out;
  IPR_ASSIGN(FolderState state, look_at_folder(folder, plan.config.resolved));
  if (state == FolderState::kFinished) return show(plan, options);
  IPR_ASSIGN(const FolderLock lock, FolderLock::take(folder));
  IPR_ASSIGN(state, look_at_folder(folder, plan.config.resolved));  // another process may have been here meanwhile
  if (state == FolderState::kFinished) return show(plan, options);
  loop::ProgressLine progress(false);
  progress.say("run " + folder + ": " + options.env + ", scorer " + options.scorer + ", optimizer " +
               options.optimizer + ", model " + options.model + ", " + std::to_string(plan.config.iterations) +
               " iteration(s)");
  const Status ran = loop::run(plan.config, progress, stop);
  if (ran.code() == Code::kInterrupted) return Status(ran.code(), ran.message() + ": " + command_line());
  IPR_TRY(ran);
  return show(plan, options);
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand(
      "run", "the whole method: SFT, then (explore, score, pair, train, evaluate) x I, then the table");
  add_flags(*command, *options,
            {"env",        "scorer",        "optimizer", "model",     "data",    "expert",      "limit",
             "iterations", "samples",       "threshold", "max-steps", "seed",    "out",         "resume",
             "config",     "set",           "prompts",   "profile",   "preset",  "plugin-path", "device",
             "threads",    "model-threads", "dry-run",   "json",      "verbose", "split-lists", "allow-overlap"});
  command->callback([options, command, &chosen] {
    chosen.work = [options, command]() -> Status {
      IPR_TRY(finish_options(*command, *options));
      return run_command(*options);
    };
  });
}

}  // namespace ipr::host
