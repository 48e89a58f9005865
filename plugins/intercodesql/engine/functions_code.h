// ASCII, ORD, CHAR, HEX, UNHEX, BIN, OCT and CONV; see functions.h.
#pragma once

#include <span>

#include "engine/function_call.h"

namespace intercodesql {

[[nodiscard]] std::span<const FunctionEntry> code_functions();

}  // namespace intercodesql
