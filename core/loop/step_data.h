// Scored steps from files, as `ipr-host export RUN --format steps` writes them, for training a step-reward model.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/loop/policy.h"
#include "core/train/rows.h"

namespace ipr::loop {

// A step (history, message) with its reward.
struct ScoredStep {
  std::size_t row = 0;        // in StepData::rows
  std::int32_t turn = 0;      // of that row
  std::string task;           // without the environment that its id may begin with
  std::string env;            // as the row says ("env"); else empty
  std::string generator;      // the model whose agent acted, as the row says ("model"); else the file
  std::uint64_t history = 0;  // equal where the agent had read the same of the same task: rivals
  std::uint64_t message = 0;  // of what the agent then said
  double value = 0;
  std::uint32_t samples = 0;   // rollouts behind the value; 0: a true outcome
  double rollout_seconds = 0;  // that one of them took; 0: not known
};

// Steps of one episode whose conversations continue each other share a row.
struct StepData {
  std::vector<train::TrainRow> rows;
  std::vector<ScoredStep> steps;  // those of a row side by side
  std::size_t too_long = 0;       // left out: more tokens than the model takes
  std::size_t lazy = 0;           // taken although an optimizer had asked for these scores only where they mattered
  std::size_t unknown = 0;        // taken without a word about that
};

struct StepTarget {
  const Speech* speech = nullptr;
  std::int64_t max_positions = 0;
  // Scores that were asked for only where a pair could come of them are a biased sample of what an agent does: refused
  // unless allowed.
  bool allow_lazy = false;
};

// Appends a file's steps. Code::kData names file and line: no scored step, or one of a lazy scoring.
[[nodiscard]] Status read_steps(const std::string& path, const StepTarget& target, StepData& into);

// The steps and rows that `wanted` says yes to, of which all steps of a row or none must be.
[[nodiscard]] StepData part_of(const StepData& all, const std::function<bool(const ScoredStep&)>& wanted);

}  // namespace ipr::loop
