// What MySQL's functions share with the statement they run in: its budget, the session, an error of MySQL's.
//
// One per SQLite handle, set up before each statement; used by the handle's thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "engine/session.h"

namespace intercodesql {

// An error MySQL raises while a statement runs: 1242 "Subquery returns more than 1 row".
struct RuntimeError {
  int number = 0;
  std::string text;
};

struct StatementContext {
  std::int64_t steps_left = 0;
  Session* session = nullptr;
  std::optional<RuntimeError> error;  // the first one
  // Of INSERT and UPDATE: the row that is being stored, from 1, and its values as texts by column.
  std::size_t stored_row = 0;
  std::string first_column;
  std::map<std::string, std::string, std::less<>> stored;
  // What functions have worked out and may need again, by keys of their own; a function may find it gone. SQLite's
  // auxdata would not do: it is a list with an entry for each place of a call, searched at each call.
  std::unordered_map<std::string, std::shared_ptr<const void>> kept;
  std::size_t seeded = 0;  // places where RAND has a seed; they do use auxdata

  // Takes the price of touching `bytes` inside a function: one step for 32 of them. False if the budget is used up.
  [[nodiscard]] bool charge(std::size_t bytes) {
    steps_left -= static_cast<std::int64_t>(bytes / 32) + 1;
    return steps_left >= 0;
  }
};

}  // namespace intercodesql
