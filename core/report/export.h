// Rows for other tools, JSON Lines, from a run's record (product.md section 2).
//
//   sharegpt  {"id","conversations":[{"from","value"}], …}             a trajectory; what --expert reads
//   trl-sft   {"messages":[{"role","content"}], …}                     a trajectory, TRL's conversational SFT row
//   trl-dpo   {"prompt":[…],"chosen":[…],"rejected":[…], …}            a pair, TRL's conversational preference row
//   steps     {"id","messages":[…],"action","reply","value","variance","interval","samples","scorer", …}   a scored
//            step, with the run's "model", whether its optimizer asked "lazy", and its seconds per rollout
//
// Messages are those the model was trained on: the environment's prompt without in-context examples, the task, then
// the agent's whole messages and the environment's, up to the agent's last one. The order is that of the record
// (episode, turn; iteration, pair), the bytes are a function of the record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/store/run_store.h"

namespace ipr::report {

enum class ExportFormat { kShareGpt, kTrlDpo, kTrlSft, kSteps };
// Code::kUsage with the nearest name.
[[nodiscard]] Result<ExportFormat> export_format_from_name(const std::string& name);

// Which rows. Empty: all.
struct ExportChoice {
  std::string policy = "expert";     // trajectories: who played
  std::vector<std::string> splits;   // trajectories
  std::optional<double> min_reward;  // trajectories: least outcome. Absent, for the expert: those the SFT stage kept
  std::string kind;                  // pairs: "outcome" or "step"
  std::optional<std::int32_t> iteration;  // trajectories and pairs
};

struct ExportedRows {
  std::string lines;  // JSON Lines
  std::int64_t count = 0;
};

// Code::kData where the record has no such rows (what it has instead is named) or no prompt, because a program that did
// not record it made the run. Monte Carlo rollouts are never trajectories here: they lack their first turns.
[[nodiscard]] Result<ExportedRows> export_rows(store::RunStore& record, ExportFormat format,
                                               const ExportChoice& choice);

}  // namespace ipr::report
