// Functions over regular expressions, and digests; see functions.h.
#pragma once

#include <span>

#include "engine/function_call.h"

namespace intercodesql {

[[nodiscard]] std::span<const FunctionEntry> regex_functions();

}  // namespace intercodesql
