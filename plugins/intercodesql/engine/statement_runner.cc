#include "engine/statement_runner.h"

#include <algorithm>
#include <iterator>
#include <new>

#include "engine/information_schema.h"
#include "engine/server.h"
#include "engine/sqlite.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

RuntimeError not_supported(std::string_view what) {
  return {1235, concat("This version of MySQL doesn't yet support '", what, "'")};
}

// The cells of each row from `first` on, `count` of them.
std::vector<Row> taken_cells(std::vector<Row>& rows, std::size_t first, std::size_t count) {
  std::vector<Row> cells;
  cells.reserve(rows.size());
  for (Row& row : rows) {
    const auto begin = row.begin() + static_cast<std::ptrdiff_t>(first);
    cells.emplace_back(std::make_move_iterator(begin),
                       std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(count)));
  }
  return cells;
}

void permute(std::vector<Row>& rows, const std::vector<std::size_t>& positions) {
  std::vector<Row> result;
  result.reserve(positions.size());
  for (const std::size_t position : positions) result.push_back(std::move(rows[position]));
  rows = std::move(result);
}

// Rows of a query with a sort, of whose cells the first `width` are the result's, in MySQL's order.
std::vector<Row> sorted(std::vector<Row> rows, std::size_t width, const RowsSort& sort) {
  const std::size_t keys = sort.order.directions.size();
  if (sort.order.limit || !is_stable(rows.size())) {
    if (!sort.order.limit) {
      permute(rows, sorted_by(taken_cells(rows, width + keys, sort.met.size()), sort.met));
    }
    permute(rows, sorted_positions(taken_cells(rows, width, keys), sort.order));
  }
  const std::size_t end = std::min<std::uint64_t>(rows.size(), sort.end);
  rows.resize(end);
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(sort.offset, end)));
  for (Row& row : rows) row.resize(width);
  return rows;
}

}  // namespace

Outcome StatementRunner::failed(int number, std::string text) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kError;
  outcome.error_number = number;
  outcome.error = std::move(text);
  return outcome;
}

Outcome StatementRunner::internal_error() {
  return failed(1815, "Internal error: a statement without translation");
}

Outcome StatementRunner::rows(ShownRows shown) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kRows;
  outcome.names = std::move(shown.names);
  outcome.rows = std::move(shown.rows);
  return outcome;
}

Outcome StatementRunner::run() {
  if (!is_utf8(statement_)) return failed(1300, "Invalid utf8mb4 character string");
  settings_.only_full_group_by = session().sql_mode.find("ONLY_FULL_GROUP_BY") != std::string::npos;
  try {
    const auto plan = shared_.plan(statement_, session().database, settings_, connection_.private_.get());
    Outcome outcome = run(*plan);
    outcome.rest_refused = plan->is_followed;
    return outcome;
  } catch (const sqlite::Error& error) {
    return failed(1815, concat("Internal error: ", error.what()));
  } catch (const std::bad_alloc&) {
    return failed(kBudgetErrorNumber, std::string(kBudgetError));
  }
}

Outcome StatementRunner::run(const StatementPlan& plan) {
  if (const auto* rows_query = std::get_if<RowsQuery>(&plan.translation))
    return query(*rows_query, plan.names, plan.types);
  if (const auto* rows_change = std::get_if<RowsChange>(&plan.translation)) return change(*rows_change);
  if (const auto* statement = std::get_if<OtherStatement>(&plan.translation)) return other(statement->statement);
  const auto& error = std::get<MysqlError>(plan.translation);
  return failed(error.number, error.text);
}

Outcome StatementRunner::query(const RowsQuery& query, const std::vector<std::string>& names,
                               const std::vector<Type>& types) {
  const auto handle = shared_.borrow(query.databases, connection_.private_.get());
  const Budget& budget = shared_.settings().budget;
  std::variant<std::vector<Row>, RuntimeError> answer;
  if (query.sort) {
    std::vector<Type> with_keys = types;
    with_keys.resize(types.size() + query.sort->order.directions.size() + query.sort->met.size());
    answer = handle->query(query.sql, with_keys, budget, session());
    if (auto* found = std::get_if<std::vector<Row>>(&answer)) {
      *found = sorted(std::move(*found), types.size(), *query.sort);
    } else if (query.sort->end != UINT64_MAX && std::get<RuntimeError>(answer).number == kBudgetErrorNumber) {
      answer = handle->query(query.sort->without_keys, types, budget, session());
    }
  } else {
    answer = handle->query(query.sql, types, budget, session());
  }
  if (auto* error = std::get_if<RuntimeError>(&answer)) return failed(std::move(*error));
  Outcome outcome;
  outcome.kind = Outcome::Kind::kRows;
  outcome.names = names;
  outcome.rows = std::get<std::vector<Row>>(std::move(answer));
  session().row_count = -1;
  session().found_rows = static_cast<std::int64_t>(outcome.rows.size());
  return outcome;
}

