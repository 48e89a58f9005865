#include "engine/show.h"

#include <algorithm>

#include "engine/collation.h"
#include "engine/information_schema.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

Value text(std::string_view value) {
  return Value::of_text(std::string(value));
}

// Names of information_schema are upper case, as MySQL 8 shows them.
std::string shown_name(const Schema& schema, const Table& table) {
  return schema.database == kInformationSchema ? upper_text(table.name) : table.name;
}

std::string back_quoted(std::string_view name) {
  std::string result = "`";
  for (const char c : name) result.append(c == '`' ? 2 : 1, c);
  return result + '`';
}

std::string quoted_text(std::string_view value) {
  std::string result = "'";
  for (const char c : value) result.append(c == '\'' ? 2 : 1, c);
  return result + '\'';
}

std::string name_list(const Table& table, const std::vector<std::size_t>& columns, const std::vector<int>& prefixes) {
  std::string list;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) list += ',';
    list += back_quoted(table.columns[columns[i]].name);
    if (i < prefixes.size() && prefixes[i] > 0) list += concat("(", std::to_string(prefixes[i]), ")");
  }
  return list;
}

std::string column_line(const Column& column) {
  std::string line = concat("  ", back_quoted(column.name), " ", column.type_text);
  const bool has_collation =
      is_text(column.type) && column.type.base != BaseType::kBlob && column.type.base != BaseType::kJson;
  if (has_collation) line += concat(" CHARACTER SET utf8mb4 COLLATE ", column.collation);
  if (!column.nullable) line += " NOT NULL";
  if (column.nullable && column.type.base == BaseType::kTimestamp) line += " NULL";
  const bool has_no_default = column.type.base == BaseType::kText || column.type.base == BaseType::kBlob ||
                              column.type.base == BaseType::kJson ||
                              column.extra.find("auto_increment") != std::string::npos;
  if (column.default_text) {
    line += " DEFAULT ";
    line += column.default_is_expression ? *column.default_text : quoted_text(*column.default_text);
  } else if (column.nullable && !has_no_default) {
    line += " DEFAULT NULL";
  }
  if (column.extra.find("auto_increment") != std::string::npos) line += " AUTO_INCREMENT";
  if (!column.comment.empty()) line += concat(" COMMENT ", quoted_text(column.comment));
  return line;
}

std::string create_table_text(const Table& table) {
  std::string statement = concat("CREATE TABLE ", back_quoted(table.name), " (\n");
  bool first = true;
  const auto add = [&](const std::string& line) {
    statement += concat(first ? "" : ",\n", line);
    first = false;
  };
  for (const Column& column : table.columns) add(column_line(column));
  for (const Index& index : table.indexes) {
    const std::string columns = concat(" (", name_list(table, index.columns, index.prefixes), ")");
    if (index.name == "PRIMARY") {
      add(concat("  PRIMARY KEY", columns));
    } else {
      add(concat(index.unique ? "  UNIQUE KEY " : "  KEY ", back_quoted(index.name), columns));
    }
  }
  for (const ForeignKey& key : table.foreign_keys) {
    std::string referenced;
    for (const std::string& column : key.referenced)
      referenced += concat(referenced.empty() ? "" : ", ", back_quoted(column));
    std::string own = name_list(table, key.columns, {});
    for (std::size_t comma = own.find("`,`"); comma != std::string::npos; comma = own.find("`,`", comma + 1)) {
      own.insert(comma + 2, 1, ' ');
    }
    add(concat("  CONSTRAINT ", back_quoted(key.name), " FOREIGN KEY (", own, ") REFERENCES ", back_quoted(key.table),
               " (", referenced, ")", key.actions.empty() ? "" : " ", key.actions));
  }
  std::string options =
      table.options.empty() ? "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci" : table.options;
  if (table.next_auto_id && options.starts_with("ENGINE=InnoDB")) {
    options.insert(13, concat(" AUTO_INCREMENT=", std::to_string(*table.next_auto_id)));
  }
  return statement + "\n) " + options;
}

}  // namespace

