#include "engine/ddl.h"

#include <algorithm>

#include "engine/declared_type.h"
#include "engine/image.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

using Failed = std::optional<RuntimeError>;
using Change = mysql::AlterTable::Change;

RuntimeError unknown_column(std::string_view column, std::string_view table) {
  return {1054, concat("Unknown column '", column, "' in '", table, "'")};
}

constexpr std::size_t kMostColumns = 4096;  // of a table

RuntimeError too_many_columns() {
  return {1117, "Too many columns"};
}

RuntimeError cannot_drop(std::string_view name) {
  return {1091, concat("Can't DROP '", name, "'; check that column/key exists")};
}

std::string quoted_text(std::string_view value) {
  std::string result = "'";
  for (const char c : value) result.append(c == '\'' ? 2 : 1, c);
  return result + '\'';
}

// "varchar(20)", "decimal(10,2) unsigned", "enum('a','b')".
std::string type_text(const mysql::TypeName& type) {
  std::string text = type.name;
  if (!type.values.empty()) {
    std::string list;
    for (const std::string& value : type.values) list += concat(list.empty() ? "" : ",", quoted_text(value));
    text += concat("(", list, ")");
  } else if (type.length >= 0) {
    text += concat("(", std::to_string(type.length));
    if (type.scale >= 0) text += concat(",", std::to_string(type.scale));
    text += ")";
  }
  return type.is_unsigned ? text + " unsigned" : text;
}

// The text of a literal, and whether it is an expression instead.
void set_default(const mysql::Expr* value, Column& column) {
  column.default_text.reset();
  column.default_is_expression = false;
  if (value == nullptr || value->kind == mysql::ExprKind::kNull) return;
  switch (value->kind) {
    case mysql::ExprKind::kString:
    case mysql::ExprKind::kInteger:
    case mysql::ExprKind::kDecimal:
    case mysql::ExprKind::kFloat:
    case mysql::ExprKind::kBoolean:
    case mysql::ExprKind::kTemporal:
      column.default_text = value->text;
      break;
    case mysql::ExprKind::kNegate:
    case mysql::ExprKind::kPlus:
      column.default_text = concat(value->kind == mysql::ExprKind::kNegate ? "-" : "", value->args[0]->text);
      break;
    default:
      column.default_is_expression = true;
      column.default_text = value->name == "NOW" ? "CURRENT_TIMESTAMP" : value->name;
      column.extra = "DEFAULT_GENERATED";
  }
}

std::variant<Column, RuntimeError> declare_column(const mysql::ColumnDefinition& definition) {
  Column column;
  column.name = definition.name;
  auto declared = read_declared_type(type_text(definition.type));
  if (!declared) return RuntimeError{1064, concat("Incorrect column specifier for column '", definition.name, "'")};
  column.type = declared->type;
  column.type_text = std::move(declared->type_text);
  column.nullable = !definition.is_not_null && !definition.is_primary;
  column.comment = definition.comment;
  if (definition.has_default) set_default(definition.default_value.get(), column);
  if (definition.is_auto_increment) {
    column.extra = "auto_increment";
    column.nullable = false;
  }
  if (is_text(column.type) && column.type.base != BaseType::kBlob) {
    column.collation = definition.collation.empty() ? "utf8mb4_general_ci" : lower_ascii(definition.collation);
    column.type.is_binary = definition.type.is_binary || column.collation.ends_with("_bin");
  }
  return column;
}

// The key a column declares for itself.
void add_own_keys(const mysql::ColumnDefinition& definition, std::size_t position, Table& table) {
  if (definition.is_primary) table.indexes.insert(table.indexes.begin(), Index{"PRIMARY", {position}, {}, true});
  if (definition.is_unique) table.indexes.push_back(Index{definition.name, {position}, {}, true});
}

// A name that no index of the table has: the column's, then column_2, column_3 …
std::string free_index_name(const Table& table, const std::string& base) {
  const auto taken = [&](const std::string& name) {
    return std::any_of(table.indexes.begin(), table.indexes.end(),
                       [&](const Index& index) { return equal_ignoring_case(index.name, name); });
  };
  std::string name = base;
  for (int i = 2; taken(name); ++i) name = concat(base, "_", std::to_string(i));
  return name;
}

