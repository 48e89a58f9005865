#include "emit/emitter_change.h"

#include <algorithm>

#include "emit/emitter.h"
#include "engine/text.h"
#include "resolve/errors.h"
#include "resolve/resolve.h"

namespace intercodesql {
namespace {

using mysql::Expr;
using mysql::ExprKind;

std::string stored(const std::string& value, const Column& column) {
  return concat("my_store(", value, ", ", quoted_text(column.type_text), ", ", quoted_text(column.name), ")");
}

// The value of a column nobody gave one, as far as SQL can write it: an AUTO_INCREMENT column's NULL is its next
// number.
std::string default_of(const Column& column) {
  return column.default_text && !column.default_is_expression ? quoted_text(*column.default_text)
         : column.default_is_expression                       ? std::string("my_now()")
                                                              : std::string("NULL");
}

std::string value_of(Emitter& emitter, const Expr& expr, const Column& column) {
  return stored(expr.kind == ExprKind::kDefault ? default_of(column) : emitter.expression(expr), column);
}

RowsChange finish(RowsChange change, const Emitter& emitter, const Source& target) {
  change.database = target.database;
  change.table = target.table->name;
  change.databases.assign(emitter.databases().begin(), emitter.databases().end());
  return change;
}

const Column& column_of_target(const Resolution& resolution, const Expr& expr, const Source& target) {
  const ColumnRef& column = resolution.at(expr).column;
  if (column.source != &target) throw errors::not_supported("UPDATE of several tables");
  return target.table->columns[column.column];
}

// Names of the columns that tell the rows of a table apart: those its rows lie by, or SQLite's row number.
std::vector<std::string> row_identity(const Table& table) {
  const auto named = [&](const std::vector<std::size_t>& key) {
    std::vector<std::string> names;
    for (const std::size_t column : key) names.push_back(quoted_name(table.columns[column].name));
    return names;
  };
  if (!table.primary_key.empty()) return named(table.primary_key);
  for (const auto& key : table.unique_keys) {
    const auto nullable = [&](std::size_t column) { return table.columns[column].nullable; };
    if (std::none_of(key.begin(), key.end(), nullable)) return named(key);
  }
  return {"rowid"};
}

// " FROM … WHERE … ORDER BY … LIMIT …": the rows the statement is about.
std::string chosen_rows(Emitter& emitter, const BoundChange& change, const std::vector<mysql::TableRefPtr>& tables,
                        const mysql::ExprPtr& where, const std::optional<mysql::Limit>& limit) {
  std::string text = concat(" FROM ", emitter.from(*change.block, tables));
  if (where) text += " WHERE " + emitter.condition(*where);
  text += emitter.order_by(*change.block, change.order_by, /*by_position=*/false);
  if (limit) text += concat(" LIMIT ", std::to_string(std::min<std::uint64_t>(limit->count, INT64_MAX)));
  return text;
}

const Source& base_target(const BoundBlock& block, const mysql::TableName& name) {
  for (const Source* source : block.sources) {
    if (equal_ignoring_case(source->alias, name.name) && source->table != nullptr) return *source;
  }
  throw MysqlError{1109, concat("Unknown table '", name.name, "' in MULTI DELETE")};
}

}  // namespace

RowsChange emit_insert(const mysql::Insert& insert, std::uint32_t expressions, const Catalog& catalog,
                       std::string_view current_database, const TranslationSettings& settings) {
  const BoundChange bound =
      resolve_insert(insert, expressions, catalog, current_database, {settings.only_full_group_by});
  const Source& target = *bound.block->sources.front();
  const Table& table = *target.table;
  Emitter emitter(bound.resolution);
  std::vector<std::size_t> positions;
  for (const std::string& name : insert.columns) positions.push_back(*table.find_column(name));
  if (insert.columns.empty()) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) positions.push_back(i);
  }
  RowsChange change;
  change.kind = insert.is_replace ? RowsChange::Kind::kReplace : RowsChange::Kind::kInsert;
  std::string text = insert.is_replace ? "REPLACE INTO " : insert.is_ignore ? "INSERT OR IGNORE INTO " : "INSERT INTO ";
  text += emitter.base_table(target) + " (";
  for (std::size_t i = 0; i < positions.size(); ++i) {
    text += (i == 0 ? "" : ", ") + quoted_name(table.columns[positions[i]].name);
  }
  text += ") ";
  if (insert.query) {
    const BoundQuery& rows = bound.resolution.at(*insert.query);
    text += "SELECT ";
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const std::string value = concat("\"c", std::to_string(i + 1), "\"");
      text += (i == 0 ? "" : ", ") + stored(value, table.columns[positions[i]]);
    }
    text += concat(" FROM (", emitter.query(rows), ") WHERE true");
  } else {
    text += "VALUES ";
    for (std::size_t r = 0; r < insert.rows.size(); ++r) {
      text += r == 0 ? "(" : ", (";
      for (std::size_t i = 0; i < positions.size(); ++i) {
        const Column& column = table.columns[positions[i]];
        const std::string value =
            insert.rows[r].empty() ? stored(default_of(column), column) : value_of(emitter, *insert.rows[r][i], column);
        text += (i == 0 ? "" : ", ") + value;
      }
      text += ")";
    }
  }
  if (!insert.on_duplicate.empty()) {
    emitter.inside_upsert();
    text += " ON CONFLICT DO UPDATE SET ";
    for (std::size_t i = 0; i < insert.on_duplicate.size(); ++i) {
      const Column& column = column_of_target(bound.resolution, *insert.on_duplicate[i].column, target);
      text += concat(i == 0 ? "" : ", ", quoted_name(column.name), " = ",
                     value_of(emitter, *insert.on_duplicate[i].value, column));
    }
  }
  change.sql = std::move(text);
  return finish(std::move(change), emitter, target);
}

