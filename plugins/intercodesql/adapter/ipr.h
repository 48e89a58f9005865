// IPR's adapter (WeiminXiong/IPR, `IntercodeSQLEnv`): what it reads in a message and what it shows.
#pragma once

#include <string>
#include <string_view>

#include "adapter/runner.h"

namespace intercodesql {

// Behind the first `Action:`, case and all: the word `submit` anywhere is a submit; otherwise the first block
// ```sql … ```, without outer white space, and of it the FIRST LINE ONLY: the rest of a statement that goes over
// several lines is lost, as in the original. Dialect figure8: without a block, the first line behind `Action:`.
[[nodiscard]] AgentAction parse_ipr(Dialect dialect, std::string_view message);

[[nodiscard]] std::string compose_ipr(Dialect dialect, std::string_view action, std::string_view thought);

// `Observation: ` and the adapter's one text for everything that it does not understand.
[[nodiscard]] std::string ipr_feedback();

// `Observation: ` and the answer. After submit the last answer in full. Otherwise: nothing is the same as not
// understood (agents see that after USE, DDL and DML); an error gets a line end unless it holds the word `Unknown`;
// more than 350 characters are cut and `...` added.
[[nodiscard]] std::string ipr_answer(const Observation& observation, bool submitted);

}  // namespace intercodesql