std::vector<Row> filtered(std::vector<Row> rows, const std::optional<std::string>& pattern) {
  if (!pattern) return rows;
  constexpr std::size_t kWork = 1 << 20;
  std::erase_if(rows, [&](const Row& row) {
    std::size_t work = 0;
    return !like(row[0].text, *pattern, '\\', false, kWork, work).value_or(false);
  });
  return rows;
}

ShownRows show_databases(const Catalog& catalog, const std::optional<std::string>& like) {
  ShownRows shown{{"Database"}, {}};
  for (const auto& entry : catalog.databases) shown.rows.push_back({text(entry.first)});
  shown.rows = filtered(std::move(shown.rows), like);
  return shown;
}

ShownRows show_tables(const Schema& schema, bool full, const std::optional<std::string>& like) {
  ShownRows shown{{concat("Tables_in_", schema.database)}, {}};
  if (full) shown.names.emplace_back("Table_type");
  for (const Table& table : schema.tables) {
    Row row = {text(shown_name(schema, table))};
    if (full) row.push_back(text(schema.database == kInformationSchema ? "SYSTEM VIEW" : "BASE TABLE"));
    shown.rows.push_back(std::move(row));
  }
  std::sort(shown.rows.begin(), shown.rows.end(), [](const Row& a, const Row& b) { return a[0].text < b[0].text; });
  shown.rows = filtered(std::move(shown.rows), like);
  return shown;
}

ShownRows show_columns(const Table& table, bool full, const std::optional<std::string>& like) {
  ShownRows shown{{"Field", "Type", "Null", "Key", "Default", "Extra"}, {}};
  if (full) shown.names = {"Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"};
  for (const Column& column : table.columns) {
    Row row = {text(column.name), text(column.type_text)};
    if (full) row.push_back(column.collation.empty() ? Value::null() : text(column.collation));
    row.push_back(text(column.nullable ? "YES" : "NO"));
    row.push_back(text(column.key));
    row.push_back(column.default_text ? text(*column.default_text) : Value::null());
    row.push_back(text(column.extra));
    if (full) {
      row.push_back(text("select,insert,update,references"));
      row.push_back(text(column.comment));
    }
    shown.rows.push_back(std::move(row));
  }
  shown.rows = filtered(std::move(shown.rows), like);
  return shown;
}

ShownRows show_indexes(const Table& table) {
  ShownRows shown{{"Table", "Non_unique", "Key_name", "Seq_in_index", "Column_name", "Collation", "Cardinality",
                   "Sub_part", "Packed", "Null", "Index_type", "Comment", "Index_comment", "Visible", "Expression"},
                  {}};
  for (const Index& index : table.indexes) {
    for (std::size_t i = 0; i < index.columns.size(); ++i) {
      const Column& column = table.columns[index.columns[i]];
      const bool has_prefix = i < index.prefixes.size() && index.prefixes[i] > 0;
      shown.rows.push_back({text(table.name), Value::of_int(index.unique ? 0 : 1), text(index.name),
                            Value::of_int(static_cast<std::int64_t>(i) + 1), text(column.name), text("A"),
                            Value::of_int(0), has_prefix ? Value::of_int(index.prefixes[i]) : Value::null(),
                            Value::null(), text(column.nullable ? "YES" : ""), text("BTREE"), text(""), text(""),
                            text("YES"), Value::null()});
    }
  }
  return shown;
}

ShownRows show_create_table(const Table& table) {
  return {{"Table", "Create Table"}, {{text(table.name), text(create_table_text(table))}}};
}

ShownRows show_create_database(const Schema& schema) {
  const std::string statement = concat(
      "CREATE DATABASE ", back_quoted(schema.database),
      " /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci */ /*!80016 DEFAULT ENCRYPTION='N' */");
  return {{"Database", "Create Database"}, {{text(schema.database), text(statement)}}};
}

}  // namespace intercodesql
