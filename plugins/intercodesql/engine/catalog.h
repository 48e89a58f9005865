// The declared schema: what MySQL knows of each database beside its rows.
//
// SQLite keeps too little of a column (no precision, key or extra), so types, DESC and information_schema all come from
// here. Plain values; a Catalog shares its schemas, which nobody changes once they are in it, so a copy is cheap and
// may be read from any thread.
//
// Names keep the case of their declaration; look-ups ignore the case of ASCII letters. Databases and tables are lower
// case throughout, as under MySQL's lower_case_table_names=1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace intercodesql {

enum class BaseType : std::uint8_t {
  kNull,     // the type of NULL alone
  kInt,      // TINYINT to BIGINT, and BOOLEAN; also every comparison
  kDouble,   // scale >= 0: rounded to that many decimals
  kFloat,    // single precision; FLOAT(M,D) has length M and scale D
  kDecimal,  // length is the precision, scale the decimals (0 where not declared)
  kChar,     // length in characters
  kVarchar,  // length in characters; also the type of text expressions
  kText,     // TINYTEXT to LONGTEXT
  kEnum,     // a text of the list in Column::type_text; SET too
  kBlob,     // BINARY, VARBINARY, BLOB: bytes
  kJson,
  kDate,
  kDatetime,   // scale: digits of fractional seconds (-1 or 0: none)
  kTimestamp,  // as kDatetime
  kTime,       // as kDatetime
  kYear,
  kBit,
};

// Of a column or of an expression. -1: not declared, or unknown.
struct Type {
  BaseType base = BaseType::kNull;
  int length = -1;  // integers: bytes of storage (1, 2, 3, 4, 8), otherwise as above
  int scale = -1;
  bool is_unsigned = false;
  bool is_binary = false;  // a text compared by code points: BINARY, or a _bin collation

  bool operator==(const Type&) const = default;
};

[[nodiscard]] bool is_text(const Type& type);      // CHAR, VARCHAR, TEXT, ENUM, JSON, BLOB
[[nodiscard]] bool is_number(const Type& type);    // INT, DOUBLE, FLOAT, DECIMAL, YEAR, BIT
[[nodiscard]] bool is_temporal(const Type& type);  // DATE, DATETIME, TIMESTAMP, TIME

struct Column {
  std::string name;
  std::string type_text;  // as DESC prints it: "int", "varchar(40)", "decimal(19,4)", "int unsigned"
  Type type;
  bool nullable = true;
  std::optional<std::string> default_text;  // the value's text, without quotes; absent for NULL
  bool default_is_expression = false;       // CURRENT_TIMESTAMP and the like
  std::string key;                          // "PRI", "UNI", "MUL" or ""
  std::string extra;                        // "auto_increment", "DEFAULT_GENERATED" or ""
  std::string collation;                    // "utf8mb4_general_ci" for text, else ""
  std::string comment;
};

struct Index {
  std::string name;                  // "PRIMARY" for the primary key
  std::vector<std::size_t> columns;  // positions in Table::columns
  std::vector<int> prefixes;         // of each column, the characters that are indexed; 0: all. Empty: all zero
  bool unique = false;
  std::vector<std::int64_t> distinct = {};  // of the first column, the first two …: different values (statistics.h)
};

// FOREIGN KEY (columns) REFERENCES database.table (referenced). Shown by SHOW CREATE TABLE and information_schema; not
// enforced, neither for the rows of a dump nor for an episode's own.
struct ForeignKey {
  std::string name;
  std::vector<std::size_t> columns;  // positions in Table::columns
  std::string table;
  std::vector<std::string> referenced;
  std::string actions;  // "ON DELETE CASCADE" and the like, or ""
};

struct Table {
  std::string name;
  std::vector<Column> columns;
  std::vector<std::size_t> primary_key;               // positions in columns; empty where there is none
  std::vector<std::vector<std::size_t>> unique_keys;  // without the primary key
  std::vector<Index> indexes;                         // all of them, the primary key first, in declared order
  std::vector<ForeignKey> foreign_keys;
  std::string options;                       // after the closing parenthesis of SHOW CREATE TABLE
  std::optional<std::int64_t> next_auto_id;  // of its AUTO_INCREMENT column
  std::int64_t rows = 0;                     // when it was stored; later changes do not count (statistics.h)
  std::int64_t pages = 1;                    // of 16 KiB that InnoDB would need for them

  [[nodiscard]] std::optional<std::size_t> find_column(std::string_view name) const;
};

struct Schema {
  std::string database;       // lower case
  std::vector<Table> tables;  // in the order of creation

  [[nodiscard]] const Table* find(std::string_view table) const;
  [[nodiscard]] Table* find(std::string_view table);
};

struct Catalog {
  // By lower-case name. "information_schema" is one of them (engine/information_schema.h): its tables are declared like
  // any other, with upper-case column names.
  std::map<std::string, std::shared_ptr<const Schema>, std::less<>> databases;

  [[nodiscard]] const Schema* find(std::string_view database) const;
};

// Derives primary_key, unique_keys and every Column::key from `indexes`; columns of the primary key become NOT NULL.
void settle_keys(Table& table);

// The key whose order the rows of a table have: InnoDB's clustered index. Null: they have the order of insertion.
[[nodiscard]] const std::vector<std::size_t>* clustering_key(const Table& table);

// ASCII letters only, as look-ups compare.
[[nodiscard]] std::string lower_ascii(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace intercodesql