// Columns of a result as columns of a table.
std::string type_text_of(const Type& type) {
  switch (type.base) {
    case BaseType::kInt:
      return type.length == 4 ? "int" : "bigint";
    case BaseType::kDouble:
    case BaseType::kFloat:
      return "double";
    case BaseType::kDecimal:
      return concat("decimal(65,", std::to_string(std::clamp(type.scale, 0, 30)), ")");
    case BaseType::kDate:
      return "date";
    case BaseType::kDatetime:
    case BaseType::kTimestamp:
      return "datetime";
    case BaseType::kTime:
      return "time";
    case BaseType::kYear:
      return "year";
    default:
      return type.length >= 1 && type.length < 16384 ? concat("varchar(", std::to_string(type.length), ")") : "text";
  }
}

}  // namespace

std::string SchemaChange::name_in_sqlite(const std::string& table) const {
  return sqlite::quoted(schema_.database) + "." + sqlite::quoted(table);
}

std::optional<std::size_t> SchemaChange::position_of(const std::string& table) const {
  for (std::size_t i = 0; i < schema_.tables.size(); ++i) {
    if (equal_ignoring_case(schema_.tables[i].name, table)) return i;
  }
  return std::nullopt;
}

RuntimeError SchemaChange::no_table(const std::string& table) const {
  return {1146, concat("Table '", schema_.database, ".", lower_ascii(table), "' doesn't exist")};
}

Failed SchemaChange::create_table(const mysql::CreateTable& create, const RowsQuery* query, const Table* source) {
  const std::string name = lower_ascii(create.table.name);
  if (schema_.find(name) != nullptr) {
    if (create.if_not_exists) return std::nullopt;
    return RuntimeError{1050, concat("Table '", name, "' already exists")};
  }
  if (create.columns.size() > kMostColumns) return too_many_columns();
  Table table;
  if (source != nullptr) table = *source;
  table.name = name;
  for (const mysql::ColumnDefinition& definition : create.columns) {
    auto column = declare_column(definition);
    if (auto* error = std::get_if<RuntimeError>(&column)) return *error;
    if (table.find_column(definition.name))
      return RuntimeError{1060, concat("Duplicate column name '", definition.name, "'")};
    table.columns.push_back(std::get<Column>(std::move(column)));
    add_own_keys(definition, table.columns.size() - 1, table);
  }
  if (query != nullptr) {
    for (const OutputColumn& output : query->columns) {
      if (table.find_column(output.name))
        return RuntimeError{1060, concat("Duplicate column name '", output.name, "'")};
      Column column;
      column.name = output.name;
      auto declared = read_declared_type(type_text_of(output.type));
      column.type = declared->type;
      column.type_text = std::move(declared->type_text);
      if (is_text(column.type)) column.collation = "utf8mb4_general_ci";
      table.columns.push_back(std::move(column));
    }
  }
  if (table.columns.empty()) return RuntimeError{1113, "A table must have at least 1 column"};
  for (const mysql::KeyDefinition& key : create.keys) {
    if (auto failed = add_key(key, table)) return failed;
  }
  settle_keys(table);
  if (auto failed = run(create_table_sql(schema_.database, table))) return failed;
  if (query != nullptr) {
    std::string columns;
    for (const OutputColumn& output : query->columns) {
      columns += concat(columns.empty() ? "" : ", ", sqlite::quoted(output.name));
    }
    if (auto failed = run(concat("INSERT INTO ", name_in_sqlite(name), " (", columns, ") ",
                                 query->sort ? query->sort->without_keys : query->sql)))
      return failed;
  }
  if (auto failed = create_indexes(table)) return failed;
  schema_.tables.push_back(std::move(table));
  return std::nullopt;
}

Failed SchemaChange::create_indexes(const Table& table) {
  for (const std::string& sql : create_index_sql(schema_.database, table)) {
    if (auto failed = run(sql)) return failed;
  }
  return std::nullopt;
}

Failed SchemaChange::drop_table(const std::string& table) {
  const auto position = position_of(table);
  if (!position) return RuntimeError{1051, concat("Unknown table '", schema_.database, ".", lower_ascii(table), "'")};
  if (auto failed = run("DROP TABLE " + name_in_sqlite(schema_.tables[*position].name))) return failed;
  schema_.tables.erase(schema_.tables.begin() + static_cast<std::ptrdiff_t>(*position));
  return std::nullopt;
}

