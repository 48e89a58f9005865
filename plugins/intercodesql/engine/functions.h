// MySQL's functions, operators and aggregates as functions of SQLite.
#pragma once

#include <sqlite3.h>

#include "engine/statement_context.h"

namespace intercodesql {

// Registers the collation MYSQL and every function of emit/functions.h. `context` must outlive the connection.
void register_functions(sqlite3* connection, StatementContext& context);

}  // namespace intercodesql
