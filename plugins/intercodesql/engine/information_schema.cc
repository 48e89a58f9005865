#include "engine/information_schema.h"

#include <algorithm>
#include <initializer_list>

#include "engine/declared_type.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

struct ColumnText {
  const char* name;
  const char* type;
};

Table table_of(const char* name, std::initializer_list<ColumnText> columns) {
  Table table;
  table.name = name;
  for (const ColumnText& text : columns) {
    Column column;
    column.name = text.name;
    auto declared = read_declared_type(text.type);
    column.type = declared->type;
    column.type_text = std::move(declared->type_text);
    if (is_text(column.type)) column.collation = "utf8mb3_general_ci";
    table.columns.push_back(std::move(column));
  }
  return table;
}

constexpr const char* kName = "varchar(64)";
constexpr const char* kBig = "bigint unsigned";

Value text(std::string_view value) {
  return Value::of_text(std::string(value));
}
Value number(std::int64_t value) {
  return Value::of_int(value);
}
Value yes_no(bool value) {
  return text(value ? "YES" : "NO");
}

Row table_row(const Schema& schema, const Table& table, std::int64_t rows) {
  const Value auto_id = table.next_auto_id ? number(*table.next_auto_id) : Value::null();
  return {text("def"),
          text(schema.database),
          text(table.name),
          text("BASE TABLE"),
          text("InnoDB"),
          number(10),
          text("Dynamic"),
          number(rows),
          number(rows > 0 ? 16384 / rows : 0),
          number(16384),
          number(0),
          number(16384 * std::max<std::int64_t>(static_cast<std::int64_t>(table.indexes.size()) - 1, 0)),
          number(0),
          auto_id,
          text("2023-05-15 05:53:43"),
          Value::null(),
          Value::null(),
          text("utf8mb4_general_ci"),
          Value::null(),
          text(""),
          text("")};
}

// Digits of a number type; empty for others.
std::optional<std::int64_t> precision_of(const Type& type) {
  switch (type.base) {
    case BaseType::kInt:
      switch (type.length) {
        case 1:
          return 3;
        case 2:
          return 5;
        case 3:
          return 7;
        case 4:
          return 10;
        default:
          return type.is_unsigned ? 20 : 19;
      }
    case BaseType::kDecimal:
      return type.length;
    case BaseType::kDouble:
      return type.length >= 0 ? type.length : 22;
    case BaseType::kFloat:
      return type.length >= 0 ? type.length : 12;
    default:
      return std::nullopt;
  }
}

Value scale_of(const Type& type) {
  if (type.base == BaseType::kInt) return number(0);
  return is_number(type) && type.scale >= 0 ? number(type.scale) : Value::null();
}

Row column_row(const Schema& schema, const Table& table, std::size_t position) {
  const Column& column = table.columns[position];
  const Type& type = column.type;
  const bool has_text = is_text(type) && type.base != BaseType::kBlob;
  const bool has_moment =
      type.base == BaseType::kDatetime || type.base == BaseType::kTimestamp || type.base == BaseType::kTime;
  const auto precision = precision_of(type);
  const std::int64_t characters = type.length;
  const std::int64_t octets = type.base == BaseType::kText ? characters : characters * 4;
  const bool has_length = is_text(type) && type.length >= 0;
  return {text("def"),
          text(schema.database),
          text(table.name),
          text(column.name),
          number(static_cast<std::int64_t>(position) + 1),
          column.default_text ? text(*column.default_text) : Value::null(),
          yes_no(column.nullable),
          text(column.type_text.substr(0, column.type_text.find_first_of("( "))),
          has_length ? number(characters) : Value::null(),
          has_length ? number(octets) : Value::null(),
          precision ? number(*precision) : Value::null(),
          scale_of(type),
          has_moment ? number(std::max(type.scale, 0)) : Value::null(),
          has_text ? text("utf8mb4") : Value::null(),
          has_text ? text(column.collation) : Value::null(),
          text(column.type_text),
          text(column.key),
          text(column.extra),
          text("select,insert,update,references"),
          text(column.comment),
          text(""),
          Value::null()};
}

Row key_row(const Schema& schema, const Table& table, std::string_view name, const std::string& column,
            std::size_t ordinal, const ForeignKey* key) {
  const Value nothing = Value::null();
  return {text("def"),
          text(schema.database),
          text(name),
          text("def"),
          text(schema.database),
          text(table.name),
          text(column),
          number(static_cast<std::int64_t>(ordinal) + 1),
          key != nullptr ? number(static_cast<std::int64_t>(ordinal) + 1) : nothing,
          key != nullptr ? text(schema.database) : nothing,
          key != nullptr ? text(key->table) : nothing,
          key != nullptr ? text(key->referenced[ordinal]) : nothing};
}

Row constraint_row(const Schema& schema, const Table& table, std::string_view name, std::string_view kind) {
  return {text("def"), text(schema.database), text(name), text(schema.database), text(table.name), text(kind),
          text("YES")};
}

