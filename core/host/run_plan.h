// From flags to a complete RunConfig: profiles, defaults and overrides resolved, each with its origin.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/host/environment_defaults.h"
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

// A scorer or optimizer with its settings resolved: schema < the environment's defaults < profiles < config file <
// variable < flag, training settings likewise. `settings` gets every value with its origin. Code::kUsage names what is
// wrong: an unknown setting or training setting with the nearest one.
[[nodiscard]] Result<loop::PluginChoice> choose_plugin(const plugin::Registry& registry, const PluginRole& role,
                                                       const Options& options,
                                                       const std::vector<SettingSource>& sources,
                                                       const EnvironmentDefaults& environment_defaults,
                                                       std::vector<report::Setting>& settings);

// Code::kUsage unless it is default, paper or released.
[[nodiscard]] Status check_profile(const std::string& profile);

// The flags that decide a run's results; where it lies, how it is watched and with how many workers are others.
[[nodiscard]] const std::vector<std::string>& run_flags();

// Makes the environment instance; the other plugins are only looked up and their settings checked.
[[nodiscard]] Result<RunPlan> plan_run(const Options& options);

}  // namespace ipr::host
