// SHOW and SET: what a session reads and changes of itself.
#include <algorithm>
#include <array>

#include "engine/server.h"
#include "engine/statement_runner.h"
#include "engine/system_variables.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

Value text(std::string_view value) {
  return Value::of_text(std::string(value));
}

ShownRows variables(const Session& session, const std::optional<std::string>& like) {
  ShownRows shown{{"Variable_name", "Value"}, {}};
  for (const auto& [name, value] : system_variables(session)) {
    const bool is_switch =
        name == "autocommit" || name == "foreign_key_checks" || name == "unique_checks" || name == "sql_safe_updates";
    shown.rows.push_back({text(name), text(!is_switch ? value : value == "1" ? "ON" : "OFF")});
  }
  shown.rows = filtered(std::move(shown.rows), like);
  return shown;
}

std::string as_text(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kInt:
    case Value::Kind::kUnsigned:
      return std::to_string(value.integer);
    case Value::Kind::kDouble:
      return std::to_string(value.real);
    default:
      return value.text;
  }
}

// The modes of a list in upper case; empty, with the bad one, if MySQL has no such mode.
std::optional<std::string> checked_modes(const std::string& modes, std::string& unknown) {
  constexpr std::array<std::string_view, 19> kModes = {"ALLOW_INVALID_DATES",
                                                       "ANSI",
                                                       "ANSI_QUOTES",
                                                       "ERROR_FOR_DIVISION_BY_ZERO",
                                                       "HIGH_NOT_PRECEDENCE",
                                                       "IGNORE_SPACE",
                                                       "NO_AUTO_VALUE_ON_ZERO",
                                                       "NO_BACKSLASH_ESCAPES",
                                                       "NO_DIR_IN_CREATE",
                                                       "NO_ENGINE_SUBSTITUTION",
                                                       "NO_UNSIGNED_SUBTRACTION",
                                                       "NO_ZERO_DATE",
                                                       "NO_ZERO_IN_DATE",
                                                       "ONLY_FULL_GROUP_BY",
                                                       "PAD_CHAR_TO_FULL_LENGTH",
                                                       "PIPES_AS_CONCAT",
                                                       "REAL_AS_FLOAT",
                                                       "STRICT_ALL_TABLES",
                                                       "STRICT_TRANS_TABLES"};
  const std::string upper = upper_text(modes);
  std::string kept;
  for (std::size_t begin = 0; begin <= upper.size();) {
    const std::size_t end = std::min(upper.find(',', begin), upper.size());
    const std::string mode = upper.substr(begin, end - begin);
    begin = end + 1;
    if (mode.empty()) continue;
    if (mode != "TRADITIONAL" && std::find(kModes.begin(), kModes.end(), mode) == kModes.end()) {
      unknown = mode;
      return std::nullopt;
    }
    kept += concat(kept.empty() ? "" : ",", mode);
  }
  return kept;
}

}  // namespace

Outcome StatementRunner::carry_out(const mysql::Show& show) {
  Outcome all = shown(show);
  return show.where == nullptr || all.kind != Outcome::Kind::kRows ? std::move(all)
                                                                   : chosen(std::move(all), *show.where);
}

Outcome StatementRunner::chosen(Outcome shown, const mysql::Query& where) {
  DatabaseContents contents;
  contents.schema.database = mysql::kShownDatabase;
  Table& table = contents.schema.tables.emplace_back();
  table.name = "shown";
  for (std::size_t i = 0; i < shown.names.size(); ++i) {
    const auto is_number = [i](const Row& row) { return row[i].kind == Value::Kind::kInt; };
    Column& column = table.columns.emplace_back();
    column.name = shown.names[i];
    column.type = {!shown.rows.empty() && std::all_of(shown.rows.begin(), shown.rows.end(), is_number)
                       ? BaseType::kInt
                       : BaseType::kText};
  }
  Catalog with_shown = catalog();
  with_shown.databases[contents.schema.database] = std::make_shared<const Schema>(contents.schema);
  auto translated = translate_query(where, expressions_, with_shown, session().database, settings_);
  if (auto* error = std::get_if<MysqlError>(&translated)) return failed(error->number, std::move(error->text));
  const auto& query = std::get<RowsQuery>(translated);
  contents.rows.push_back(std::move(shown.rows));
  Handle handle;
  for (const std::string& database : query.databases) {
    const bool is_shown = database == contents.schema.database;
    if (Image image = is_shown ? make_image(contents) : shared_.image(database, connection_.private_.get())) {
      handle.attach(database, std::move(image));
    }
  }
  std::vector<Type> types;
  for (const OutputColumn& column : query.columns) types.push_back(column.type);
  auto answer = handle.query(query.sql, types, shared_.settings().budget, session());
  if (auto* error = std::get_if<RuntimeError>(&answer)) return failed(std::move(*error));
  shown.rows = std::get<std::vector<Row>>(std::move(answer));
  return shown;
}

