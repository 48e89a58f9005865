// The reward of submitted rows against the gold rows (InterCode, `SqlEnv.get_reward`).
//
// Rows are compared by their Python text, as multisets: with I the sum of the smaller and U the sum of the larger
// counts over all distinct texts, iou = I / U, and 1 where both are empty. Column order matters, duplicates count, and
// a decimal, an integer, a double and a text of the same digits are four different cells.
//
// Mode intercode scales iou by how far the common rows stand in the same order: Kendall's tau-b of the two sequences of
// common texts. It may be negative, and it punishes another row order where the question asks for none.
//
// Pure functions, safe on any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace intercodesql {

enum class RewardMode : std::uint8_t {
  kIou,       // in [0, 1]: the IPR paper's text, and what InterCode's published results hold
  kIntercode  // in [-1, 1]: InterCode's code; round(tau * iou, 2) where tau is defined, else iou
};

[[nodiscard]] double row_reward(RewardMode mode, std::span<const std::string> agent, std::span<const std::string> gold);

// Kendall's tau-b of two sequences of ranks of equal length; nothing where it is undefined: below two elements, or all
// elements of one sequence equal. Clamped to [-1, 1]; the order of the floating-point operations is SciPy's.
[[nodiscard]] std::optional<double> kendall_tau_b(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

}  // namespace intercodesql