Failed SchemaChange::rename_table(const std::string& table, const std::string& name) {
  const auto position = position_of(table);
  if (!position) return no_table(table);
  const std::string lower = lower_ascii(name);
  if (schema_.find(lower) != nullptr) return RuntimeError{1050, concat("Table '", lower, "' already exists")};
  const std::string sql =
      "ALTER TABLE " + name_in_sqlite(schema_.tables[*position].name) + " RENAME TO " + sqlite::quoted(lower);
  if (auto failed = run(sql)) return failed;
  Table& renamed = schema_.tables[*position];
  for (const Index& index : renamed.indexes) {
    const std::string name_before = sqlite::quoted(index_name(renamed, index));
    if (auto failed = run(concat("DROP INDEX IF EXISTS ", sqlite::quoted(schema_.database), ".", name_before)))
      return failed;
  }
  renamed.name = lower;
  return create_indexes(renamed);
}

Failed SchemaChange::truncate_table(const std::string& table) {
  const auto position = position_of(table);
  if (!position) return no_table(table);
  // A fresh table, so that AUTO_INCREMENT begins at 1 again.
  Table& kept = schema_.tables[*position];
  if (auto failed = run("DROP TABLE " + name_in_sqlite(kept.name))) return failed;
  if (kept.next_auto_id) kept.next_auto_id = 1;
  if (auto failed = run(create_table_sql(schema_.database, kept))) return failed;
  return create_indexes(kept);
}

Failed SchemaChange::create_index(const mysql::CreateIndex& create) {
  const auto position = position_of(create.table.name);
  if (!position) return no_table(create.table.name);
  Draft draft{schema_.tables[*position], {}};
  for (std::size_t i = 0; i < draft.table.columns.size(); ++i) draft.origins.emplace_back(i);
  if (auto failed = add_key(create.key, draft.table)) return failed;
  return rebuild(*position, std::move(draft));
}

Failed SchemaChange::drop_index(const mysql::DropIndex& drop) {
  const auto position = position_of(drop.table.name);
  if (!position) return no_table(drop.table.name);
  Draft draft{schema_.tables[*position], {}};
  for (std::size_t i = 0; i < draft.table.columns.size(); ++i) draft.origins.emplace_back(i);
  if (auto failed = drop_index(drop.index, draft.table)) return failed;
  return rebuild(*position, std::move(draft));
}

Failed SchemaChange::alter_table(const mysql::AlterTable& alter) {
  const auto position = position_of(alter.table.name);
  if (!position) return no_table(alter.table.name);
  Draft draft{schema_.tables[*position], {}};
  for (std::size_t i = 0; i < draft.table.columns.size(); ++i) draft.origins.emplace_back(i);
  std::string new_name;
  for (const Change& change : alter.changes) {
    if (change.kind == Change::Kind::kRenameTable) {
      new_name = change.new_table.name;
    } else if (auto failed = apply(change, draft)) {
      return failed;
    }
  }
  if (draft.table.columns.empty()) {
    return RuntimeError{1090, "You can't delete all columns with ALTER TABLE; use DROP TABLE instead"};
  }
  if (auto failed = rebuild(*position, std::move(draft))) return failed;
  return new_name.empty() ? std::nullopt : rename_table(alter.table.name, new_name);
}