Outcome StatementRunner::change(const RowsChange& change) {
  if (change.database == kInformationSchema) {
    return failed(1044, "Access denied for user 'admin'@'%' to database 'information_schema'");
  }
  const auto handle = shared_.borrow_to_change(change.database, change.databases, connection_.private_.get());
  auto answer = handle->change(change.sql, change.database, shared_.settings().budget, session());
  if (auto* error = std::get_if<RuntimeError>(&answer)) return failed(std::move(*error));
  const auto& changed = std::get<Handle::Changed>(answer);
  session().row_count = changed.rows;
  if (changed.rows == 0) return {};
  std::shared_ptr<const Schema> schema;
  const bool inserts = change.kind == RowsChange::Kind::kInsert || change.kind == RowsChange::Kind::kReplace;
  if (inserts && changed.first_id > 0) {
    const Schema* before = catalog().find(change.database);
    auto after = std::make_shared<Schema>(*before);
    Table* table = after->find(change.table);
    if (table != nullptr && table->next_auto_id) {
      session().last_insert_id = changed.first_id;
      table->next_auto_id = std::max(*table->next_auto_id, changed.first_id + changed.rows);
      schema = std::move(after);
    }
  }
  keep(change.database, image_of(handle->raw(), change.database), std::move(schema));
  return {};
}

void StatementRunner::keep(const std::string& database, Image image, std::shared_ptr<const Schema> schema) {
  auto state = std::make_shared<PrivateState>();
  if (connection_.private_ != nullptr) {
    *state = *connection_.private_;
  } else {
    state->catalog = shared_.catalog();
  }
  state->images[database] = std::move(image);
  if (schema != nullptr) state->catalog.databases[database] = std::move(schema);
  connection_.private_ = std::move(state);
}

Outcome StatementRunner::other(const mysql::Statement& statement) {
  expressions_ = statement.expressions;
  return std::visit([this](const auto& command) { return carry_out(command); }, statement.command);
}

std::string StatementRunner::database_of(const mysql::TableName& name) const {
  return name.database.empty() ? session().database : lower_ascii(name.database);
}

const Table* StatementRunner::find(const mysql::TableName& name) const {
  const Schema* schema = catalog().find(database_of(name));
  return schema == nullptr ? nullptr : schema->find(name.name);
}

Outcome StatementRunner::no_table(const mysql::TableName& name) const {
  return failed(1146, concat("Table '", database_of(name), ".", lower_ascii(name.name), "' doesn't exist"));
}

Outcome StatementRunner::carry_out(const mysql::QueryPtr&) {
  return internal_error();
}

Outcome StatementRunner::carry_out(const mysql::Use& use) {
  if (!connection_.use(use.database)) return failed(1049, concat("Unknown database '", lower_ascii(use.database), "'"));
  return {};
}

Outcome StatementRunner::carry_out(const mysql::Describe& describe) {
  const Table* table = find(describe.table);
  if (table == nullptr) return no_table(describe.table);
  return rows(show_columns(*table, false, describe.like));
}

Outcome StatementRunner::carry_out(const std::unique_ptr<mysql::Explain>&) {
  return failed(not_supported("EXPLAIN"));
}

Outcome StatementRunner::carry_out(const mysql::Administration& administration) {
  using Kind = mysql::Administration::Kind;
  switch (administration.kind) {
    case Kind::kBegin:
      connection_.before_transaction_ = connection_.private_;
      return {};
    case Kind::kCommit:
      connection_.before_transaction_.reset();
      return {};
    case Kind::kRollback:
      if (connection_.before_transaction_) connection_.private_ = *connection_.before_transaction_;
      connection_.before_transaction_.reset();
      return {};
    case Kind::kSavepoint:
    case Kind::kLock:
    case Kind::kNothing:
      return {};
    case Kind::kMaintenance: {
      ShownRows shown{{"Table", "Op", "Msg_type", "Msg_text"}, {}};
      for (const mysql::TableName& table : administration.tables) {
        const auto text = [](std::string value) { return Value::of_text(std::move(value)); };
        shown.rows.push_back({text(concat(database_of(table), ".", lower_ascii(table.name))),
                              text(lower_ascii(administration.verb)), text("status"), text("OK")});
      }
      return rows(std::move(shown));
    }
    case Kind::kPrivileged:
      return failed(1227, "Access denied; you need (at least one of) the SUPER privilege(s) for this operation");
  }
  return {};
}