Outcome StatementRunner::shown(const mysql::Show& show) {
  using Kind = mysql::Show::Kind;
  const std::string database = show.database.empty() ? session().database : lower_ascii(show.database);
  mysql::TableName name = show.table;
  if (!show.database.empty()) name.database = show.database;
  switch (show.kind) {
    case Kind::kDatabases:
      return rows(show_databases(catalog(), show.like));
    case Kind::kTables:
    case Kind::kCreateDatabase: {
      const Schema* schema = catalog().find(database);
      if (schema == nullptr && database.empty()) return failed(1046, "No database selected");
      if (schema == nullptr) return failed(1049, concat("Unknown database '", database, "'"));
      return rows(show.kind == Kind::kTables ? show_tables(*schema, show.is_full, show.like)
                                             : show_create_database(*schema));
    }
    case Kind::kColumns:
    case Kind::kIndexes:
    case Kind::kCreateTable: {
      const Table* table = find(name);
      if (table == nullptr) return no_table(name);
      if (show.kind == Kind::kColumns) return rows(show_columns(*table, show.is_full, show.like));
      return rows(show.kind == Kind::kIndexes ? show_indexes(*table) : show_create_table(*table));
    }
    case Kind::kVariables:
      return rows(variables(session(), show.like));
    case Kind::kStatus:
      return rows({{"Variable_name", "Value"}, {}});
    case Kind::kWarnings:
    case Kind::kErrors:
      return rows({{"Level", "Code", "Message"}, {}});
    case Kind::kEngines:
      return rows(
          {{"Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"},
           {{text("InnoDB"), text("DEFAULT"), text("Supports transactions, row-level locking, and foreign keys"),
             text("YES"), text("YES"), text("YES")}}});
    case Kind::kCharacterSets:
      return rows({{"Charset", "Description", "Default collation", "Maxlen"},
                   {{text("utf8mb4"), text("UTF-8 Unicode"), text("utf8mb4_0900_ai_ci"), Value::of_int(4)}}});
    case Kind::kCollations:
      return rows({{"Collation", "Charset", "Id", "Default", "Compiled", "Sortlen", "Pad_attribute"},
                   {{text("utf8mb4_general_ci"), text("utf8mb4"), Value::of_int(45), text(""), text("Yes"),
                     Value::of_int(1), text("PAD SPACE")}}});
    case Kind::kGrants:
      return rows({{"Grants for admin@%"}, {{text("GRANT ALL PRIVILEGES ON *.* TO `admin`@`%`")}}});
    case Kind::kTableStatus:
    case Kind::kProcesses:
    case Kind::kPrivileges:
    case Kind::kPlugins:
    case Kind::kEvents:
    case Kind::kTriggers:
    case Kind::kProcedures:
      return rows({{"Name"}, {}});
  }
  return {};
}

std::variant<Value, RuntimeError> StatementRunner::value_of(const mysql::Expr& expression) {
  // ON, utf8mb4, ANSI: words stand for themselves.
  if (expression.kind == mysql::ExprKind::kColumn && expression.table.empty()) return Value::of_text(expression.name);
  const std::string select = concat("SELECT ", statement_.substr(expression.begin, expression.end - expression.begin));
  Outcome outcome = StatementRunner(connection_, select).run();
  if (outcome.kind == Outcome::Kind::kError) return RuntimeError{outcome.error_number, std::move(outcome.error)};
  if (outcome.rows.size() != 1 || outcome.rows[0].size() != 1) return Value::null();
  return std::move(outcome.rows[0][0]);
}

std::optional<RuntimeError> StatementRunner::assign(const mysql::SetVariables::Assignment& assignment) {
  if (!assignment.is_user && assignment.name == "names") return std::nullopt;
  std::variant<Value, RuntimeError> value = Value::null();
  if (assignment.value != nullptr) value = value_of(*assignment.value);
  if (auto* error = std::get_if<RuntimeError>(&value)) return std::move(*error);
  Value& assigned = std::get<Value>(value);
  if (assignment.is_user) {
    session().variables[lower_ascii(assignment.name)] = std::move(assigned);
    return std::nullopt;
  }
  if (!read_system_variable(session(), assignment.name)) {
    return RuntimeError{1193, concat("Unknown system variable '", assignment.name, "'")};
  }
  std::string text_value = as_text(assigned);
  if (assignment.name == "sql_mode") {
    std::string unknown;
    const auto modes =
        assignment.value == nullptr ? std::optional<std::string>(kDefaultSqlMode) : checked_modes(text_value, unknown);
    if (!modes) {
      return RuntimeError{1231, concat("Variable 'sql_mode' can't be set to the value of '", unknown, "'")};
    }
    session().sql_mode = *modes;
    return std::nullopt;
  }
  if (equal_ignoring_case(text_value, "on") || equal_ignoring_case(text_value, "true")) text_value.assign(1, '1');
  if (equal_ignoring_case(text_value, "off") || equal_ignoring_case(text_value, "false")) text_value.assign(1, '0');
  if (assignment.name == "autocommit") {
    connection_.before_transaction_.reset();
    if (text_value == "0") connection_.before_transaction_ = connection_.private_;
  }
  session().settings[assignment.name] = std::move(text_value);
  return std::nullopt;
}

Outcome StatementRunner::carry_out(const mysql::SetVariables& set) {
  for (const mysql::SetVariables::Assignment& assignment : set.assignments) {
    if (std::optional<RuntimeError> error = assign(assignment)) return failed(std::move(*error));
  }
  return {};
}

}  // namespace intercodesql