Failed SchemaChange::apply(const Change& change, Draft& draft) {
  Table& table = draft.table;
  switch (change.kind) {
    case Change::Kind::kAddColumn:
      return add_column(change, draft);
    case Change::Kind::kDropColumn:
      return drop_column(change.old_name, draft);
    case Change::Kind::kModifyColumn:
      return modify_column(change, draft);
    case Change::Kind::kRenameColumn: {
      const auto column = table.find_column(change.old_name);
      if (!column) return unknown_column(change.old_name, table.name);
      const auto clash = table.find_column(change.column.name);
      if (clash && *clash != *column)
        return RuntimeError{1060, concat("Duplicate column name '", change.column.name, "'")};
      table.columns[*column].name = change.column.name;
      return std::nullopt;
    }
    case Change::Kind::kSetDefault: {
      const auto column = table.find_column(change.old_name.empty() ? change.column.name : change.old_name);
      if (!column) return unknown_column(change.old_name, table.name);
      set_default(change.column.default_value.get(), table.columns[*column]);
      return std::nullopt;
    }
    case Change::Kind::kAddKey:
      return add_key(change.key, table);
    case Change::Kind::kDropKey:
      return drop_index(change.old_name, table);
    case Change::Kind::kDropPrimaryKey:
      return drop_index("PRIMARY", table);
    case Change::Kind::kDropForeignKey: {
      const auto removed = std::erase_if(
          table.foreign_keys, [&](const ForeignKey& key) { return equal_ignoring_case(key.name, change.old_name); });
      return removed == 0 ? Failed(cannot_drop(change.old_name)) : std::nullopt;
    }
    case Change::Kind::kRenameTable:
    case Change::Kind::kOption:
      return std::nullopt;
  }
  return std::nullopt;
}

Failed SchemaChange::add_column(const Change& change, Draft& draft) {
  if (draft.table.columns.size() >= kMostColumns) return too_many_columns();
  if (draft.table.find_column(change.column.name)) {
    return RuntimeError{1060, concat("Duplicate column name '", change.column.name, "'")};
  }
  auto column = declare_column(change.column);
  if (auto* error = std::get_if<RuntimeError>(&column)) return *error;
  if (auto failed = place(change, std::get<Column>(std::move(column)), std::nullopt, draft)) return failed;
  add_own_keys(change.column, *draft.table.find_column(change.column.name), draft.table);
  return std::nullopt;
}

Failed SchemaChange::modify_column(const Change& change, Draft& draft) {
  const std::string& old_name = change.old_name.empty() ? change.column.name : change.old_name;
  const auto position = draft.table.find_column(old_name);
  if (!position) return unknown_column(old_name, draft.table.name);
  const auto clash = draft.table.find_column(change.column.name);
  if (clash && *clash != *position)
    return RuntimeError{1060, concat("Duplicate column name '", change.column.name, "'")};
  auto column = declare_column(change.column);
  if (auto* error = std::get_if<RuntimeError>(&column)) return *error;
  draft.table.columns[*position] = std::get<Column>(std::move(column));
  add_own_keys(change.column, *position, draft.table);
  return std::nullopt;
}

// Inserts a new column where the change wants it; positions in keys move along.
Failed SchemaChange::place(const Change& change, Column column, std::optional<std::size_t> origin, Draft& draft) {
  Table& table = draft.table;
  std::size_t position = change.is_first ? 0 : table.columns.size();
  if (!change.after.empty()) {
    const auto before = table.find_column(change.after);
    if (!before) return unknown_column(change.after, table.name);
    position = *before + 1;
  }
  const auto offset = static_cast<std::ptrdiff_t>(position);
  table.columns.insert(table.columns.begin() + offset, std::move(column));
  draft.origins.insert(draft.origins.begin() + offset, origin);
  const auto move = [position](std::vector<std::size_t>& columns) {
    for (std::size_t& one : columns) one += one >= position ? 1 : 0;
  };
  for (Index& index : table.indexes) move(index.columns);
  for (ForeignKey& key : table.foreign_keys) move(key.columns);
  return std::nullopt;
}

Failed SchemaChange::drop_column(const std::string& name, Draft& draft) {
  Table& table = draft.table;
  const auto position = table.find_column(name);
  if (!position) return cannot_drop(name);
  for (const ForeignKey& key : table.foreign_keys) {
    if (std::find(key.columns.begin(), key.columns.end(), *position) != key.columns.end()) {
      return RuntimeError{
          1828, concat("Cannot drop column '", name, "': needed in a foreign key constraint '", key.name, "'")};
    }
  }
  table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(*position));
  draft.origins.erase(draft.origins.begin() + static_cast<std::ptrdiff_t>(*position));
  const auto without = [&](std::vector<std::size_t>& columns) {
    std::erase(columns, *position);
    for (std::size_t& one : columns) one -= one > *position ? 1 : 0;
  };
  for (Index& index : table.indexes) {
    without(index.columns);
    index.prefixes.clear();
  }
  std::erase_if(table.indexes, [](const Index& index) { return index.columns.empty(); });
  for (ForeignKey& key : table.foreign_keys) without(key.columns);
  return std::nullopt;
}

