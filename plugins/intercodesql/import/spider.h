// Databases in Spider's own layout: `tables.json` and `database/<db_id>/<db_id>.sqlite`.
//
// Types come from the SQLite files' declarations where the rows fit them; where they do not, a column becomes TEXT,
// DOUBLE or INT as its rows ask. Keys come from the files too, foreign keys from tables.json. Bytes that are no UTF-8
// are read as Latin-1.
#pragma once

#include <string>
#include <vector>

#include "engine/image.h"

namespace intercodesql {

// Databases of tables.json that have no file are left out. Throws ipr::sdk::Failure (IPR_DATA_LOSS) with the file and
// what was expected if tables.json or a database cannot be read, or if no database has a file.
[[nodiscard]] std::vector<DatabaseContents> read_spider(const std::string& folder);

}  // namespace intercodesql
