#include "core/host/study/run.h"

#include <filesystem>
#include <map>

#include "core/base/files.h"
#include "core/host/run_report.h"
#include "core/host/run_work.h"

namespace ipr::host {
namespace {

// Seconds per cell by kind (all but the seed), from the finished ones' records, and what is left by them.
class Clock {
 public:
  explicit Clock(const StudyPlan& plan) : plan_(plan) {
    for (const PlannedCell& cell : plan.cells) ++left_[kind(cell)];
  }

  void done(const PlannedCell& cell) {
    --left_[kind(cell)];
    const Result<double> seconds = seconds_of(cell);
    if (!seconds.ok()) return;
    auto& [sum, count] = spent_[kind(cell)];
    sum += *seconds;
    ++count;
  }
  void failed(const PlannedCell& cell) { --left_[kind(cell)]; }

  // ", about 12 min 30 s left"; empty as long as nothing is known.
  [[nodiscard]] std::string time_left() const {
    double sum = 0, count = 0, seconds = 0;
    for (const auto& [name, spent] : spent_) sum += spent.first, count += spent.second;
    if (count == 0) return {};
    for (const auto& [name, cells] : left_) {
      const auto own = spent_.find(name);
      seconds += cells * (own != spent_.end() ? own->second.first / own->second.second : sum / count);
    }
    return ", about " + loop::human_seconds(seconds) + " left";
  }

 private:
  static std::string kind(const PlannedCell& planned) {
    const std::string& name = planned.cell.name;
    return name.substr(0, name.rfind('/')) + (planned.start ? "" : " and SFT");
  }
  static Result<double> seconds_of(const PlannedCell& cell) {
    IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(cell.folder + "/run.db"));
    IPR_ASSIGN(const std::vector<store::Cost> costs, record.costs());
    double seconds = 0;
    for (const store::Cost& cost : costs) seconds += cost.seconds;
    return seconds;
  }

  const StudyPlan& plan_;
  std::map<std::string, double> left_;
  std::map<std::string, std::pair<double, double>> spent_;  // sum, count
};

// A cell that was killed after its last stage has none yet.
Status write_missing_report(const std::string& folder) {
  const std::string page = folder + "/report.html";
  if (std::filesystem::exists(page)) return {};
  IPR_ASSIGN(const OpenedRun opened, open_run(folder));
  return write_report(opened, page);
}

Status run_cell(const StudyPlan& plan, std::size_t index, const Options& own, loop::ProgressLine& progress,
                const std::atomic<bool>& stop) {
  IPR_ASSIGN(RunPlan run, plan_cell(plan, index, own));
  IPR_TRY(work_on(run, progress, stop).status());
  return write_missing_report(run.config.out);
}

}  // namespace

Result<FolderLock> open_study(const StudyPlan& plan) {
  const std::string path = plan.out + "/plan.json";
  IPR_ASSIGN(FolderLock lock, FolderLock::take(plan.out));
  const Json now = to_json(plan);
  if (!std::filesystem::exists(path)) {
    IPR_TRY(write_file(path, now.dump(1) + "\n"));
    return lock;
  }
  IPR_ASSIGN(const Json there, read_json(path));
  if (there == now) return lock;
  return usage("--out " + plan.out + ": holds a study of another plan" + differences(there, now) +
               "; give another --out, or the file as it was");
}

Result<std::vector<FailedCell>> run_cells(const StudyPlan& plan, const Options& own, loop::ProgressLine& progress,
                                          const std::atomic<bool>& stop) {
  Clock clock(plan);
  std::vector<FailedCell> failures;
  const std::string count = std::to_string(plan.cells.size());
  for (const PlannedCell& planned : plan.cells) {
    if (!is_finished(planned)) continue;
    clock.done(planned);
    IPR_TRY(write_missing_report(planned.folder));
  }
  for (std::size_t i = 0; i < plan.cells.size(); ++i) {
    const PlannedCell& planned = plan.cells[i];
    if (is_finished(planned)) continue;
    progress.say("cell " + std::to_string(i + 1) + " of " + count + ": " + planned.cell.name + clock.time_left());
    const Status ran = run_cell(plan, i, own, progress, stop);
    if (ran.code() == Code::kInterrupted) return ran;
    if (ran.ok()) {
      clock.done(planned);
    } else {
      clock.failed(planned);
      progress.say("cell " + planned.cell.name + " failed: " + ran.message());
      failures.push_back({planned.cell.name, ran});
    }
  }
  return failures;
}

}  // namespace ipr::host
