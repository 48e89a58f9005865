// What MySQL refuses before it looks at any column: doubled table names, IN over a LIMIT, wrong numbers of arguments;
// then databases and tables that do not exist.
#pragma once

#include <string_view>

#include "engine/catalog.h"
#include "mysql/ast.h"

namespace intercodesql {

// Throws the first MysqlError in MySQL's order: those of the statement's form in the order of its text, then those of
// its tables in the same order.
void check_outline(const mysql::Query& query, const Catalog& catalog, std::string_view current_database);
void check_outline(const mysql::Insert& insert, const Catalog& catalog, std::string_view current_database);
void check_outline(const mysql::Update& update, const Catalog& catalog, std::string_view current_database);
void check_outline(const mysql::Delete& statement, const Catalog& catalog, std::string_view current_database);

// The table; throws errors 1046, 1049, 1059 or 1146. `database` "" means the current one.
const Table& open_table(std::string_view database, std::string_view name, const Catalog& catalog,
                        std::string_view current_database);

}  // namespace intercodesql
