// Functions over numbers, and conversions to them; see functions.h.
#pragma once

#include <span>

#include "engine/function_call.h"

namespace intercodesql {

[[nodiscard]] std::span<const FunctionEntry> number_functions();

}  // namespace intercodesql
