// MySQL's sort of rows whose order no index gives, which rows that compare as equal included.
//
// Up to 100 rows it sorts with std::sort, which is not stable, more with std::stable_sort; a LIMIT below half of them
// is found with std::nth_element first; and where a LIMIT is below a third of the rows it expects, only so many are
// kept, in a heap. Which of several equal rows an agent sees first, or at all, is decided by these algorithms as
// libstdc++ has them, so they are used as they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/value.h"

namespace intercodesql {

struct SortOrder {
  std::string directions;               // of each key: 'a' or 'd'; 'A', 'D' for texts by utf8mb4_general_ci
  std::optional<std::uint64_t> limit;   // rows that are wanted
  std::optional<double> expected_rows;  // absent: those of a temporary table, as many as there are
};

// Positions of the rows, first the smallest: all of them, or the `limit` wanted ones. keys[i] belongs to row i.
[[nodiscard]] std::vector<std::size_t> sorted_positions(const std::vector<Row>& keys, const SortOrder& order);

// Does so many rows' sort without a limit leave equal ones as they come?
[[nodiscard]] bool is_stable(std::size_t rows);

// The order of rows that are all different.
[[nodiscard]] std::vector<std::size_t> sorted_by(const std::vector<Row>& keys, const std::string& directions);

}  // namespace intercodesql
