// The database that describes the others.
//
// Its tables are declared in the catalog like any other, with MySQL 8's columns, and filled from the catalog.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/catalog.h"
#include "engine/image.h"

namespace intercodesql {

inline constexpr std::string_view kInformationSchema = "information_schema";

// Its tables, without rows.
[[nodiscard]] Schema information_schema();

// Rows of a table, for TABLE_ROWS.
using RowCounter = std::function<std::int64_t(const std::string& database, const std::string& table)>;
[[nodiscard]] DatabaseContents information_schema_contents(const Catalog& catalog, const RowCounter& rows);

}  // namespace intercodesql
