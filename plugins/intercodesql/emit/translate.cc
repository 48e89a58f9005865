#include "emit/emit.h"

#include <tuple>

#include "emit/emitter.h"
#include "emit/emitter_change.h"
#include "engine/text.h"
#include "mysql/lexer.h"
#include "mysql/parser.h"
#include "resolve/errors.h"
#include "resolve/outline.h"
#include "resolve/resolve.h"

namespace intercodesql {
namespace {

RowsQuery emit_query(const mysql::Query& query, std::uint32_t expressions, const Catalog& catalog,
                     std::string_view current_database, const TranslationSettings& settings) {
  const Resolution resolution =
      resolve_query(query, expressions, catalog, current_database, {settings.only_full_group_by});
  const BoundQuery& bound = resolution.at(query);
  Emitter emitter(resolution, settings.count_rows);
  RowsQuery result;
  std::tie(result.sql, result.sort) = emitter.top_query(bound);
  for (const Item& item : bound.columns) result.columns.push_back({item.name, item.type});
  result.databases.assign(emitter.databases().begin(), emitter.databases().end());
  result.uses_session = emitter.uses_session();
  return result;
}

void check_database(std::string_view name, const Catalog& catalog, std::string_view current_database) {
  const std::string database = lower_ascii(name.empty() ? current_database : name);
  if (database.empty()) throw errors::no_database_selected();
  if (catalog.find(database) == nullptr) throw errors::unknown_database(database);
}

// Names of databases and tables that a statement reads.
class NamesCheck {
 public:
  NamesCheck(const Catalog& catalog, std::string_view current_database)
      : catalog_(catalog), current_database_(current_database) {}

  void operator()(const mysql::Use& use) const { check_database(use.database, catalog_, current_database_); }
  void operator()(const mysql::Describe& describe) const { open(describe.table); }
  void operator()(const mysql::Show& show) const {
    using Kind = mysql::Show::Kind;
    if (show.kind == Kind::kColumns || show.kind == Kind::kIndexes || show.kind == Kind::kCreateTable) {
      open(show.table);
    } else if (show.kind == Kind::kTables || show.kind == Kind::kTableStatus || show.kind == Kind::kTriggers ||
               show.kind == Kind::kCreateDatabase) {
      check_database(show.database, catalog_, current_database_);
    }
  }
  template <typename Other>
  void operator()(const Other&) const {}

 private:
  void open(const mysql::TableName& table) const {
    open_table(table.database, table.name, catalog_, current_database_);
  }
  const Catalog& catalog_;
  std::string_view current_database_;
};

}  // namespace

Translation translate(std::string_view text, const Catalog& catalog, std::string_view current_database,
                      const TranslationSettings& settings) {
  auto parsed = mysql::parse(text);
  if (auto* error = std::get_if<MysqlError>(&parsed)) return std::move(*error);
  mysql::Statement& statement = std::get<mysql::Statement>(parsed);
  if (statement.is_followed) return mysql::syntax_error(mysql::trimmed_statement(text), statement.rest);
  try {
    if (const auto* query = std::get_if<mysql::QueryPtr>(&statement.command)) {
      return emit_query(**query, statement.expressions, catalog, current_database, settings);
    }
    if (const auto* insert = std::get_if<mysql::Insert>(&statement.command)) {
      return emit_insert(*insert, statement.expressions, catalog, current_database, settings);
    }
    if (const auto* update = std::get_if<mysql::Update>(&statement.command)) {
      return emit_update(*update, statement.expressions, catalog, current_database, settings);
    }
    if (const auto* erase = std::get_if<mysql::Delete>(&statement.command)) {
      return emit_delete(*erase, statement.expressions, catalog, current_database, settings);
    }
    std::visit(NamesCheck(catalog, current_database), statement.command);
  } catch (MysqlError& error) {
    return std::move(error);
  }
  return OtherStatement{std::move(statement)};
}

std::variant<RowsQuery, MysqlError> translate_query(const mysql::Query& query, std::uint32_t expressions,
                                                    const Catalog& catalog, std::string_view current_database,
                                                    const TranslationSettings& settings) {
  try {
    return emit_query(query, expressions, catalog, current_database, settings);
  } catch (MysqlError& error) {
    return std::move(error);
  }
}

}  // namespace intercodesql
