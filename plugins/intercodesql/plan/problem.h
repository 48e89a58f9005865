// A query block as MySQL's optimizer looks at it: the tables to be joined, what binds them, the ways to reach each.
//
// The order in which MySQL returns rows that no ORDER BY puts in order follows from the order in which it joins the
// tables and from the index it reads each one by. Both are decided by costs, so those are modelled here as MySQL 8.0
// computes them (search.h). Nothing here changes which rows a query has; a wrong guess costs only their order.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "resolve/bound.h"

namespace intercodesql {

using TableSet = std::uint64_t;  // a bit per table of the block

// The rows of a table that conditions with constants leave, as the range optimizer would estimate them by looking into
// an index; empty where nobody can tell.
using RangeCounter = std::function<std::optional<double>(const Source&, const std::vector<const mysql::Expr*>&)>;

// `column = value` on a part of an index.
struct KeyUse {
  std::size_t part = 0;
  TableSet needs = 0;                      // tables the value comes from; 0: a constant
  const mysql::Expr* condition = nullptr;  // with a constant: where it stands
};

// An index of a table with everything that its parts are compared with.
struct IndexUse {
  const Index* index = nullptr;
  bool is_primary = false;   // the clustered one
  bool is_covering = false;  // holds all columns that are read
  double key_length = 0;     // bytes
  std::vector<KeyUse> uses;  // by part
};

// Constant conditions on a prefix of an index, counted.
struct Range {
  const Index* index = nullptr;
  bool is_primary = false;
  bool is_covering = false;
  bool is_point = false;  // one value of the first `parts` parts
  std::size_t parts = 1;
  double ranges = 1;
  double rows = 0;
  double cost = 0;
};

struct PlanTable {
  const Source* source = nullptr;
  TableSet bit = 0;
  double rows = 0;
  double pages = 1;
  std::vector<IndexUse> indexes;  // unique ones first, as MySQL sorts them
  std::vector<Range> ranges;      // every one that could be counted
  std::optional<Range> range;     // the one that is cheaper than reading all rows
  double found_rows = 0;          // those a scan or `range` fetches
  double read_cost = 0;           // of doing so once
  TableSet depends_on = 0;        // must come before: the other side of an outer join
  TableSet key_depends_on = 0;    // tables that a key could be looked up by
  TableSet nest = 0;              // the inner side of the outer join it belongs to; 0: of none
  bool is_constant = false;       // one row, found by a unique key before anything else
  std::size_t from_sub = 0;       // 0, or the number of the semi-join whose query names it, from 1
  std::size_t sub = 0;            // the same while it can have several rows for one outside
};

// One conjunct of WHERE or of an inner join's condition.
struct Conjunct {
  const mysql::Expr* expr = nullptr;
  TableSet tables = 0;
  bool is_equality = false;  // kept among JoinProblem::equal
};

// Columns that are all equal, by conditions that hold for every row.
struct EqualColumns {
  std::vector<ColumnRef> columns;
  bool has_constant = false;
  const mysql::Expr* condition = nullptr;  // of the constant
};

// IN (SELECT …) or EXISTS (SELECT …) among the conjuncts, whose tables are joined with the others.
struct SemiJoin {
  const mysql::Expr* expr = nullptr;
  const BoundQuery* query = nullptr;
  TableSet inner = 0;
  TableSet outer = 0;          // tables outside that its conditions name
  bool is_correlated = false;  // beyond the comparison of IN
  bool is_outermost = true;    // stands in the block itself, not inside another semi-join
  std::vector<std::pair<const mysql::Expr*, const Item*>> pairs;  // outer expression = inner column
};

struct JoinProblem {
  const BoundBlock* block = nullptr;
  std::vector<PlanTable> tables;  // in the order of FROM, then those of semi-joins
  std::vector<Conjunct> conjuncts;
  std::vector<Conjunct> outer_conjuncts;  // of outer joins' conditions
  std::vector<EqualColumns> equal;
  std::vector<SemiJoin> semi_joins;
  const Source* sort_by = nullptr;  // the only table that GROUP BY and ORDER BY name
  std::optional<double> limit;
  bool is_subquery = false;

  [[nodiscard]] const PlanTable* find(const Source* source) const;
  [[nodiscard]] TableSet tables_of(const Resolution& resolution, const mysql::Expr& expr) const;
};

// The rows that a derived table is thought to have.
using DerivedRows = std::function<double(const BoundQuery&)>;

[[nodiscard]] JoinProblem join_problem(const Resolution& resolution, const BoundQuery& query,
                                       const RangeCounter& counter, const DerivedRows& derived_rows);

// Is the column one of those an index entry holds, the clustered key's included?
[[nodiscard]] bool holds_column(const Table& table, const Index& index, std::size_t column);

}  // namespace intercodesql
