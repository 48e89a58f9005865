#include "resolve/errors.h"

namespace intercodesql::errors {
namespace {

template <typename... Parts>
MysqlError make(int number, const Parts&... parts) {
  MysqlError error{number, {}};
  (error.text.append(std::string_view(parts)), ...);
  return error;
}

constexpr std::string_view kMode = "; this is incompatible with sql_mode=only_full_group_by";

}  // namespace

MysqlError no_database_selected() {
  return make(1046, "No database selected");
}
MysqlError unknown_database(std::string_view database) {
  return make(1049, "Unknown database '", database, "'");
}
MysqlError unknown_table(std::string_view name) {
  return make(1051, "Unknown table '", name, "'");
}
MysqlError ambiguous_column(std::string_view name, std::string_view clause) {
  return make(1052, "Column '", name, "' in ", clause, " is ambiguous");
}
MysqlError unknown_column(std::string_view name, std::string_view clause) {
  return make(1054, "Unknown column '", name, "' in '", clause, "'");
}
MysqlError cannot_group_on(std::string_view name) {
  return make(1056, "Can't group on '", name, "'");
}
MysqlError too_long_name(std::string_view name) {
  return make(1059, "Identifier name '", name, "' is too long");
}
MysqlError duplicate_column(std::string_view name) {
  return make(1060, "Duplicate column name '", name, "'");
}
MysqlError not_unique_table(std::string_view alias) {
  return make(1066, "Not unique table/alias: '", alias, "'");
}
MysqlError invalid_group_function() {
  return make(1111, "Invalid use of group function");
}
MysqlError column_count(std::size_t row) {
  return make(1136, "Column count doesn't match value count at row ", std::to_string(row));
}
MysqlError no_such_table(std::string_view database, std::string_view table) {
  return make(1146, "Table '", database, ".", table, "' doesn't exist");
}
MysqlError set_operation_columns() {
  return make(1222, "The used SELECT statements have a different number of columns");
}
MysqlError not_supported(std::string_view what) {
  return make(1235, "This version of MySQL doesn't yet support '", what, "'");
}
MysqlError operand_columns(std::size_t count) {
  return make(1241, "Operand should contain ", std::to_string(count), " column(s)");
}
MysqlError unsupported_reference(std::string_view name, std::string_view why) {
  return make(1247, "Reference '", name, "' not supported (", why, ")");
}
MysqlError table_in_global_clause(std::string_view table, std::string_view clause) {
  return make(1250, "Table '", table, "' from one of the SELECTs cannot be used in ", clause);
}
MysqlError no_function(std::string_view database, std::string_view name, bool is_native) {
  if (!is_native) return make(1305, "FUNCTION ", database, ".", name, " does not exist");
  return make(1630, "FUNCTION ", database, ".", name,
              " does not exist. Check the 'Function Name Parsing and Resolution' section in the Reference Manual");
}
MysqlError parameter_count(std::string_view function) {
  return make(1582, "Incorrect parameter count in the call to native function '", function, "'");
}
MysqlError file_access() {
  return make(1290,
              "The MySQL server is running with the --secure-file-priv option so it cannot execute this statement");
}
MysqlError aggregate_in_order(std::size_t number) {
  return make(3029, "Expression #", std::to_string(number),
              " of ORDER BY contains aggregate function and applies to the result of a non-aggregated query");
}
MysqlError window_in_wrong_place(std::string_view function) {
  return make(3593, "You cannot use the window function '", function, "' in this context.'");
}
MysqlError window_alias_in_wrong_place(std::string_view alias) {
  return make(3594, "You cannot use the alias '", alias,
              "' of an expression containing a window function in this context.'");
}
MysqlError unknown_window(std::string_view name) {
  return make(3579, "Window name '", name, "' is not defined.");
}
MysqlError not_grouped(std::size_t number, std::string_view clause, std::string_view column) {
  return make(1055, "Expression #", std::to_string(number), " of ", clause,
              " is not in GROUP BY clause and contains nonaggregated column '", column,
              "' which is not functionally dependent on columns in GROUP BY clause", kMode);
}
MysqlError not_aggregated(std::size_t number, std::string_view clause, std::string_view column) {
  return make(1140, "In aggregated query without GROUP BY, expression #", std::to_string(number), " of ", clause,
              " contains nonaggregated column '", column, "'", kMode);
}
MysqlError not_in_distinct(std::size_t number, std::string_view column) {
  return make(3065, "Expression #", std::to_string(number),
              " of ORDER BY clause is not in SELECT list, references column '", column,
              "' which is not in SELECT list; this is incompatible with DISTINCT");
}
MysqlError aggregate_not_in_distinct(std::size_t number) {
  return make(3066, "Expression #", std::to_string(number),
              " of ORDER BY clause is not in SELECT list, contains aggregate function; this is incompatible with "
              "DISTINCT");
}

}  // namespace intercodesql::errors
