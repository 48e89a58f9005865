// What the environment shows after an action: nothing, rows, or an error text (InterCode's `observation`).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace intercodesql {

struct Observation {
  enum class Kind : std::uint8_t {
    kNone,  // nothing run yet, or a statement without a result set
    kRows,
    kError
  };
  Kind kind = Kind::kNone;
  std::vector<std::string> rows;  // kRows: the Python text of each row, a tuple
  std::string error;              // kError: "Error executing query: …"
};

// Appends what Python's str() gives: `None`, the list of the first `most` tuples, or the error.
void append_text(const Observation& observation, std::string& out, std::size_t most = SIZE_MAX);
[[nodiscard]] std::string text_of(const Observation& observation);

}  // namespace intercodesql
