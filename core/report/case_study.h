// The same tasks played in two runs, side by side from the first action that differs (the paper's appendix D).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/report/leaderboard.h"
#include "core/store/run_store.h"

namespace ipr::report {

// One side: who played.
struct CaseSide {
  RunSource run;
  std::string policy;  // empty: the one chosen on dev, else the last that was evaluated
};

struct CaseOptions {
  std::vector<std::string> splits;  // evaluated splits to look at; empty: all
  std::string task;                 // this one alone; empty: those whose outcomes differ the most
  std::size_t limit = 3;            // at most so many cases
};

// One task, played by both. Repeats of a task are paired by their sample number.
struct Case {
  store::Episode a, b;
  std::string instruction;
  // The first turn (from 0) whose actions differ, or that only one side has; empty where they are the same throughout.
  std::optional<std::size_t> parts;
};

struct CaseStudy {
  std::string a, b;  // the sides' names: "run policy"
  std::vector<Case> cases;
  std::size_t common = 0;  // tasks that both have played, of which `cases` shows some
};

// Tasks are the same where split, id and content are. Cases come by falling difference of outcomes, then by task.
// Code::kUsage for a policy or task that is not there, Code::kData where the runs share no evaluated task.
[[nodiscard]] Result<CaseStudy> make_case_study(const CaseSide& a, const CaseSide& b, const CaseOptions& options);

// One object per case, docs/json.md.
[[nodiscard]] std::vector<Json> to_json(const CaseStudy& study);

// Two columns in at most `width` characters a line; turns that are the same stand once, before the two part.
[[nodiscard]] std::string to_text(const CaseStudy& study, std::size_t width = 100);

}  // namespace ipr::report
