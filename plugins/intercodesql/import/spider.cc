#include "import/spider.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/collation.h"
#include "engine/datetime.h"
#include "engine/declared_type.h"
#include "engine/number_text.h"
#include "engine/text.h"
#include "ipr/plugin.hpp"

namespace intercodesql {
namespace {

using nlohmann::json;

[[noreturn]] void fail(const std::string& file, const std::string& what) {
  throw ipr::sdk::Failure(IPR_DATA_LOSS, file + ": " + what);
}

sqlite::Database open_file(const std::string& path) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  sqlite::Database database(opened);
  if (code != SQLITE_OK) fail(path, "expected an SQLite database: " + std::string(sqlite3_errstr(code)));
  return database;
}

std::string utf8_of(const unsigned char* bytes, int size) {
  std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  if (is_utf8(text)) return text;
  std::string converted;
  for (const char byte : text) append_utf8(static_cast<unsigned char>(byte), converted);
  return converted;
}

Value value_at(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      return Value::null();
    case SQLITE_INTEGER:
      return Value::of_int(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return Value::of_double(sqlite3_column_double(statement, column));
    default:
      return Value::of_text(utf8_of(sqlite3_column_text(statement, column), sqlite3_column_bytes(statement, column)));
  }
}

bool fits(const Value& value, const Type& type) {
  if (value.kind == Value::Kind::kNull) return true;
  const bool is_number_value = value.kind != Value::Kind::kText;
  switch (type.base) {
    case BaseType::kInt:
      return value.kind == Value::Kind::kInt;
    case BaseType::kDouble:
    case BaseType::kFloat:
      return is_number_value;
    case BaseType::kDecimal:
      return value.kind == Value::Kind::kInt ||
             (is_number_value && round_decimal(value.real, type.scale) == value.real);
    case BaseType::kChar:
    case BaseType::kVarchar:
      return is_number_value || type.length < 0 ||
             count_characters(value.text) <= static_cast<std::size_t>(type.length);
    case BaseType::kText:
      return true;
    case BaseType::kDate:
    case BaseType::kDatetime:
    case BaseType::kTimestamp: {
      const auto moment = is_number_value ? std::nullopt : read_datetime(value.text);
      return moment && !has_zero(*moment) && (type.base != BaseType::kDate || !moment->has_time);
    }
    default:
      return false;
  }
}

// The declared type if all rows fit it, otherwise the narrowest of INT, DOUBLE and TEXT that they fit.
DeclaredType type_for(const std::string& declared, std::size_t column, const std::vector<Row>& rows) {
  std::vector<std::string> candidates = {declared.empty() ? "int" : declared, "int", "double", "text"};
  for (const std::string& candidate : candidates) {
    const auto type = read_declared_type(candidate);
    if (!type) continue;
    if (std::all_of(rows.begin(), rows.end(), [&](const Row& row) { return fits(row[column], type->type); }))
      return *type;
  }
  return *read_declared_type("text");
}

bool is_unique(const std::vector<std::size_t>& key, const std::vector<Row>& rows) {
  std::set<std::string> seen;
  for (const Row& row : rows) {
    std::string text;
    for (const std::size_t column : key) {
      const Value& value = row[column];
      if (value.kind == Value::Kind::kNull) return false;
      const std::string part = value.kind == Value::Kind::kText ? general_ci_key(value.text) : python_text(value);
      text += std::to_string(part.size()) + ':' + part;
    }
    if (!seen.insert(std::move(text)).second) return false;
  }
  return true;
}

struct ReadTable {
  Table table;
  std::vector<Row> rows;
};

// Dates lie in SQLite in many spellings; a column of them gets one.
void spell_dates(ReadTable& read) {
  for (std::size_t column = 0; column < read.table.columns.size(); ++column) {
    const Type& type = read.table.columns[column].type;
    if (!is_temporal(type) || type.base == BaseType::kTime) continue;
    for (Row& row : read.rows) {
      if (row[column].kind != Value::Kind::kText) continue;
      auto moment = read_datetime(row[column].text);
      moment->has_time = type.base != BaseType::kDate;
      row[column].text = datetime_text(*moment);
    }
  }
}

ReadTable read_table(sqlite3* database, const std::string& path, const std::string& name) {
  ReadTable read;
  read.table.name = lower_ascii(name);
  std::vector<std::string> declared;
  std::vector<std::pair<int, std::size_t>> key;
  const auto columns = sqlite::prepare(database, "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?)");
  sqlite3_bind_text(columns.get(), 1, name.c_str(), -1, SQLITE_STATIC);
  while (sqlite3_step(columns.get()) == SQLITE_ROW) {
    Column column;
    column.name = value_at(columns.get(), 0).text;
    column.nullable = sqlite3_column_int(columns.get(), 2) == 0;
    declared.push_back(value_at(columns.get(), 1).text);
    if (const int place = sqlite3_column_int(columns.get(), 3); place > 0) key.emplace_back(place, declared.size() - 1);
    read.table.columns.push_back(std::move(column));
  }
  if (read.table.columns.empty()) fail(path, "expected a table \"" + name + "\", as tables.json says");
  const auto all = sqlite::prepare(database, "SELECT * FROM " + sqlite::quoted(name));
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(all.get())) == SQLITE_ROW) {
    Row row;
    for (std::size_t i = 0; i < read.table.columns.size(); ++i) row.push_back(value_at(all.get(), static_cast<int>(i)));
    read.rows.push_back(std::move(row));
  }
  if (code != SQLITE_DONE) fail(path, "table \"" + name + "\" cannot be read: " + sqlite3_errmsg(database));
  for (std::size_t i = 0; i < read.table.columns.size(); ++i) {
    Column& column = read.table.columns[i];
    DeclaredType type = type_for(declared[i], i, read.rows);
    column.type = type.type;
    column.type_text = std::move(type.type_text);
    if (is_text(column.type)) column.collation = "utf8mb4_general_ci";
    const bool has_null = std::any_of(read.rows.begin(), read.rows.end(),
                                      [i](const Row& row) { return row[i].kind == Value::Kind::kNull; });
    column.nullable = column.nullable || has_null;
  }
  spell_dates(read);
  std::sort(key.begin(), key.end());
  Index primary{"PRIMARY", {}, {}, true};
  for (const auto& part : key) primary.columns.push_back(part.second);
  if (!primary.columns.empty() && is_unique(primary.columns, read.rows))
    read.table.indexes.push_back(std::move(primary));
  settle_keys(read.table);
  return read;
}

