// Runs named on a command line: their folders, or a study's folder for all its finished runs.
#pragma once

#include <string>
#include <vector>

#include "core/host/run_report.h"

namespace ipr::host {

// In the order given, a study's by the names of its cells; with the names of their rows. Those of a study are called as
// in its plan: environment, experiment, and for the run "webshop/ipr/seed-1". Code::kData where a folder is neither, or
// nothing of a study is finished yet.
[[nodiscard]] Result<std::vector<OpenedRun>> open_named_runs(const std::vector<std::string>& folders);

}  // namespace ipr::host
