// Reads what mysqldump writes: several databases, their tables and rows, in one text.
//
// Statements: CREATE DATABASE, USE, CREATE TABLE and INSERT … VALUES are read; DROP, LOCK, UNLOCK, SET, CREATE USER,
// GRANT, FLUSH and the like are passed over, and so are comments with the conditional ones (/*!40101 … */). Names of
// databases and tables become lower case. Foreign keys are kept as declared and not checked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/image.h"

namespace intercodesql {

// `source` names the text in messages. Throws ipr::sdk::Failure (IPR_DATA_LOSS) with `source:line: expected …, found …`
// for text that is no such dump.
[[nodiscard]] std::vector<DatabaseContents> read_mysql_dump(std::string_view text, const std::string& source);

}  // namespace intercodesql
