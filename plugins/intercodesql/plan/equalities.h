// Which columns are equal to each other or to a constant, and which conditions an index could be looked up by.
#pragma once

#include <utility>
#include <vector>

#include "plan/problem.h"

namespace intercodesql {

// column = a value that `needs` tables; `condition` where the value is a constant that stands somewhere.
struct KeyLookup {
  ColumnRef column;
  TableSet needs = 0;
  const mysql::Expr* condition = nullptr;
};

// Sets JoinProblem::equal and Conjunct::is_equality. The problem must outlive it.
class Equalities {
 public:
  Equalities(const Resolution& resolution, JoinProblem& problem) : resolution_(resolution), problem_(problem) {}

  // A condition that holds for every row.
  void add(const mysql::Expr& condition);
  void make_equal(const ColumnRef& a, const ColumnRef& b);
  // IN: an outer expression equals a column of its query.
  void add_pair(const mysql::Expr& outer, const Item& inner, const mysql::Expr& condition);
  // A condition of an outer join, by which only its inner side can be looked up.
  void add_outer(const mysql::Expr& condition, TableSet inner);
  void add_outer(const ColumnRef& inner, const ColumnRef& outer);
  // All look-ups, those that follow from equal columns too. Call it last.
  [[nodiscard]] std::vector<KeyLookup> take_lookups();

 private:
  [[nodiscard]] std::optional<ColumnRef> own_column(const mysql::Expr& expr) const;
  [[nodiscard]] const Type& type_of(const mysql::Expr& expr) const { return resolution_.at(expr).type; }
  void add_value(const ColumnRef& column, const mysql::Expr& value, const mysql::Expr& condition);
  void add_lookup(const ColumnRef& column, const mysql::Expr& value, const mysql::Expr& condition);
  void mark_equality(const mysql::Expr& expr);

  const Resolution& resolution_;
  JoinProblem& problem_;
  std::vector<KeyLookup> lookups_;
};

// May an index on `column` be looked up by a value of type `value`?
[[nodiscard]] bool can_look_up(const Type& column, const Type& value);

}  // namespace intercodesql
