// The inside of emit.h: one class that writes SQLite SQL from a bound tree.
//
// Tables are t1, t2 … by Source::id, columns of results "c1", "c2" …, tables of WITH w1, w2 …: no name of the statement
// reaches SQLite but those of databases, tables and their columns. Every expression is written so that it may stand
// beside any operator; only condition() leaves off outer parentheses. Throws MysqlError where MySQL refuses a value.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "emit/emit.h"
#include "plan/row_order.h"
#include "resolve/bound.h"
#include "resolve/functions.h"

namespace intercodesql {

// A part of SQL with its type.
struct Typed {
  std::string sql;
  Type type;
};

// What is asked of a query's rows: any order, MySQL's order, or another column "n" that orders them so.
enum class RowsIn { kAnyOrder, kOrder, kNumbers };

class Emitter {
 public:
  explicit Emitter(const Resolution& resolution, RowCount count_rows = {})
      : resolution_(resolution), count_rows_(std::move(count_rows)) {}

  // Of a statement, the order of whose rows shows: with the sort that the engine has to carry out.
  std::pair<std::string, std::optional<RowsSort>> top_query(const BoundQuery& query);
  std::string query(const BoundQuery& query) { return this->query(query, /*collated=*/false, RowsIn::kAnyOrder); }
  std::string condition(const mysql::Expr& expr);  // true or false in SQLite's sense
  std::string expression(const mysql::Expr& expr);
  std::string from(const BoundBlock& block, const std::vector<mysql::TableRefPtr>& tables);
  std::string order_by(const BoundBlock& block, const std::vector<Key>& keys, bool by_position);
  std::string base_table(const Source& source);
  // ON DUPLICATE KEY UPDATE: VALUES(c) is excluded."c", and columns have no table in front.
  void inside_upsert() { in_upsert_ = true; }

  [[nodiscard]] const std::set<std::string>& databases() const { return databases_; }
  [[nodiscard]] bool uses_session() const { return uses_session_; }

 private:
  // queries (emitter_query.cc). `collated`: texts carry their collation, as a set operation compares them.
  std::string query(const BoundQuery& query, bool collated, RowsIn rows);
  std::string with_clause(const mysql::Query& query);
  std::string body(const BoundQuery& query, bool collated);
  std::string block(const BoundQuery& query, bool collated, RowsIn rows);
  std::string block_text(const BoundQuery& query, bool collated, RowsIn rows);
  std::string one_row(const BoundQuery& query, const std::string& list, const std::string& rest,
                      const std::string& having, RowsIn rows);
  std::string select_list(const BoundBlock& block, bool collated);
  std::vector<std::string> hidden_keys(const BoundQuery& query);
  std::string order_by_hidden(const BoundQuery& query, const std::vector<std::string>& hidden);

  // the order of rows (emitter_order.cc)
  // A query whose rows are not yet in order: SELECT `columns` `rest`; rows that ORDER BY leaves open come by `ties`.
  struct Unordered {
    std::string columns;
    std::string rest;         // from FROM on
    std::vector<Typed> ties;
    std::string tie_directions;
    std::string place;        // one expression with the order of the ties, or ""
    std::vector<Typed> keys;  // of ORDER BY …
    std::string directions;   // … as SortOrder has them
    std::string sorted;       // " ORDER BY …" of the keys for SQLite, or ""
    std::optional<double> expected_rows;
    bool needs_no_sort = false;
    bool sorts_all = false;  // LIMIT is applied behind the sort
  };
  std::string ordered(const BoundQuery& query, const Unordered& unordered, RowsIn rows);
  std::string sorted_like_mysql(const BoundQuery& query, const Unordered& unordered, const std::string& met);
  Unordered unordered_block(const BoundQuery& query, const std::string& list, const std::string& rest,
                            const RowOrder& order);
  std::string place_in_first(const RowOrder& order, const Unordered& unordered);
  Unordered unordered_distinct(const BoundQuery& query, const Unordered& rows);
  void add_keys(const BoundQuery& query, bool by_position, Unordered& unordered);
  RowOrder order_of(const BoundQuery& query);
  void number_sources(std::vector<OrderTerm>& terms);
  std::string first_match(const OrderTerm& term);
  std::string term(const OrderTerm& term);
  std::string terms(const std::vector<OrderTerm>& terms);
  void add_ties(const std::vector<OrderTerm>& terms, Unordered& unordered);
  [[nodiscard]] std::vector<OrderTerm> deciding(const std::vector<OrderTerm>& terms, const std::vector<Key>& keys,
                                                const BoundBlock& block) const;
  std::string row_key(const std::vector<OrderTerm>& terms);
  void add_group_ties(const BoundBlock& block, const RowOrder& order, Unordered& unordered);
  std::string ordered_set(const BoundQuery& query, bool collated, RowsIn rows);
  std::string numbered(const BoundQuery& query, const std::vector<Item>& columns, std::string_view number);
  std::string numbered_set(const BoundQuery& query);

