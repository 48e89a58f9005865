// MySQL's refusals that are not syntax errors, by number. Thrown inside resolve/ and emit/, never beyond their calls.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mysql/syntax_error.h"

namespace intercodesql::errors {

[[nodiscard]] MysqlError no_database_selected();                                                   // 1046
[[nodiscard]] MysqlError unknown_database(std::string_view database);                              // 1049
[[nodiscard]] MysqlError unknown_table(std::string_view name);                                     // 1051, of `t.*`
[[nodiscard]] MysqlError ambiguous_column(std::string_view name, std::string_view clause);         // 1052
[[nodiscard]] MysqlError unknown_column(std::string_view name, std::string_view clause);           // 1054
[[nodiscard]] MysqlError cannot_group_on(std::string_view name);                                   // 1056
[[nodiscard]] MysqlError too_long_name(std::string_view name);                                     // 1059
[[nodiscard]] MysqlError duplicate_column(std::string_view name);                                  // 1060
[[nodiscard]] MysqlError not_unique_table(std::string_view alias);                                 // 1066
[[nodiscard]] MysqlError invalid_group_function();                                                 // 1111
[[nodiscard]] MysqlError column_count(std::size_t row);                                            // 1136, of INSERT
[[nodiscard]] MysqlError no_such_table(std::string_view database, std::string_view table);         // 1146
[[nodiscard]] MysqlError set_operation_columns();                                                  // 1222
[[nodiscard]] MysqlError not_supported(std::string_view what);                                     // 1235
[[nodiscard]] MysqlError operand_columns(std::size_t count);                                       // 1241
[[nodiscard]] MysqlError unsupported_reference(std::string_view name, std::string_view why);       // 1247
[[nodiscard]] MysqlError table_in_global_clause(std::string_view table, std::string_view clause);  // 1250
[[nodiscard]] MysqlError no_function(std::string_view database, std::string_view name, bool is_native);  // 1305, 1630
[[nodiscard]] MysqlError parameter_count(std::string_view function);                                     // 1582
[[nodiscard]] MysqlError file_access();                                                                  // 1290
[[nodiscard]] MysqlError aggregate_in_order(std::size_t number);                                         // 3029
[[nodiscard]] MysqlError window_in_wrong_place(std::string_view function);                               // 3593
[[nodiscard]] MysqlError window_alias_in_wrong_place(std::string_view alias);                            // 3594
[[nodiscard]] MysqlError unknown_window(std::string_view name);                                          // 3579
// Of a grouped query, and of one that is aggregated without GROUP BY: 1055, 1140.
[[nodiscard]] MysqlError not_grouped(std::size_t number, std::string_view clause, std::string_view column);
[[nodiscard]] MysqlError not_aggregated(std::size_t number, std::string_view clause, std::string_view column);
// Of SELECT DISTINCT … ORDER BY: 3065, 3066.
[[nodiscard]] MysqlError not_in_distinct(std::size_t number, std::string_view column);
[[nodiscard]] MysqlError aggregate_not_in_distinct(std::size_t number);

}  // namespace intercodesql::errors
