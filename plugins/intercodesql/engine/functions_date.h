// Functions over dates and times; see functions.h.
#pragma once

#include <span>

#include "engine/function_call.h"

namespace intercodesql {

[[nodiscard]] std::span<const FunctionEntry> date_functions();

}  // namespace intercodesql
