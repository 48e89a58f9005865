// What one statement may use. Counted in SQLite's instructions, rows and bytes, never in time, so that a rerun agrees.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace intercodesql {

struct Budget {
  std::int64_t steps = 20'000'000;            // instructions of SQLite's virtual machine, and work inside functions
  std::size_t rows = 100'000;                 // of a result
  std::size_t bytes = std::size_t{32} << 20;  // of a result, and again of what its sorts spill
  std::int64_t private_bytes = std::int64_t{8} << 20;  // by which writes may grow an episode's copy of a database
};

// What an agent reads when a statement would use more, or nests deeper than SQLite goes: MySQL's own text for a
// statement that ran out of time.
inline constexpr int kBudgetErrorNumber = 3024;
inline constexpr std::string_view kBudgetError =
    "Query execution was interrupted, maximum statement execution time exceeded";

}  // namespace intercodesql