// "ON DELETE CASCADE ON UPDATE SET NULL" to the rule behind `event`.
std::string rule_of(const ForeignKey& key, std::string_view event) {
  const std::string actions = lower_ascii(key.actions);
  const std::size_t at = actions.find(concat("on ", event, " "));
  if (at == std::string::npos) return "NO ACTION";
  const std::string rest = actions.substr(at + event.size() + 4);
  for (const std::string_view rule : {"CASCADE", "SET NULL", "RESTRICT", "SET DEFAULT"}) {
    if (rest.starts_with(lower_ascii(rule))) return std::string(rule);
  }
  return "NO ACTION";
}

// Rows of the tables in the order of information_schema().
enum Position : std::size_t {
  kSchemata,
  kTables,
  kColumns,
  kKeyColumns,
  kConstraints,
  kReferences,
  kStatistics,
  kViews,
  kCount
};

void add_index_rows(DatabaseContents& contents, const Schema& schema, const Table& table, const Index& index) {
  if (index.unique) {
    contents.rows[kConstraints].push_back(
        constraint_row(schema, table, index.name, index.name == "PRIMARY" ? "PRIMARY KEY" : "UNIQUE"));
  }
  for (std::size_t i = 0; i < index.columns.size(); ++i) {
    const Column& column = table.columns[index.columns[i]];
    if (index.unique) contents.rows[kKeyColumns].push_back(key_row(schema, table, index.name, column.name, i, nullptr));
    const bool has_prefix = i < index.prefixes.size() && index.prefixes[i] > 0;
    contents.rows[kStatistics].push_back(
        {text("def"), text(schema.database), text(table.name), number(index.unique ? 0 : 1), text(schema.database),
         text(index.name), number(static_cast<std::int64_t>(i) + 1), text(column.name), text("A"), number(0),
         has_prefix ? number(index.prefixes[i]) : Value::null(), Value::null(), text(column.nullable ? "YES" : ""),
         text("BTREE"), text(""), text(""), text("YES"), Value::null()});
  }
}

void add_foreign_key_rows(DatabaseContents& contents, const Schema& schema, const Table& table, const ForeignKey& key) {
  contents.rows[kConstraints].push_back(constraint_row(schema, table, key.name, "FOREIGN KEY"));
  for (std::size_t i = 0; i < key.columns.size() && i < key.referenced.size(); ++i) {
    contents.rows[kKeyColumns].push_back(key_row(schema, table, key.name, table.columns[key.columns[i]].name, i, &key));
  }
  contents.rows[kReferences].push_back(
      {text("def"), text(schema.database), text(key.name), text("def"), text(schema.database), text("PRIMARY"),
       text("NONE"), text(rule_of(key, "update")), text(rule_of(key, "delete")), text(table.name), text(key.table)});
}

}  // namespace

