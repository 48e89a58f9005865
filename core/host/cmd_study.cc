#include <cstdio>
#include <memory>
#include <set>

#include "core/base/files.h"
#include "core/host/commands.h"
#include "core/host/interrupt.h"
#include "core/host/study/agents.h"
#include "core/host/study/dry_run.h"
#include "core/host/study/plan.h"
#include "core/host/study/results.h"
#include "core/host/study/run.h"
#include "core/report/study.h"

namespace ipr::host {
namespace {

struct StudyCommand {
  Options options;
  std::string path;

  Status run() const;
  Status finish(const StudyPlan& plan, const std::vector<FailedCell>& failed, loop::ProgressLine& progress,
                const std::atomic<bool>& stop) const;
};

// Once for each environment and seed, beside the first cell there is.
Result<std::map<std::size_t, AgentOutcomes>> play_agents(const StudyPlan& plan, const Options& own,
                                                         loop::ProgressLine& progress, const std::atomic<bool>& stop) {
  std::map<std::size_t, AgentOutcomes> agents;
  std::set<std::pair<std::string, std::uint64_t>> played;
  for (std::size_t i = 0; i < plan.cells.size() && !plan.file.agents.empty(); ++i) {
    const StudyCell& cell = plan.cells[i].cell;
    if (!played.insert({cell.env, cell.seed}).second) continue;
    IPR_ASSIGN(agents[i], agents_beside(plan, i, own, progress, stop));
  }
  return agents;
}

// The table, on standard output and in the study's folder.
Status StudyCommand::finish(const StudyPlan& plan, const std::vector<FailedCell>& failed, loop::ProgressLine& progress,
                            const std::atomic<bool>& stop) const {
  IPR_ASSIGN(const auto agents, play_agents(plan, options, progress, stop));
  IPR_ASSIGN(report::StudyInput input, read_results(plan, failed, agents));
  const report::StudyTable table = report::make_study_table(std::move(input));
  const std::string text = report::to_text(table), json = dump_line(report::to_json(table)) + "\n";
  IPR_TRY(write_file(plan.out + "/study.txt", text));
  IPR_TRY(write_file(plan.out + "/study.json", json));
  IPR_TRY(write_file(plan.out + "/study.html", report::make_html_study(table)));
  std::printf("%s", options.json ? json.c_str() : text.c_str());
  if (!options.json) std::printf("\nruns    %s/cells\npage    %s/study.html\n", plan.out.c_str(), plan.out.c_str());
  return {};
}

Status StudyCommand::run() const {
  const std::atomic<bool>& stop = stop_on_signals();
  loop::ProgressLine progress(false);
  IPR_ASSIGN(StudyFile file, read_study_file(path, run_flags()));
  IPR_ASSIGN(const StudyPlan plan, plan_study(std::move(file), options, progress, stop));
  if (options.dry_run) return dry_run(plan, options, progress, stop);
  IPR_ASSIGN(const FolderLock lock, open_study(plan));
  IPR_ASSIGN(const std::vector<FailedCell> failed, run_cells(plan, options, progress, stop));
  if (failed.size() < plan.cells.size()) IPR_TRY(finish(plan, failed, progress, stop));
  if (failed.empty()) return {};
  const FailedCell& first = failed.front();
  return Status(first.why.code(), std::to_string(failed.size()) + " of " + std::to_string(plan.cells.size()) +
                                      " cells failed, the same command tries them again; the first, " + first.name +
                                      ": " + first.why.message());
}

}  // namespace

void add_study(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<StudyCommand>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand(
      "study", "methods x scorers x models x environments x seeds, resumable, ending in one table (docs/studies.md)");
  command->add_option("FILE", state->path, "the study: JSON, comments allowed")->required();
  command->add_option("--out", state->options.out, "folder of the study (default: the file's, else runs/study-<name>)");
  add_flags(*command, state->options, {"plugin-path", "threads", "dry-run", "json", "verbose"});
  command->callback([state, &chosen] { chosen.work = [state] { return state->run(); }; });
}

}  // namespace ipr::host
