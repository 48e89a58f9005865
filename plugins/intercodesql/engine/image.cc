#include "engine/image.h"

#include <cstring>

#include "engine/collation.h"
#include "engine/number_text.h"
#include "engine/text.h"
#include "ipr/plugin.hpp"

namespace intercodesql {
namespace {

std::string_view storage_class(const Type& type) {
  switch (type.base) {
    case BaseType::kInt:
    case BaseType::kYear:
    case BaseType::kBit:
      return "INTEGER";
    case BaseType::kDouble:
    case BaseType::kFloat:
      return "REAL";
    case BaseType::kDecimal:
      return type.scale > 0 ? "REAL" : "NUMERIC";
    case BaseType::kBlob:
      return "BLOB";
    default:
      return "TEXT";
  }
}

std::string column_list(const Table& table, const std::vector<std::size_t>& columns) {
  std::string list;
  for (const std::size_t column : columns) {
    if (!list.empty()) list += ", ";
    list += sqlite::quoted(table.columns[column].name);
  }
  return "(" + list + ")";
}

// What a row gets where an INSERT leaves the column out.
std::string default_sql(const Column& column) {
  if (!column.default_text) return "";
  if (column.default_is_expression) {
    const std::string text = lower_ascii(*column.default_text);
    const bool is_clock = text.starts_with("current_timestamp") || text.starts_with("now");
    return is_clock ? " DEFAULT (my_now())" : "";
  }
  std::string quoted = "'";
  for (const char c : *column.default_text) quoted += c == '\'' ? "''" : std::string(1, c);
  return concat(" DEFAULT ", quoted, "'");
}

int compare_texts(void*, int a_size, const void* a, int b_size, const void* b) {
  return compare_general_ci({static_cast<const char*>(a), static_cast<std::size_t>(a_size)},
                            {static_cast<const char*>(b), static_cast<std::size_t>(b_size)});
}

double number_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kInt:
      return static_cast<double>(value.integer);
    case Value::Kind::kUnsigned:
      return static_cast<double>(static_cast<std::uint64_t>(value.integer));
    case Value::Kind::kDouble:
      return value.real;
    default:
      return leading_number(value.text);
  }
}

std::int64_t integer_of(const Value& value) {
  if (value.kind == Value::Kind::kInt || value.kind == Value::Kind::kUnsigned) return value.integer;
  if (value.kind == Value::Kind::kDouble) return static_cast<std::int64_t>(value.real);
  return std::strtoll(value.text.c_str(), nullptr, 10);
}

std::string text_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kInt:
      return std::to_string(value.integer);
    case Value::Kind::kUnsigned:
      return std::to_string(static_cast<std::uint64_t>(value.integer));
    case Value::Kind::kDouble:
      return double_text(value.real);
    default:
      return value.text;
  }
}

void check(sqlite3* database, int code) {
  if (code != SQLITE_OK) throw sqlite::Error(code, sqlite3_errmsg(database));
}

// The numbers that AUTO_INCREMENT gives go on where the dump left them.
void keep_next_id(sqlite3* database, const Table& table) {
  const bool counts = table.primary_key.size() == 1 && table.columns[table.primary_key[0]].extra == "auto_increment";
  if (!counts || !table.next_auto_id) return;
  const sqlite::Statement keep = sqlite::prepare(database, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)");
  sqlite3_bind_text(keep.get(), 1, table.name.c_str(), -1, SQLITE_STATIC);
  sqlite3_bind_int64(keep.get(), 2, *table.next_auto_id - 1);
  sqlite3_step(keep.get());
}

void store_rows(sqlite3* database, const std::string& name, const Table& table, const std::vector<Row>& rows) {
  if (rows.empty()) return;
  std::string sql = "INSERT INTO main." + sqlite::quoted(table.name) + " VALUES (?";
  for (std::size_t i = 1; i < table.columns.size(); ++i) sql += ", ?";
  const sqlite::Statement insert = sqlite::prepare(database, sql + ")");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto refuse = [&](const std::string& why) {
      throw ipr::sdk::Failure(IPR_DATA_LOSS, "database \"" + name + "\", table \"" + table.name + "\", row " +
                                                 std::to_string(i + 1) + ": " + why);
    };
    const Row& row = rows[i];
    if (row.size() != table.columns.size()) {
      refuse("expected " + std::to_string(table.columns.size()) + " cells, found " + std::to_string(row.size()));
    }
    for (std::size_t column = 0; column < row.size(); ++column) {
      bind_cell(insert.get(), static_cast<int>(column + 1), row[column], table.columns[column].type);
    }
    if (sqlite3_step(insert.get()) != SQLITE_DONE) refuse(sqlite3_errmsg(database));
    sqlite3_reset(insert.get());
  }
}

}  // namespace

std::string create_table_sql(std::string_view database, const Table& table) {
  const std::vector<std::size_t>* key = clustering_key(table);
  // A single integer key is SQLite's row number; any other key needs a table without row numbers.
  const bool row_number = key != nullptr && key->size() == 1 && table.columns[(*key)[0]].type.base == BaseType::kInt;
  std::string sql = "CREATE TABLE " + sqlite::quoted(database) + "." + sqlite::quoted(table.name) + " (";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (i > 0) sql += ", ";
    sql += sqlite::quoted(column.name) + " " + std::string(storage_class(column.type));
    if (row_number && (*key)[0] == i)
      sql += column.extra == "auto_increment" ? " PRIMARY KEY AUTOINCREMENT" : " PRIMARY KEY";
    if (!column.nullable) sql += " NOT NULL";
    sql += default_sql(column);
    if (is_text(column.type) && column.type.base != BaseType::kBlob) {
      sql += column.type.is_binary ? " COLLATE RTRIM" : " COLLATE MYSQL";
    }
  }
  if (key != nullptr && !row_number) sql += ", PRIMARY KEY " + column_list(table, *key);
  for (const auto& unique : table.unique_keys) {
    if (&unique != key) sql += ", UNIQUE " + column_list(table, unique);
  }
  return sql + (key != nullptr && !row_number ? ") WITHOUT ROWID" : ")");
}