Failed SchemaChange::drop_index(const std::string& name, Table& table) {
  const auto removed =
      std::erase_if(table.indexes, [&](const Index& index) { return equal_ignoring_case(index.name, name); });
  return removed == 0 ? Failed(cannot_drop(name)) : std::nullopt;
}

Failed SchemaChange::add_key(const mysql::KeyDefinition& key, Table& table) {
  using Kind = mysql::KeyDefinition::Kind;
  if (key.kind == Kind::kCheck) return std::nullopt;
  std::vector<std::size_t> columns;
  for (const std::string& name : key.columns) {
    const auto column = table.find_column(name);
    if (!column) return RuntimeError{1072, concat("Key column '", name, "' doesn't exist in table")};
    columns.push_back(*column);
  }
  if (columns.empty()) return std::nullopt;
  const bool named = std::any_of(table.indexes.begin(), table.indexes.end(), [&](const Index& index) {
    return !key.name.empty() && equal_ignoring_case(index.name, key.name);
  });
  if (named) return RuntimeError{1061, concat("Duplicate key name '", key.name, "'")};
  const std::string& first = table.columns[columns.front()].name;
  if (key.kind == Kind::kPrimary) {
    if (!table.indexes.empty() && table.indexes.front().name == "PRIMARY")
      return RuntimeError{1068, "Multiple primary key defined"};
    table.indexes.insert(table.indexes.begin(), Index{"PRIMARY", columns, {}, true});
    return std::nullopt;
  }
  if (key.kind == Kind::kForeign) {
    ForeignKey foreign;
    foreign.name =
        key.name.empty() ? concat(table.name, "_ibfk_", std::to_string(table.foreign_keys.size() + 1)) : key.name;
    foreign.columns = columns;
    foreign.table = lower_ascii(key.referenced_table.name);
    foreign.referenced = key.referenced_columns;
    table.foreign_keys.push_back(std::move(foreign));
  }
  const std::string name = key.name.empty() ? free_index_name(table, first) : key.name;
  table.indexes.push_back(Index{name, columns, {}, key.kind == Kind::kUnique});
  return std::nullopt;
}

Failed SchemaChange::rebuild(std::size_t position, Draft draft) {
  settle_keys(draft.table);
  const Table& old = schema_.tables[position];
  const std::string aside = old.name + " (before)";
  if (auto failed = run("ALTER TABLE " + name_in_sqlite(old.name) + " RENAME TO " + sqlite::quoted(aside)))
    return failed;
  if (auto failed = run(create_table_sql(schema_.database, draft.table))) return failed;
  std::string columns;
  std::string values;
  for (std::size_t i = 0; i < draft.origins.size(); ++i) {
    const Column& column = draft.table.columns[i];
    std::string value;
    if (draft.origins[i]) {
      value = concat("my_store(", sqlite::quoted(old.columns[*draft.origins[i]].name), ", ",
                     quoted_text(column.type_text), ", ", quoted_text(column.name), ")");
    } else if (!column.nullable && !column.default_text && column.extra != "auto_increment") {
      value = is_number(column.type)     ? "0"
              : is_temporal(column.type) ? "'0000-00-00'"
                                         : "''";  // MySQL's implicit default
    } else {
      continue;
    }
    columns += concat(columns.empty() ? "" : ", ", sqlite::quoted(column.name));
    values += concat(values.empty() ? "" : ", ", value);
  }
  if (!columns.empty()) {
    if (auto failed = run(concat("INSERT INTO ", name_in_sqlite(draft.table.name), " (", columns, ") SELECT ", values,
                                 " FROM ", name_in_sqlite(aside)))) {
      return failed;
    }
  }
  if (auto failed = run("DROP TABLE " + name_in_sqlite(aside))) return failed;  // and the indexes of these names
  if (auto failed = create_indexes(draft.table)) return failed;
  schema_.tables[position] = std::move(draft.table);
  return std::nullopt;
}

}  // namespace intercodesql
