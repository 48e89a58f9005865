// The order of rows: see emit/functions.h.
#pragma once

#include <sqlite3.h>

#include <span>

#include "engine/function_call.h"

namespace intercodesql {

[[nodiscard]] std::span<const FunctionEntry> order_functions();
void register_filesort(sqlite3* connection, StatementContext& context);

}  // namespace intercodesql
