// The indexes of a problem's tables: what they can be looked up by, and what constants leave of them.
#pragma once

#include <vector>

#include "plan/equalities.h"
#include "plan/problem.h"

namespace intercodesql {

// Sets PlanTable::indexes and key_depends_on.
void list_indexes(const Resolution& resolution, const std::vector<KeyLookup>& lookups, JoinProblem& problem);
// Sets what costs depend on: PlanTable::ranges, range, found_rows, read_cost and is_constant.
void weigh_ranges(const Resolution& resolution, const RangeCounter& counter, JoinProblem& problem);

}  // namespace intercodesql
