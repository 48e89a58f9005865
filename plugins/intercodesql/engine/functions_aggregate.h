// MySQL's aggregates; see functions.h.
#pragma once

#include <sqlite3.h>

#include "engine/statement_context.h"

namespace intercodesql {

void register_aggregates(sqlite3* connection, StatementContext& context);

}  // namespace intercodesql
