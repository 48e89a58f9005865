#include "core/host/study/dry_run.h"

#include <cmath>
#include <cstdio>
#include <map>

#include "core/loop/survey.h"
#include "core/report/columns.h"
#include "core/report/format.h"

namespace ipr::host {
namespace {

// Cells that differ in nothing but the seed.
struct Kind {
  std::string name;
  std::size_t first = 0, cells = 0, finished = 0, trains_sft = 0;
  double seconds = 0, sft_seconds = 0, rollouts = 0;  // of one cell; sft_seconds: what is saved by taking an SFT model
  [[nodiscard]] double total() const {
    return seconds * static_cast<double>(cells) - sft_seconds * static_cast<double>(cells - trains_sft);
  }
};

std::vector<Kind> kinds_of(const StudyPlan& plan) {
  std::vector<Kind> kinds;
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < plan.cells.size(); ++i) {
    const std::string& name = plan.cells[i].cell.name;
    const auto [found, is_new] = index.emplace(name.substr(0, name.rfind('/')), kinds.size());
    if (is_new) {
      Kind kind;
      kind.name = found->first;
      kind.first = i;
      kinds.push_back(kind);
    }
    Kind& kind = kinds[found->second];
    ++kind.cells;
    kind.finished += is_finished(plan.cells[i]);
    kind.trains_sft += !plan.cells[i].start;
  }
  return kinds;
}

Status look_at(const StudyPlan& plan, const Options& own, const std::atomic<bool>& stop, Kind& kind) {
  loop::ProgressLine quiet(true);
  IPR_ASSIGN(const RunPlan run, plan_cell_alone(plan, kind.first, own));
  IPR_ASSIGN(const loop::Survey survey, loop::survey(run.config, quiet, stop));
  const loop::Expectation expected = loop::expect(survey.workload, survey.rates);
  kind.seconds = expected.seconds;
  kind.rollouts = expected.rollouts;
  for (const loop::ExpectedStage& stage : expected.stages) {
    // With the model comes its evaluation, one of iterations + 1.
    if (stage.name == "SFT") kind.sft_seconds += stage.seconds;
    if (stage.name == "evaluate") kind.sft_seconds += stage.seconds / (run.config.iterations + 1);
  }
  return {};
}

Json to_json(const StudyPlan& plan, const std::vector<Kind>& kinds, double seconds) {
  Json rows = Json::array();
  for (const Kind& kind : kinds) {
    rows.push_back({{"kind", kind.name},
                    {"cells", kind.cells},
                    {"finished", kind.finished},
                    {"sft_models", kind.trains_sft},
                    {"rollouts", std::llround(kind.rollouts)},
                    {"seconds", std::round(10 * kind.seconds) / 10},
                    {"seconds_all", std::round(10 * kind.total()) / 10}});
  }
  Json answer = to_json(plan);
  answer["study"] = plan.file.name;
  answer["folder"] = plan.out;
  answer["estimate"] = {{"kinds", std::move(rows)}, {"seconds", std::round(10 * seconds) / 10}};
  return answer;
}

void print(const StudyPlan& plan, const std::vector<Kind>& kinds, double seconds) {
  std::size_t finished = 0, models = 0;
  std::vector<report::Column> columns = {
      {"cells", false, {}},        {"seeds", true, {}},        {"finished", true, {}},   {"SFT models", true, {}},
      {"rollouts each", true, {}}, {"minutes each", true, {}}, {"minutes all", true, {}}};
  for (const Kind& kind : kinds) {
    finished += kind.finished;
    models += kind.trains_sft;
    report::add_row(columns, {report::printable(kind.name), std::to_string(kind.cells), std::to_string(kind.finished),
                              std::to_string(kind.trains_sft), report::grouped(std::llround(kind.rollouts)),
                              report::fixed(kind.seconds / 60, 1), report::fixed(kind.total() / 60, 1)});
  }
  std::printf("study %s in %s\n", plan.file.name.c_str(), plan.out.c_str());
  for (const std::string& line : report::text_lines(columns)) std::printf("  %s\n", line.c_str());
  std::printf(
      "%zu cells, %zu of them finished; %zu SFT models are trained, the other cells take one of them\n"
      "expected    %s for all of it; on the generated worlds within a factor of 2\n",
      plan.cells.size(), finished, models, loop::human_seconds(seconds).c_str());
}

}  // namespace

Status dry_run(const StudyPlan& plan, const Options& own, loop::ProgressLine& progress, const std::atomic<bool>& stop) {
  std::vector<Kind> kinds = kinds_of(plan);
  double seconds = 0;
  progress.begin("look at", "kinds of cells", kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    IPR_TRY(look_at(plan, own, stop, kinds[i]));
    seconds += kinds[i].total();
    progress.update(i + 1, kinds[i].name);
  }
  progress.finish("of " + std::to_string(plan.cells.size()) + " cells");
  if (own.json) {
    std::printf("%s\n", dump_line(to_json(plan, kinds, seconds)).c_str());
  } else {
    print(plan, kinds, seconds);
  }
  return {};
}

}  // namespace ipr::host
