// The inside of resolve.h: one class, its expressions in resolver_expression.cc, its functions in resolver_function.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resolve/bound.h"
#include "resolve/resolve.h"
#include "resolve/scope.h"

namespace intercodesql {

class Resolver {
 public:
  Resolver(const Catalog& catalog, std::string_view current_database, ResolveSettings settings,
           std::uint32_t expressions)
      : catalog_(catalog), database_(current_database), settings_(settings) {
    result_.bindings.resize(expressions);
  }

  const BoundQuery& query(const mysql::Query& query, Block* outer);
  // FROM, of a query block or of a statement that writes.
  void from(Block& block, const std::vector<mysql::TableRefPtr>& tables);
  void on_conditions(Block& block);
  void where(Block& block, const mysql::ExprPtr& condition);
  Key order_key(Block& block, const mysql::OrderItem& item, std::size_t number);
  // A value beside `clause`, one column wide.
  void value(Block& block, const mysql::Expr& expr, std::string_view clause);
  Source& add_base_table(std::string_view database, std::string_view name, std::string_view alias,
                         const BoundBlock* block);
  Resolution take_result() { return std::move(result_); }

 private:
  struct CommonName {
    const mysql::CommonTable* table;
    const BoundQuery* query = nullptr;  // once it has been looked at
    std::size_t visible = 0;            // how many of common_ its own query sees
    bool is_recursive = false;
    bool is_open = false;               // being looked at
    std::vector<SourceColumn> columns;  // of a recursive one, from its first part
  };
  struct Aggregate {
    int level;
    int highest_argument = -1;   // level of the innermost block whose columns it has
    int highest_aggregate = -1;  // level of the innermost aggregate inside it
  };

  void block_query(BoundQuery& bound, const mysql::Query& query, Block* outer);
  void set_query(BoundQuery& bound, const mysql::Query& query, Block* outer);
  void nested_query(BoundQuery& bound, const mysql::Query& query, Block* outer);
  void values_query(BoundQuery& bound, const mysql::Query& query, Block* outer);
  void order_of_result(BoundQuery& bound, const mysql::Query& query, Block* outer);
  void expand_items(Block& block, const mysql::Select& select);
  void expand_star(Block& block, const mysql::SelectItem& item);
  void items(Block& block, const mysql::Select& select);
  void group_by(Block& block, const mysql::Select& select);
  void having(Block& block, const mysql::Select& select);

  // FROM (resolver_from.cc)
  NameScope table_scope(Block& block, const mysql::TableRef& table);
  NameScope join_scope(Block& block, const mysql::TableRef& join);
  NameScope whole_source(const Source& source);
  const Source& derived_source(Block& block, const mysql::TableRef& table);
  void open_common(std::size_t i);
  const Source* common_source(Block& block, const mysql::TableRef& table);
  Source& add_source(std::string alias, const BoundBlock* block);
  void set_columns(Source& source, const BoundQuery& query, const std::vector<std::string>& names);

  // expressions
  Type expression(Block& block, const mysql::Expr& expr);
  Type expression_kind(Block& block, const mysql::Expr& expr);
  Type one_column(Block& block, const mysql::Expr& expr);
  std::vector<Type> all(Block& block, const std::vector<mysql::ExprPtr>& args);
  Type column(Block& block, const mysql::Expr& expr);
  bool bind_here(Block& block, const mysql::Expr& expr);
  bool bind_outside(Block& block, const mysql::Expr& expr);
  void bind_column(const Block& block, const mysql::Expr& expr, const ColumnRef& column);
  void bind_item(const Block& block, const mysql::Expr& expr, std::size_t item);
  Type compare(Block& block, const mysql::Expr& expr);
  Type in_list(Block& block, const mysql::Expr& expr);
  Type in_query(Block& block, const mysql::Expr& expr);
  Type case_type(Block& block, const mysql::Expr& expr);
  Type subquery(Block& block, const mysql::Expr& expr);
  Type aggregate(Block& block, const mysql::Expr& expr);
  Type window(Block& block, const mysql::Expr& expr);
  Type aggregate_type(const mysql::Expr& expr) const;
  Type function(Block& block, const mysql::Expr& expr);
  [[nodiscard]] std::size_t width(const mysql::Expr& expr) const;
  void same_width(const mysql::Expr& left, const mysql::Expr& right) const;
  [[nodiscard]] Binding& binding(const mysql::Expr& expr) { return result_.bindings[expr.number]; }
  [[nodiscard]] const Type& type_of(const mysql::Expr& expr) const { return result_.bindings[expr.number].type; }

  const Catalog& catalog_;
  std::string database_;
  ResolveSettings settings_;
  Resolution result_;
  std::string_view clause_ = "field list";  // what an error names; IN leaves its own behind, as in MySQL
  std::uint64_t aggregates_allowed_ = 0;    // a bit per level of blocks
  std::vector<Aggregate> open_aggregates_;
  std::vector<CommonName> common_;
  // Conditions of the joins of the FROM clauses being read, with what they see.
  std::vector<std::pair<const mysql::TableRef*, NameScope>> conditions_;
};

}  // namespace intercodesql
