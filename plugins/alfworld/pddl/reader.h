// Reads a domain and a problem in the part of PDDL that games use: typing, constants, and, or, not, imply, exists,
// forall, =, conditional and universal effects. Costs are read over. Derived predicates and fluents are refused.
#pragma once

#include "pddl/task.h"
#include "source_text.h"

namespace alfworld::pddl {

// Throws sdk::Failure (IPR_DATA_LOSS) with place, line and column.
[[nodiscard]] Task read_task(const SourceText& domain, const SourceText& problem);

}  // namespace alfworld::pddl
