// INSERT, REPLACE, UPDATE and DELETE as one SQLite statement each. All throw MysqlError.
#pragma once

#include <string_view>

#include "emit/emit.h"

namespace intercodesql {

[[nodiscard]] RowsChange emit_insert(const mysql::Insert& insert, std::uint32_t expressions, const Catalog& catalog,
                                     std::string_view current_database, const TranslationSettings& settings);
[[nodiscard]] RowsChange emit_update(const mysql::Update& update, std::uint32_t expressions, const Catalog& catalog,
                                     std::string_view current_database, const TranslationSettings& settings);
[[nodiscard]] RowsChange emit_delete(const mysql::Delete& statement, std::uint32_t expressions, const Catalog& catalog,
                                     std::string_view current_database, const TranslationSettings& settings);

}  // namespace intercodesql
