#include "core/host/study/plan.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/loop/start_from.h"
#include "core/report/study_read.h"

namespace ipr::host {
namespace {

std::string place_of(const StudyFile& file, const StudyCell& cell) {
  return file.path + ": cell " + cell.name;
}

// What a command line with the cell's settings would have made.
Result<Options> options_of(const StudyFile& file, const StudyCell& cell, const ConfigFile& settings,
                           const Options& own) {
  CLI::App app;
  Options options;
  add_flags(app, options, run_flags());
  options.config = place_of(file, cell);
  IPR_TRY(apply_config(app, options, settings));
  options.threads = own.threads;
  options.plugin_path = own.plugin_path;
  options.verbose = own.verbose;
  return options;
}

Result<ConfigFile> with_stand_ins(const ConfigFile& settings) {
  return fill_in(settings, [](const std::string&) { return Result<std::int64_t>(1); });
}

std::vector<std::string> splits_of(const env::Environment& environment, std::uint32_t role) {
  std::vector<std::string> names;
  for (const env::Split& split : environment.splits()) {
    if (split.role == role) names.push_back(split.name);
  }
  return names;
}

// The cell of `method` that stands beside `cell`: the same environment, model and seed, and the same scorer where both
// are crossed with scorers.
const PlannedCell* beside(const StudyPlan& plan, const StudyCell& cell, const std::string& method) {
  for (const PlannedCell& other : plan.cells) {
    const StudyCell& its = other.cell;
    const bool scorers = its.scorer == cell.scorer || its.scorer.empty() || cell.scorer.empty();
    if (its.method == method && its.env == cell.env && its.model == cell.model && its.seed == cell.seed && scorers)
      return &other;
  }
  return nullptr;
}

// Is it finished, and has its scorer played?
bool has_scores(const PlannedCell& cell) {
  if (!is_finished(cell)) return false;
  Result<store::RunStore> record = store::RunStore::open_to_read(cell.folder + "/run.db");
  if (!record.ok()) return false;
  store::EpisodeFilter filter;
  filter.stage = store::kMonteCarlo;
  const Result<std::int64_t> rollouts = record->count_episodes(filter);
  return rollouts.ok() && *rollouts > 0;
}

}  // namespace

bool is_finished(const PlannedCell& cell) {
  return std::filesystem::exists(cell.folder + "/certificate.json");
}

Result<RunPlan> plan_cell_alone(const StudyPlan& plan, std::size_t index, const Options& own) {
  const StudyCell& cell = plan.cells.at(index).cell;
  IPR_ASSIGN(const ConfigFile settings, with_stand_ins(cell.settings));
  IPR_ASSIGN(Options options, options_of(plan.file, cell, settings, own));
  options.out = plan.cells.at(index).folder;
  Result<RunPlan> planned = plan_run(options);
  if (!planned.ok()) return planned.status().at(place_of(plan.file, cell));
  return planned;
}

Result<RunPlan> plan_cell(const StudyPlan& plan, std::size_t index, const Options& own) {
  const PlannedCell& planned = plan.cells.at(index);
  const auto rollouts_of = [&](const std::string& method) -> Result<std::int64_t> {
    const PlannedCell* other = beside(plan, planned.cell, method);
    if (other == nullptr || !is_finished(*other))
      return failed(method + ": its run is not finished, and this one needs to know its rollouts");
    IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(other->folder + "/run.db"));
    return report::rollouts_per_task(record);
  };
  IPR_ASSIGN(const ConfigFile settings, fill_in(planned.cell.settings, rollouts_of));
  IPR_ASSIGN(Options options, options_of(plan.file, planned.cell, settings, own));
  options.out = planned.folder;
  if (planned.start) {
    const std::string& start = plan.cells.at(*planned.start).folder;
    // Where that one failed before it had the model, this one trains it itself: the same bits.
    if (loop::check_start(start, planned.decides).ok()) options.start_from = start;
  }
  for (const std::size_t other : planned.scored) {
    const std::string& scored = plan.cells.at(other).folder;
    if (options.scores_from.empty() && has_scores(plan.cells.at(other))) options.scores_from = scored;
  }
  return plan_run(options);
}

Result<StudyPlan> plan_study(StudyFile file, const Options& own, loop::ProgressLine& progress,
                             const std::atomic<bool>& stop) {
  StudyPlan plan;
  plan.out = own.out.empty() ? file.out : own.out;
  plan.file = std::move(file);
  for (StudyCell& cell : cells_of(plan.file)) {
    PlannedCell planned;
    planned.folder = plan.out + "/cells/" + cell.name;
    planned.cell = std::move(cell);
    plan.cells.push_back(std::move(planned));
  }
  std::map<std::string, std::size_t> starts;               // by what the SFT model is a function of
  std::map<std::string, std::vector<std::size_t>> scored;  // by that and the scorer
  progress.begin("plan", "cells", plan.cells.size());
  for (std::size_t i = 0; i < plan.cells.size(); ++i) {
    if (stop) return Status(Code::kInterrupted, plan.file.path + ": interrupted; nothing was started");
    PlannedCell& planned = plan.cells[i];
    IPR_ASSIGN(const RunPlan run, plan_cell_alone(plan, i, own));
    planned.decides = run.config.resolved.at("config");
    planned.test_splits = splits_of(*run.config.environment, IPR_SPLIT_TEST);
    planned.dev_splits = splits_of(*run.config.environment, IPR_SPLIT_DEV);
    if (!planned.cell.point.empty() && planned.dev_splits.empty())
      return usage(place_of(plan.file, planned.cell) + ": a grid is chosen on dev, and \"" +
                   run.config.environment->id() + "\" has no dev split; leave the grid out");
    const auto [first, is_first] = starts.emplace(dump_line(loop::start_config(planned.decides)), i);
    if (!is_first) planned.start = first->second;
    std::vector<std::size_t>& alike =
        scored[dump_line({loop::start_config(planned.decides), planned.decides.at("scorer")})];
    planned.scored = alike;
    alike.push_back(i);
    progress.update(i + 1);
  }
  progress.finish(std::to_string(plan.cells.size()) + " cells, " + std::to_string(starts.size()) +
                  " SFT models to train");
  return plan;
}

Json to_json(const StudyPlan& plan) {
  Json cells = Json::object();
  for (const PlannedCell& planned : plan.cells) {
    Json open = Json::array();
    for (const std::string& item : planned.cell.settings.set) {
      if (item.find("${") != std::string::npos) open.push_back(item);
    }
    cells[planned.cell.name] = {{"config", planned.decides},
                                {"sft_model_of", planned.start ? Json(plan.cells[*planned.start].cell.name) : Json()},
                                {"decided_later", std::move(open)}};
  }
  return {{"version", 1}, {"cells", std::move(cells)}};
}

}  // namespace ipr::host
