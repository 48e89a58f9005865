// Agents that need no model, played on the test tasks of a study.
#pragma once

#include <atomic>
#include <map>
#include <string>

#include "core/host/study/plan.h"
#include "core/report/study_read.h"

namespace ipr::host {

// By agent, then test split; an agent that the environment has nothing for is left out.
using AgentOutcomes = std::map<std::string, std::map<std::string, report::TaskOutcomes>>;

// On the test tasks of a cell, with its environment, seed and limits. Kept in the study's folder: a second call reads
// them. Code::kInterrupted after a signal.
[[nodiscard]] Result<AgentOutcomes> agents_beside(const StudyPlan& plan, std::size_t index, const Options& own,
                                                  loop::ProgressLine& progress, const std::atomic<bool>& stop);

}  // namespace ipr::host
