// my_store: values as columns keep them; see functions.h.
#pragma once

#include <span>

#include "engine/function_call.h"

namespace intercodesql {

[[nodiscard]] std::span<const FunctionEntry> store_functions();

}  // namespace intercodesql