  std::string set_operation(const BoundQuery& query, bool collated);
  std::string set_operand(const mysql::Query& operand, const std::vector<Item>& columns, bool collated, bool is_left);
  std::string numbered_rows(const mysql::Query& operand, const std::vector<Item>& columns);
  std::string value_rows(const BoundQuery& query);
  std::string item(const Item& item);
  std::string grouping(const BoundBlock& block, std::size_t count);
  Typed group_key(const BoundBlock& block, const Key& key);
  // GROUP BY … WITH ROLLUP (emitter_rollup.cc)
  std::string rollup(const BoundQuery& query, bool collated, const std::string& from_where, RowsIn rows);
  [[nodiscard]] bool is_rolled_up(const mysql::Expr& expr) const;
  [[nodiscard]] bool is_rolled_up(const ColumnRef& column) const;
  std::string table(const BoundBlock& block, const mysql::TableRef& table);
  std::string join(const BoundBlock& block, const mysql::TableRef& join);
  std::string source(const Source& source);
  std::string common_name(const mysql::CommonTable& table);
  std::string column(const ColumnRef& column);

  // expressions (emitter_expression.cc)
  std::string named(const mysql::Expr& expr);
  std::string literal(const mysql::Expr& expr);
  std::string listed(const std::vector<mysql::ExprPtr>& args, std::string_view between, std::size_t first,
                     std::size_t last);
  std::string arithmetic(const mysql::Expr& expr);
  std::string arithmetic_inside(const mysql::Expr& expr);
  std::string case_expression(const mysql::Expr& expr);
  std::string cast(const mysql::Expr& expr);
  std::string like(const mysql::Expr& expr);
  std::string is_true(const mysql::Expr& expr);
  std::string scalar_subquery(const mysql::Expr& expr);
  [[nodiscard]] const Type& type_of(const mysql::Expr& expr) const { return resolution_.at(expr).type; }
  Typed typed(const mysql::Expr& expr) { return {expression(expr), type_of(expr)}; }

  // comparisons (emitter_comparison.cc)
  std::string comparison(const mysql::Expr& expr);
  std::string compare(mysql::Op op, const mysql::Expr& left, const mysql::Expr& right);
  std::string compare_rows(mysql::Op op, const mysql::Expr& left, const mysql::Expr& right);
  std::pair<std::string, std::string> comparable(const mysql::Expr* left_expr, const Typed& left,
                                                 const mysql::Expr* right_expr, const Typed& right);
  std::string between(const mysql::Expr& expr);
  std::string in_list(const mysql::Expr& expr);
  std::string in_query(const mysql::Expr& expr);
  std::string quantified(const mysql::Expr& expr);

  // functions (emitter_function.cc)
  std::string function(const mysql::Expr& expr);
  std::string special_function(const mysql::Expr& expr);
  std::string argument(const mysql::Expr& expr, ArgumentRule rule, const Type& common);
  std::string aggregate(const mysql::Expr& expr);
  std::string aggregate_of_rows(const mysql::Expr& expr);
  Typed gathered(const mysql::Expr& aggregate, const mysql::Expr& argument);
  std::string sum_or_average(const mysql::Expr& expr);
  std::string group_concat(const mysql::Expr& expr);
  std::string window(const mysql::Expr& expr);
  std::string window_definition(const mysql::Expr& expr);
  std::string sorted(const mysql::Expr& expr, bool descending);

  const Resolution& resolution_;
  std::map<const mysql::CommonTable*, std::size_t> common_;
  std::set<std::string> databases_;
  bool uses_session_ = false;
  bool in_upsert_ = false;
  RowCount count_rows_;
  std::map<const BoundQuery*, double> rows_of_derived_;
  const BoundQuery* top_ = nullptr;
  std::optional<RowsSort> top_sort_;
  std::set<const Source*> numbered_;                     // derived tables whose rows carry their number
  std::set<const mysql::CommonTable*> numbered_common_;  // tables of WITH whose rows do
  std::vector<const BoundBlock*> blocks_;                // those being written, the innermost last
  // The keys of a GROUP BY … WITH ROLLUP that are NULL in the rows being written, from this one on.
  const BoundBlock* rollup_ = nullptr;
  std::size_t rolled_from_ = 0;
};

// --- conversions (conversion.cc): SQL of a value to SQL of it as another type

[[nodiscard]] std::string as_text(const Typed& value);
[[nodiscard]] std::string as_number(const Typed& value);
[[nodiscard]] std::string as_condition(const Typed& value);
[[nodiscard]] std::string as_type(const Typed& value, const Type& type);
// With the collation its type compares by.
[[nodiscard]] std::string collated(const Typed& value);

// "c1": a column of a result, from 0; "c1", "c2", …
[[nodiscard]] std::string column_name(std::size_t index);
[[nodiscard]] std::string column_names(std::size_t count);
[[nodiscard]] std::string limit_clause(const mysql::Limit& limit);

[[nodiscard]] std::string quoted_name(std::string_view name);
[[nodiscard]] std::string quoted_text(std::string_view text);
// Parts joined by AND or OR in parentheses, in groups where there are more than SQLite nests.
[[nodiscard]] std::string joined(const std::vector<std::string>& parts, std::string_view between);

}  // namespace intercodesql
