// The file of `ipr-host study`: what is crossed with what. docs/studies.md explains it to users.
//
//   {"name": "small", "seeds": [1, 2, 3],                                   // comments allowed
//    "common": {"preset": "quick", "set": {"env.world_seed": "${seed}"}},
//    "environments": ["webshop", {"name": "hard", "env": "webshop", "set": {"env.world": "credit"}}],
//    "methods": ["sft", "eto", "ipr", {"name": "unfiltered", "optimizer": "ipr", "set": {"ipr.filter": "off"}}],
//    "contrasts": [["ipr", "sft"]], "primary": ["ipr", "eto"]}
//
// A cell is one method under one scorer, with one model, in one environment, with one seed, at one point of the grid: a
// run with the settings of a `run` command line. What its parts say is laid over each other, weakest first: common,
// environment, model, scorer, method, grid.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/host/config_file.h"
#include "core/host/quotes.h"

namespace ipr::host {

// One value of an axis: a name for the table and for folders, and what it sets.
struct StudyEntry {
  std::string name;
  ConfigFile settings;
};

struct StudyMethod {
  std::string name, title;  // the title is for tables
  ConfigFile settings;
  // A row without runs of its own: iteration `iteration` of the runs of method `of`. Iteration 0 is the SFT model.
  std::string of;
  std::optional<int> iteration;  // of a row with runs of its own: this one instead of the one chosen on dev
  std::vector<std::pair<std::string, std::vector<std::string>>> grid;  // setting -> its values
  [[nodiscard]] bool has_runs() const { return of.empty(); }
  // Whether it is crossed with the scorers: not where it names one itself.
  [[nodiscard]] bool crossed() const { return settings.flags.count("scorer") == 0; }
};

struct StudyFile {
  std::string path, name, out;
  ConfigFile common;
  std::vector<StudyEntry> environments, models, scorers;
  std::vector<StudyMethod> methods;
  std::vector<std::uint64_t> seeds;
  std::vector<std::pair<std::string, std::string>> contrasts;  // row minus baseline
  std::optional<std::pair<std::string, std::string>> primary;
  std::vector<std::string> agents;
  std::vector<Quote> quotes;                                               // results of others
  [[nodiscard]] const StudyMethod* method(const std::string& name) const;  // nullptr: none
};

struct StudyCell {
  std::string name;                               // also its folder: "<env>/<method>/seed-1"
  std::string env, model, scorer, method, point;  // by their names; scorer empty where not crossed
  std::uint64_t seed = 0;
  ConfigFile settings;
  std::vector<std::string> waits_for;  // methods whose finished run its settings speak of: ${ipr.rollouts_per_task}
};

// `flags`: what a cell may set. Code::kUsage names file and key: "study.json: methods[2].optimzer: …". Files that it
// names are looked for beside it; Code::kData where one cannot be read.
[[nodiscard]] Result<StudyFile> read_study_file(const std::string& path, const std::vector<std::string>& flags);

// In the order they are run in: by seed, environment, model, scorer, method; a cell that waits for another method comes
// after all others of its seed, environment and model.
[[nodiscard]] std::vector<StudyCell> cells_of(const StudyFile& file);

// The settings with each "${NAME.rollouts_per_task}" replaced by what `value_of(NAME)` says.
[[nodiscard]] Result<ConfigFile> fill_in(const ConfigFile& settings,
                                         const std::function<Result<std::int64_t>(const std::string&)>& value_of);

}  // namespace ipr::host
