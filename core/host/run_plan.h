// From flags to a complete RunConfig: profiles, defaults and overrides resolved, each with its origin.
#pragma once

#include <memory>
#include <string>

#include "core/host/setup.h"
#include "core/loop/run.h"
#include "core/report/html_report.h"

namespace ipr::host {

struct RunPlan {
  MadeEnvironment environment;
  loop::RunConfig config;
  std::vector<report::Setting> settings;  // every value and where it came from
  std::string hash;                       // 8 hex digits of what decides the results
};

// Makes the environment instance; the other plugins are only looked up and their settings checked.
[[nodiscard]] Result<RunPlan> plan_run(const Options& options);

}  // namespace ipr::host
