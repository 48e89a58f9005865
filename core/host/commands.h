// The commands of ipr-host, one file each. `add_<command>` adds a subcommand; when it is the one called, `chosen`
// becomes the work to do after parsing.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "core/base/status.h"

namespace ipr::host {

struct Chosen {
  std::function<Status()> work;
};

void add_run(CLI::App& app, Chosen& chosen);
void add_eval(CLI::App& app, Chosen& chosen);
void add_replay(CLI::App& app, Chosen& chosen);
void add_play(CLI::App& app, Chosen& chosen);
void add_model(CLI::App& app, Chosen& chosen);
void add_leaderboard(CLI::App& app, Chosen& chosen);
void add_verify(CLI::App& app, Chosen& chosen);
void add_study(CLI::App& app, Chosen& chosen);
void add_report(CLI::App& app, Chosen& chosen);
void add_analyze(CLI::App& app, Chosen& chosen);
void add_case_study(CLI::App& app, Chosen& chosen);
void add_export(CLI::App& app, Chosen& chosen);
void add_plugin(CLI::App& app, Chosen& chosen);
void add_doctor(CLI::App& app, Chosen& chosen);
void add_train(CLI::App& app, Chosen& chosen);
void add_train_scorer(CLI::App& app, Chosen& chosen);
void add_score(CLI::App& app, Chosen& chosen);
void add_collect(CLI::App& app, Chosen& chosen);
void add_completion(CLI::App& app, Chosen& chosen);

}  // namespace ipr::host
