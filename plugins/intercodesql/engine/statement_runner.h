// Carries out one translated statement for a connection. Private to engine/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "emit/emit.h"
#include "engine/connection.h"
#include "engine/ddl.h"
#include "engine/shared.h"
#include "engine/show.h"

namespace intercodesql {

class StatementRunner {
 public:
  StatementRunner(Connection& connection, std::string_view statement)
      : connection_(connection), shared_(connection.server_->shared()), statement_(statement) {}

  Outcome run();

 private:
  Outcome run(const StatementPlan& plan);
  Outcome query(const RowsQuery& query, const std::vector<std::string>& names, const std::vector<Type>& types);
  Outcome change(const RowsChange& change);
  Outcome other(const mysql::Statement& statement);

  Outcome carry_out(const mysql::Empty&) { return {}; }
  Outcome carry_out(const mysql::QueryPtr&);
  Outcome carry_out(const mysql::Use& use);
  Outcome carry_out(const mysql::Show& show);
  Outcome shown(const mysql::Show& show);
  // The rows of a SHOW statement that its WHERE clause leaves.
  Outcome chosen(Outcome shown, const mysql::Query& where);
  Outcome carry_out(const mysql::Describe& describe);
  Outcome carry_out(const std::unique_ptr<mysql::Explain>&);
  Outcome carry_out(const mysql::SetVariables& set);
  Outcome carry_out(const mysql::Administration& administration);
  Outcome carry_out(const mysql::CreateTable& create);
  Outcome carry_out(const mysql::AlterTable& alter);
  Outcome carry_out(const mysql::CreateIndex& create);
  Outcome carry_out(const mysql::DropIndex& drop);
  Outcome carry_out(const mysql::DropTables& drop);
  Outcome carry_out(const mysql::RenameTables& rename);
  Outcome carry_out(const mysql::TruncateTable& truncate);
  Outcome carry_out(const mysql::CreateView& create);
  Outcome carry_out(const mysql::CreateDatabase& create);
  Outcome carry_out(const mysql::DropDatabase& drop);
  Outcome carry_out(const mysql::Insert&) { return internal_error(); }
  Outcome carry_out(const mysql::Update&) { return internal_error(); }
  Outcome carry_out(const mysql::Delete&) { return internal_error(); }

  // Runs `body(SchemaChange&)` on a private copy of `database` and keeps the outcome unless it fails.
  template <typename Body>
  Outcome change_schema(const std::string& database, Body body);
  std::optional<RuntimeError> assign(const mysql::SetVariables::Assignment& assignment);
  std::variant<Value, RuntimeError> value_of(const mysql::Expr& expression);
  // The private state after `image` and `schema` (may be null: unchanged) have replaced those of `database`.
  void keep(const std::string& database, Image image, std::shared_ptr<const Schema> schema);

  [[nodiscard]] const Catalog& catalog() const { return connection_.catalog(); }
  [[nodiscard]] Session& session() const { return connection_.session_; }
  [[nodiscard]] std::string database_of(const mysql::TableName& name) const;
  [[nodiscard]] const Table* find(const mysql::TableName& name) const;
  [[nodiscard]] static Outcome internal_error();
  [[nodiscard]] static Outcome failed(int number, std::string text);
  [[nodiscard]] static Outcome failed(RuntimeError error) { return failed(error.number, std::move(error.text)); }
  [[nodiscard]] static Outcome rows(ShownRows shown);
  [[nodiscard]] Outcome no_table(const mysql::TableName& name) const;

  Connection& connection_;
  Server::Shared& shared_;
  std::string_view statement_;
  TranslationSettings settings_;
  std::uint32_t expressions_ = 0;  // of the tree that is carried out
};

}  // namespace intercodesql
