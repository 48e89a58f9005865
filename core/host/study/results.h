// From the finished runs of a study to the input of its table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/host/study/agents.h"
#include "core/host/study/run.h"
#include "core/report/study.h"

namespace ipr::host {

// Where a grid is, its point is chosen on dev here. Cells that are not finished are missing in the table, and said to
// be in its notes. `agents`: by index of the cell beside which they were played.
[[nodiscard]] Result<report::StudyInput> read_results(const StudyPlan& plan, const std::vector<FailedCell>& failed,
                                                      const std::map<std::size_t, AgentOutcomes>& agents);

}  // namespace ipr::host