RowsChange emit_update(const mysql::Update& update, std::uint32_t expressions, const Catalog& catalog,
                       std::string_view current_database, const TranslationSettings& settings) {
  const BoundChange bound =
      resolve_update(update, expressions, catalog, current_database, {settings.only_full_group_by});
  const Source& target = *bound.resolution.at(*update.assignments.front().column).column.source;
  if (target.table == nullptr)
    throw MysqlError{1288, concat("The target table ", target.alias, " of the UPDATE is not updatable")};
  Emitter emitter(bound.resolution);
  // The new values are found first, beside the row they are for; only then is anything changed.
  std::string values;
  std::string sets;
  for (std::size_t i = 0; i < update.assignments.size(); ++i) {
    const auto& assignment = update.assignments[i];
    const Column& column = column_of_target(bound.resolution, *assignment.column, target);
    const std::string name = concat("n", std::to_string(i + 1));
    values += concat(", ", value_of(emitter, *assignment.value, column), " AS ", name);
    sets += concat(i == 0 ? "" : ", ", quoted_name(column.name), " = new_values.", name);
  }
  std::string ids;
  std::string same_row;
  for (const std::string& name : row_identity(*target.table)) {
    const std::string id = concat("k", std::to_string(ids.size()));
    ids += concat(ids.empty() ? "" : ", ", "t", std::to_string(target.id), ".", name, " AS ", id);
    same_row += concat(same_row.empty() ? "" : " AND ", "target.", name, " = new_values.", id);
  }
  const std::string rows =
      concat("SELECT ", ids, values, chosen_rows(emitter, bound, update.tables, update.where, update.limit));
  RowsChange change;
  change.kind = RowsChange::Kind::kUpdate;
  change.sql = concat(update.is_ignore ? "UPDATE OR IGNORE " : "UPDATE ", emitter.base_table(target), " AS target SET ",
                      sets, " FROM (", rows, ") AS new_values WHERE ", same_row);
  return finish(std::move(change), emitter, target);
}

RowsChange emit_delete(const mysql::Delete& statement, std::uint32_t expressions, const Catalog& catalog,
                       std::string_view current_database, const TranslationSettings& settings) {
  const BoundChange bound =
      resolve_delete(statement, expressions, catalog, current_database, {settings.only_full_group_by});
  if (statement.targets.size() > 1) throw errors::not_supported("DELETE from several tables");
  const Source& target =
      statement.targets.empty() ? *bound.block->sources.front() : base_target(*bound.block, statement.targets.front());
  Emitter emitter(bound.resolution);
  RowsChange change;
  change.kind = RowsChange::Kind::kDelete;
  std::string names;
  std::string ids;
  for (const std::string& name : row_identity(*target.table)) {
    names += (names.empty() ? "" : ", ") + name;
    ids += concat(ids.empty() ? "" : ", ", "t", std::to_string(target.id), ".", name);
  }
  change.sql = concat("DELETE FROM ", emitter.base_table(target), " WHERE (", names, ") IN (SELECT ", ids,
                      chosen_rows(emitter, bound, statement.tables, statement.where, statement.limit), ")");
  return finish(std::move(change), emitter, target);
}

}  // namespace intercodesql