std::string index_name(const Table& table, const Index& index) {
  return concat(table.name, " ", index.name);
}

std::vector<std::string> create_index_sql(std::string_view database, const Table& table) {
  std::vector<std::string> statements;
  for (const Index& index : table.indexes) {
    if (index.unique || index.columns.empty()) continue;
    statements.push_back(concat("CREATE INDEX ", sqlite::quoted(database), ".",
                                sqlite::quoted(index_name(table, index)), " ON ", sqlite::quoted(table.name),
                                column_list(table, index.columns)));
  }
  return statements;
}

void bind_cell(sqlite3_stmt* statement, int index, const Value& value, const Type& type) {
  const auto bind_text = [&](std::string text) {
    sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  };
  if (value.kind == Value::Kind::kNull) {
    sqlite3_bind_null(statement, index);
    return;
  }
  switch (type.base) {
    case BaseType::kInt:
    case BaseType::kYear:
    case BaseType::kBit:
      sqlite3_bind_int64(statement, index, integer_of(value));
      break;
    case BaseType::kDouble:
      sqlite3_bind_double(statement, index,
                          type.scale >= 0 ? round_double(number_of(value), type.scale) : number_of(value));
      break;
    case BaseType::kFloat:
      sqlite3_bind_double(statement, index, as_float(number_of(value), type.scale));
      break;
    case BaseType::kDecimal:
      if (value.kind == Value::Kind::kInt) {
        sqlite3_bind_int64(statement, index, value.integer);
      } else {
        sqlite3_bind_double(statement, index, round_decimal(number_of(value), type.scale));
      }
      break;
    case BaseType::kBlob: {
      const std::string bytes = text_of(value);
      sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
      break;
    }
    case BaseType::kChar: {
      std::string text = text_of(value);
      text.erase(text.find_last_not_of(' ') + 1);
      bind_text(std::move(text));
      break;
    }
    default:
      bind_text(text_of(value));
  }
}

Image make_image(const DatabaseContents& contents) {
  const sqlite::Database database = sqlite::open_in_memory();
  check(database.get(),
        sqlite3_create_collation_v2(database.get(), "MYSQL", SQLITE_UTF8, nullptr, compare_texts, nullptr));
  sqlite::run(database.get(), "PRAGMA user_version = 1");  // so that a database without tables has bytes too
  sqlite::run(database.get(), "BEGIN");
  for (std::size_t i = 0; i < contents.schema.tables.size(); ++i) {
    const Table& table = contents.schema.tables[i];
    sqlite::run(database.get(), create_table_sql("main", table));
    keep_next_id(database.get(), table);
    if (i < contents.rows.size()) store_rows(database.get(), contents.schema.database, table, contents.rows[i]);
    for (const std::string& sql : create_index_sql("main", table)) sqlite::run(database.get(), sql);
  }
  sqlite::run(database.get(), "COMMIT");
  return image_of(database.get(), "main");
}

void attach_image(sqlite3* connection, std::string_view name, const std::string& image) {
  sqlite::run(connection, "ATTACH ':memory:' AS " + sqlite::quoted(name));
  // SQLite does not write through the pointer of a read-only database.
  auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(image.data()));
  const auto size = static_cast<sqlite3_int64>(image.size());
  check(connection,
        sqlite3_deserialize(connection, std::string(name).c_str(), bytes, size, size, SQLITE_DESERIALIZE_READONLY));
}

void attach_copy(sqlite3* connection, std::string_view name, const std::string& image, std::int64_t writable_bytes) {
  const std::string schema(name);
  sqlite::run(connection, "ATTACH ':memory:' AS " + sqlite::quoted(name));
  auto* bytes = static_cast<unsigned char*>(sqlite3_malloc64(image.size()));
  if (bytes == nullptr) throw std::bad_alloc();
  std::memcpy(bytes, image.data(), image.size());
  const auto size = static_cast<sqlite3_int64>(image.size());
  check(connection, sqlite3_deserialize(connection, schema.c_str(), bytes, size, size,
                                        SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE));
  sqlite3_int64 limit = size + writable_bytes;
  check(connection, sqlite3_file_control(connection, schema.c_str(), SQLITE_FCNTL_SIZE_LIMIT, &limit));
}

Image image_of(sqlite3* connection, std::string_view name) {
  const std::string schema(name);
  sqlite3_int64 size = 0;
  if (const unsigned char* bytes = sqlite3_serialize(connection, schema.c_str(), &size, SQLITE_SERIALIZE_NOCOPY)) {
    return std::make_shared<const std::string>(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
  unsigned char* copied = sqlite3_serialize(connection, schema.c_str(), &size, 0);
  if (copied == nullptr) throw sqlite::Error(sqlite3_errcode(connection), sqlite3_errmsg(connection));
  auto image =
      std::make_shared<const std::string>(reinterpret_cast<const char*>(copied), static_cast<std::size_t>(size));
  sqlite3_free(copied);
  return image;
}

}  // namespace intercodesql