template <typename Body>
Outcome StatementRunner::change_schema(const std::string& database, Body body) {
  const Schema* before = catalog().find(database);
  if (before == nullptr) return failed(1049, concat("Unknown database '", database, "'"));
  if (shared_.image(database, connection_.private_.get()) == nullptr || database == kInformationSchema) {
    return failed(1044, concat("Access denied for user 'admin'@'%' to database '", database, "'"));
  }
  auto schema = std::make_shared<Schema>(*before);
  std::vector<std::string> all;
  const auto handle = shared_.borrow_to_change(database, all, connection_.private_.get());
  SchemaChange change(*schema, *handle.operator->(), shared_.settings().budget, session());
  if (std::optional<RuntimeError> error = body(change)) return failed(std::move(*error));
  connection_.before_transaction_.reset();  // a change of the schema commits
  session().row_count = 0;
  keep(database, image_of(handle->raw(), database), std::move(schema));
  return {};
}

Outcome StatementRunner::carry_out(const mysql::CreateTable& create) {
  const Table* source = create.like ? find(*create.like) : nullptr;
  if (create.like && source == nullptr) return no_table(*create.like);
  if (create.query == nullptr) {
    const Table copied = source != nullptr ? *source : Table{};
    return change_schema(database_of(create.table), [&](SchemaChange& change) {
      return change.create_table(create, nullptr, source != nullptr ? &copied : nullptr);
    });
  }
  auto translated = translate_query(*create.query, expressions_, catalog(), session().database, settings_);
  if (auto* error = std::get_if<MysqlError>(&translated)) return failed(error->number, error->text);
  const auto& query = std::get<RowsQuery>(translated);
  return change_schema(database_of(create.table),
                       [&](SchemaChange& change) { return change.create_table(create, &query, nullptr); });
}

Outcome StatementRunner::carry_out(const mysql::AlterTable& alter) {
  return change_schema(database_of(alter.table), [&](SchemaChange& change) { return change.alter_table(alter); });
}

Outcome StatementRunner::carry_out(const mysql::CreateIndex& create) {
  return change_schema(database_of(create.table), [&](SchemaChange& change) { return change.create_index(create); });
}

Outcome StatementRunner::carry_out(const mysql::DropIndex& drop) {
  return change_schema(database_of(drop.table), [&](SchemaChange& change) { return change.drop_index(drop); });
}

Outcome StatementRunner::carry_out(const mysql::DropTables& drop) {
  std::string missing;
  for (const mysql::TableName& name : drop.tables) {
    if (find(name) == nullptr) {
      missing += concat(missing.empty() ? "" : ",", database_of(name), ".", lower_ascii(name.name));
    }
  }
  if (!missing.empty() && !drop.if_exists) return failed(1051, concat("Unknown table '", missing, "'"));
  for (const mysql::TableName& name : drop.tables) {
    if (find(name) == nullptr) continue;
    Outcome outcome =
        change_schema(database_of(name), [&](SchemaChange& change) { return change.drop_table(name.name); });
    if (outcome.kind == Outcome::Kind::kError) return outcome;
  }
  return {};
}

Outcome StatementRunner::carry_out(const mysql::RenameTables& rename) {
  for (const auto& [from, to] : rename.pairs) {
    if (database_of(from) != database_of(to)) return failed(not_supported("RENAME TABLE to another database"));
    Outcome outcome =
        change_schema(database_of(from), [&](SchemaChange& change) { return change.rename_table(from.name, to.name); });
    if (outcome.kind == Outcome::Kind::kError) return outcome;
  }
  return {};
}

Outcome StatementRunner::carry_out(const mysql::TruncateTable& truncate) {
  return change_schema(database_of(truncate.table),
                       [&](SchemaChange& change) { return change.truncate_table(truncate.table.name); });
}

Outcome StatementRunner::carry_out(const mysql::CreateView& create) {
  return failed(1142, concat("CREATE VIEW command denied to user 'admin'@'localhost' for table '",
                             lower_ascii(create.view.name), "'"));
}

Outcome StatementRunner::carry_out(const mysql::CreateDatabase& create) {
  const std::string name = lower_ascii(create.database);
  if (catalog().find(name) != nullptr) {
    if (create.if_not_exists) return {};
    return failed(1007, concat("Can't create database '", name, "'; database exists"));
  }
  connection_.before_transaction_.reset();
  keep(name, make_image({Schema{name, {}}, {}}), std::make_shared<const Schema>(Schema{name, {}}));
  return {};
}

Outcome StatementRunner::carry_out(const mysql::DropDatabase& drop) {
  const std::string name = lower_ascii(drop.database);
  if (catalog().find(name) == nullptr) {
    if (drop.if_exists) return {};
    return failed(1008, concat("Can't drop database '", name, "'; database doesn't exist"));
  }
  if (shared_.image(name, connection_.private_.get()) == nullptr || name == kInformationSchema) {
    return failed(1044, concat("Access denied for user 'admin'@'%' to database '", name, "'"));
  }
  connection_.before_transaction_.reset();
  keep(name, nullptr, nullptr);
  auto state = std::make_shared<PrivateState>(*connection_.private_);
  state->catalog.databases.erase(name);
  connection_.private_ = std::move(state);
  if (session().database == name) session().database.clear();
  return {};
}

}  // namespace intercodesql
