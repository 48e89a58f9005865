// One call of an optimizer's loss, with rows made by hand.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plugin/instance.h"

namespace ipr::check {

// A training row as the loss sees it; all have kTokens tokens, and values kTurns turns.
struct RowSpec {
  std::uint32_t tag = 0, role = 0;
  std::uint64_t group = 0;
  double weight = 1, outcome = 0;
  std::vector<float> mask, output, ref_logp, old_logp;  // output: log-probs, or values
  std::vector<std::int32_t> turn;
  std::vector<float> turn_score;
};
inline constexpr std::size_t kTokens = 7, kTurns = 2;

// What a loss is asked with: log-probs of pairs, with the anchor rows of some, or of plain rows, or values of plain
// rows.
enum class Form { kPairs, kPlain, kValues };
[[nodiscard]] Result<Form> wanted_form(const plugin::Instance& instance);

// Four groups. Two outcome pairs and two step pairs, an anchor row beside each; or plain rows, for a loss without a
// reference and for one that compares with the policy as the stage began.
[[nodiscard]] std::vector<RowSpec> make_rows(std::uint64_t seed, Form form);

[[nodiscard]] std::vector<ipr_total> totals_of(const std::vector<RowSpec>& rows);

struct LossAnswer {
  double loss = 0;
  std::vector<std::vector<float>> gradient;  // at the outputs
  bool operator==(const LossAnswer&) const = default;
};

// Calls the plugin's loss on some rows of a step whose totals are given.
[[nodiscard]] Result<LossAnswer> call_loss(const plugin::Instance& instance, const std::vector<RowSpec>& rows,
                                           const std::vector<ipr_total>& totals);

}  // namespace ipr::check
