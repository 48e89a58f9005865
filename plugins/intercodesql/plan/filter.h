// The share of a table's rows that conditions are thought to leave.
#pragma once

#include <vector>

#include "plan/problem.h"

namespace intercodesql {

// How a table is reached: the columns whose conditions that already takes into account.
struct Reached {
  const IndexUse* key = nullptr;
  std::size_t parts = 0;  // of the key
};

// `read`: tables that come before. At least one row of the table is thought to be left.
[[nodiscard]] double condition_filter(const Resolution& resolution, const JoinProblem& problem, const PlanTable& table,
                                      const Reached& reached, TableSet read);

}  // namespace intercodesql