Schema information_schema() {
  Schema schema;
  schema.database = kInformationSchema;
  schema.tables = {
      table_of("schemata", {{"CATALOG_NAME", kName},
                            {"SCHEMA_NAME", kName},
                            {"DEFAULT_CHARACTER_SET_NAME", kName},
                            {"DEFAULT_COLLATION_NAME", kName},
                            {"SQL_PATH", "binary(0)"},
                            {"DEFAULT_ENCRYPTION", "varchar(3)"}}),
      table_of("tables", {{"TABLE_CATALOG", kName},
                          {"TABLE_SCHEMA", kName},
                          {"TABLE_NAME", kName},
                          {"TABLE_TYPE", "varchar(11)"},
                          {"ENGINE", kName},
                          {"VERSION", "int"},
                          {"ROW_FORMAT", kName},
                          {"TABLE_ROWS", kBig},
                          {"AVG_ROW_LENGTH", kBig},
                          {"DATA_LENGTH", kBig},
                          {"MAX_DATA_LENGTH", kBig},
                          {"INDEX_LENGTH", kBig},
                          {"DATA_FREE", kBig},
                          {"AUTO_INCREMENT", kBig},
                          {"CREATE_TIME", "timestamp"},
                          {"UPDATE_TIME", "datetime"},
                          {"CHECK_TIME", "datetime"},
                          {"TABLE_COLLATION", kName},
                          {"CHECKSUM", "bigint"},
                          {"CREATE_OPTIONS", "varchar(256)"},
                          {"TABLE_COMMENT", "text"}}),
      table_of("columns", {{"TABLE_CATALOG", kName},
                           {"TABLE_SCHEMA", kName},
                           {"TABLE_NAME", kName},
                           {"COLUMN_NAME", kName},
                           {"ORDINAL_POSITION", "int unsigned"},
                           {"COLUMN_DEFAULT", "text"},
                           {"IS_NULLABLE", "varchar(3)"},
                           {"DATA_TYPE", "longtext"},
                           {"CHARACTER_MAXIMUM_LENGTH", "bigint"},
                           {"CHARACTER_OCTET_LENGTH", "bigint"},
                           {"NUMERIC_PRECISION", kBig},
                           {"NUMERIC_SCALE", kBig},
                           {"DATETIME_PRECISION", "int unsigned"},
                           {"CHARACTER_SET_NAME", kName},
                           {"COLLATION_NAME", kName},
                           {"COLUMN_TYPE", "mediumtext"},
                           {"COLUMN_KEY", "varchar(3)"},
                           {"EXTRA", "varchar(256)"},
                           {"PRIVILEGES", "varchar(154)"},
                           {"COLUMN_COMMENT", "text"},
                           {"GENERATION_EXPRESSION", "longtext"},
                           {"SRS_ID", "int unsigned"}}),
      table_of("key_column_usage", {{"CONSTRAINT_CATALOG", kName},
                                    {"CONSTRAINT_SCHEMA", kName},
                                    {"CONSTRAINT_NAME", kName},
                                    {"TABLE_CATALOG", kName},
                                    {"TABLE_SCHEMA", kName},
                                    {"TABLE_NAME", kName},
                                    {"COLUMN_NAME", kName},
                                    {"ORDINAL_POSITION", "int unsigned"},
                                    {"POSITION_IN_UNIQUE_CONSTRAINT", "int unsigned"},
                                    {"REFERENCED_TABLE_SCHEMA", kName},
                                    {"REFERENCED_TABLE_NAME", kName},
                                    {"REFERENCED_COLUMN_NAME", kName}}),
      table_of("table_constraints", {{"CONSTRAINT_CATALOG", kName},
                                     {"CONSTRAINT_SCHEMA", kName},
                                     {"CONSTRAINT_NAME", kName},
                                     {"TABLE_SCHEMA", kName},
                                     {"TABLE_NAME", kName},
                                     {"CONSTRAINT_TYPE", "varchar(11)"},
                                     {"ENFORCED", "varchar(3)"}}),
      table_of("referential_constraints", {{"CONSTRAINT_CATALOG", kName},
                                           {"CONSTRAINT_SCHEMA", kName},
                                           {"CONSTRAINT_NAME", kName},
                                           {"UNIQUE_CONSTRAINT_CATALOG", kName},
                                           {"UNIQUE_CONSTRAINT_SCHEMA", kName},
                                           {"UNIQUE_CONSTRAINT_NAME", kName},
                                           {"MATCH_OPTION", kName},
                                           {"UPDATE_RULE", kName},
                                           {"DELETE_RULE", kName},
                                           {"TABLE_NAME", kName},
                                           {"REFERENCED_TABLE_NAME", kName}}),
      table_of("statistics", {{"TABLE_CATALOG", kName},
                              {"TABLE_SCHEMA", kName},
                              {"TABLE_NAME", kName},
                              {"NON_UNIQUE", "int"},
                              {"INDEX_SCHEMA", kName},
                              {"INDEX_NAME", kName},
                              {"SEQ_IN_INDEX", "int unsigned"},
                              {"COLUMN_NAME", kName},
                              {"COLLATION", "varchar(1)"},
                              {"CARDINALITY", "bigint"},
                              {"SUB_PART", "bigint"},
                              {"PACKED", "binary(0)"},
                              {"NULLABLE", "varchar(3)"},
                              {"INDEX_TYPE", "varchar(11)"},
                              {"COMMENT", "varchar(8)"},
                              {"INDEX_COMMENT", "varchar(2048)"},
                              {"IS_VISIBLE", "varchar(3)"},
                              {"EXPRESSION", "longtext"}}),
      table_of("views", {{"TABLE_CATALOG", kName},
                         {"TABLE_SCHEMA", kName},
                         {"TABLE_NAME", kName},
                         {"VIEW_DEFINITION", "longtext"},
                         {"CHECK_OPTION", kName},
                         {"IS_UPDATABLE", "varchar(3)"},
                         {"DEFINER", "varchar(288)"},
                         {"SECURITY_TYPE", "varchar(7)"},
                         {"CHARACTER_SET_CLIENT", kName},
                         {"COLLATION_CONNECTION", kName}}),
  };
  return schema;
}

DatabaseContents information_schema_contents(const Catalog& catalog, const RowCounter& rows) {
  DatabaseContents contents;
  contents.schema = information_schema();
  contents.rows.resize(kCount);
  for (const auto& [name, schema] : catalog.databases) {
    contents.rows[kSchemata].push_back(
        {text("def"), text(name), text("utf8mb4"), text("utf8mb4_general_ci"), Value::null(), text("NO")});
    if (name == kInformationSchema) continue;
    for (const Table& table : schema->tables) {
      contents.rows[kTables].push_back(table_row(*schema, table, rows(name, table.name)));
      for (std::size_t i = 0; i < table.columns.size(); ++i)
        contents.rows[kColumns].push_back(column_row(*schema, table, i));
      for (const Index& index : table.indexes) add_index_rows(contents, *schema, table, index);
      for (const ForeignKey& key : table.foreign_keys) add_foreign_key_rows(contents, *schema, table, key);
    }
  }
  return contents;
}

}  // namespace intercodesql
