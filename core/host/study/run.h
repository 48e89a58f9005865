// A study's cells run one after the other, each in its folder; whatever ends the process, the same call goes on.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/host/run_folder.h"
#include "core/host/study/plan.h"

namespace ipr::host {

// Holds the study's folder, and puts plan.json into it where there is none. Code::kUsage where the folder holds a study
// of another plan, with what differs.
[[nodiscard]] Result<FolderLock> open_study(const StudyPlan& plan);

struct FailedCell {
  std::string name;
  Status why;
};

// Runs what is not finished; progress and the time left over all cells on standard error. A cell that fails does not
// end the work: the others are run, and the failed ones are returned. Code::kInterrupted after a signal.
[[nodiscard]] Result<std::vector<FailedCell>> run_cells(const StudyPlan& plan, const Options& own,
                                                        loop::ProgressLine& progress, const std::atomic<bool>& stop);

}  // namespace ipr::host
