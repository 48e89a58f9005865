// The sections of a run's page that take more than a few lines. For html_report.cc only.
//
// Each appends to <main> what the record has, or nothing. Errors are those of reading the record.
#pragma once

#include <pugixml.hpp>

#include "core/base/status.h"
#include "core/report/html_report.h"

namespace ipr::report {

// Reward by iteration with intervals, one line per split, and the paired difference to the start.
[[nodiscard]] Status add_reward_curve(pugi::xml_node main, const ReportInput& input);
// A small plot for every recorded metric with more than one point.
[[nodiscard]] Status add_training_curves(pugi::xml_node main, store::RunStore& record);
// Pair counts by iteration and by turn, and how step rewards are distributed, turn by turn.
[[nodiscard]] Status add_pairs(pugi::xml_node main, store::RunStore& record);
// Both sides of some pairs next to each other with their step rewards; without pairs one evaluated episode.
[[nodiscard]] Status add_trajectories(pugi::xml_node main, store::RunStore& record);
// Rollouts, tokens and seconds by iteration and stage.
[[nodiscard]] Status add_cost(pugi::xml_node main, store::RunStore& record);

}  // namespace ipr::report
