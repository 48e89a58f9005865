// Functions over texts; see functions.h.
#pragma once

#include <span>

#include "engine/function_call.h"

namespace intercodesql {

[[nodiscard]] std::span<const FunctionEntry> text_functions();

}  // namespace intercodesql