// [[7, 3], …]: columns numbered over all tables, each with its table in column_names_original.
void add_foreign_keys(const json& entry, DatabaseContents& contents) {
  const json& columns = entry.at("column_names_original");
  for (const json& pair : entry.at("foreign_keys")) {
    const json& from = columns.at(pair.at(0).get<std::size_t>());
    const json& to = columns.at(pair.at(1).get<std::size_t>());
    const auto from_table = from.at(0).get<std::size_t>();
    const auto to_table = to.at(0).get<std::size_t>();
    Table& table = contents.schema.tables.at(from_table);
    const auto column = table.find_column(from.at(1).get<std::string>());
    if (!column) continue;
    ForeignKey key;
    key.name = concat(table.name, "_ibfk_", std::to_string(table.foreign_keys.size() + 1));
    key.columns = {*column};
    key.table = contents.schema.tables.at(to_table).name;
    key.referenced = {to.at(1).get<std::string>()};
    table.indexes.push_back(Index{key.name, {*column}, {}, false});
    table.foreign_keys.push_back(std::move(key));
    settle_keys(table);
  }
}

}  // namespace

std::vector<DatabaseContents> read_spider(const std::string& folder) {
  const std::string list = folder + "/tables.json";
  std::ifstream file(list);
  if (!file) fail(list, "cannot be read; expected Spider's list of schemas");
  std::vector<DatabaseContents> databases;
  try {
    for (const json& entry : json::parse(file)) {
      const auto id = entry.at("db_id").get<std::string>();
      const std::string path = concat(folder, "/database/", id, "/", id, ".sqlite");
      if (!std::filesystem::exists(path)) continue;
      const sqlite::Database database = open_file(path);
      DatabaseContents contents;
      contents.schema.database = lower_ascii(id);
      for (const json& name : entry.at("table_names_original")) {
        ReadTable read = read_table(database.get(), path, name.get<std::string>());
        contents.schema.tables.push_back(std::move(read.table));
        contents.rows.push_back(std::move(read.rows));
      }
      add_foreign_keys(entry, contents);
      databases.push_back(std::move(contents));
    }
  } catch (const json::exception& error) {
    fail(list, "expected Spider's list of schemas: " + std::string(error.what()));
  } catch (const sqlite::Error& error) {
    fail(folder, error.what());
  } catch (const std::out_of_range&) {
    fail(list, "expected foreign keys between tables of the list");
  }
  if (databases.empty()) fail(folder, "expected database/<db_id>/<db_id>.sqlite for a database of tables.json");
  return databases;
}

}  // namespace intercodesql
