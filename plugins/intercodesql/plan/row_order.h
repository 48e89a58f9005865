// The order in which MySQL returns the rows of a query block, as far as its ORDER BY leaves it open.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "plan/problem.h"

namespace intercodesql {

// Rows come by this, equal ones by the next term.
struct OrderTerm {
  const Source* source = nullptr;
  std::optional<std::size_t> column;  // absent: the order its rows have of themselves (rowid; a derived table's number)
  bool descending = false;
  // Instead: the place of the first row, among those of the subquery of this IN or EXISTS, that a row matches.
  const mysql::Expr* predicate = nullptr;
  std::vector<OrderTerm> inside;  // the order of the subquery's rows
};

struct RowOrder {
  std::vector<OrderTerm> rows;  // of the joined rows; groups and distinct rows come as their first one does
  bool sorts_groups = false;    // but groups are sorted by their columns: an aggregate has DISTINCT
  bool needs_no_sort = false;   // an index gives ORDER BY's order, and `rows` is it
  // ORDER BY sorts the rows of this table only, those these conditions leave, before it joins the others to them.
  const Source* sorted_first = nullptr;
  std::vector<const mysql::Expr*> first_conditions;
  std::optional<double> expected_rows;  // by a sort for ORDER BY; absent where it sorts a temporary table's rows
};

struct PlanSettings {
  RangeCounter count_range;                             // may be empty: nothing is known about ranges
  std::map<const BoundQuery*, double>* rows = nullptr;  // of derived tables, kept from one call to the next
};

[[nodiscard]] RowOrder row_order(const Resolution& resolution, const BoundQuery& query, const PlanSettings& settings);

}  // namespace intercodesql
