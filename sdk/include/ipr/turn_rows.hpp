// ipr/turn_rows.hpp: training rows with a number for each turn, found again in `loss`. Header only; for optimizers.
//
//   rows_.emit(sink, values);                                      // in `emit`
//   const std::vector<double>* of_turn = rows_.find(batch, row);   // in `loss`
//
// A batch carries one weight for a row, but none for a turn; so each row gets a group of its own, by which its numbers
// are known. A run that goes on after its end emits again, before it trains on: nothing needs to be saved.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "ipr/paths.hpp"

namespace ipr::sdk {

// A number for each turn of a trajectory of the host's.
struct TurnValues {
  std::uint64_t trajectory = 0;
  std::vector<double> turns;
  bool operator==(const TurnValues&) const = default;
};

// All zero up to rounding: training on it would change nothing.
inline bool is_flat(const TurnValues& values) {
  return std::all_of(values.turns.begin(), values.turns.end(), [](double value) { return std::abs(value) <= 1e-9; });
}

class TurnRows {
 public:
  // One row of role PLAIN and tag 0 for each trajectory, over all its turns. Forgets the rows of the last call.
  void emit(const ipr_example_sink& sink, std::vector<TurnValues> values) {
    by_group_.clear();
    for (TurnValues& one : values) {
      const std::uint64_t group = by_group_.size() + 1;
      emit_row(sink, 0, IPR_ROLE_PLAIN, group, {one.trajectory, 0, one.turns.size()});
      by_group_.push_back(std::move(one.turns));
    }
  }

  // nullptr: nothing was emitted, the rows are a file's (`ipr-host train`).
  [[nodiscard]] const std::vector<double>* find(const ipr_batch& batch, std::size_t row) const {
    return by_group_.empty() ? nullptr : &by_group_.at(batch.group[row] - 1);
  }

 private:
  std::vector<std::vector<double>> by_group_;  // group 1 first
};

}  // namespace ipr::sdk
