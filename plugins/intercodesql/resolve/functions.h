// MySQL's functions: how many arguments they take, what type they have, which SQLite function stands for them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/catalog.h"

namespace intercodesql {

enum class ResultRule : std::uint8_t {
  kInt,
  kUnsigned,
  kDouble,
  kText,
  kDate,
  kDatetime,
  kTime,
  kYear,
  kFirst,        // the first argument's
  kRounded,      // ROUND, TRUNCATE: the first argument's with other decimals
  kWhole,        // CEILING, FLOOR: an integer for exact numbers, otherwise a double
  kCommon,       // the common type of all arguments
  kCommonFrom2,  // IF: the common type of arguments 2 and 3
  kNumber,       // a number of the argument's kind: ABS
  kModulo,
  kClock,  // STR_TO_DATE: by its format, otherwise a datetime
};

enum class ArgumentRule : std::uint8_t {
  kPlain,     // as they lie
  kText,      // as texts
  kNumber,    // as numbers
  kCommon,    // as their common type
  kTemporal,  // dates and times, or texts of them
};

struct FunctionInfo {
  std::string_view name;  // upper case
  int least = 0;
  int most = 0;
  ResultRule result = ResultRule::kText;
  ArgumentRule arguments = ArgumentRule::kPlain;
  std::string_view sqlite;    // "" if emit/ has a rule of its own
  bool uses_session = false;  // another value may come next time
};

// Absent for a name that is no function of MySQL's that we have. `name` in upper case.
[[nodiscard]] const FunctionInfo* find_function(std::string_view name);

}  // namespace intercodesql
