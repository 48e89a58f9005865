// Functions that read or change the session: the clock, random numbers, user variables; see functions.h.
#pragma once

#include <span>

#include "engine/function_call.h"

namespace intercodesql {

[[nodiscard]] std::span<const FunctionEntry> session_functions();

}  // namespace intercodesql
