// CREATE TABLE of a dump.
#pragma once

#include "engine/catalog.h"
#include "import/dump_lexer.h"

namespace intercodesql {

// Reads from the name of the table to the end of the statement, its `;` included. Throws as DumpLexer::fail.
[[nodiscard]] Table read_dump_table(DumpLexer& lexer);

}  // namespace intercodesql
