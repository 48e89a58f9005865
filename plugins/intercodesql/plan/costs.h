// Costs as MySQL 8.0 counts them by default, tables being in memory: a page 0.25, a row looked at 0.1, a row written to
// or found in a temporary table 0.1, such a table 1.
#pragma once

#include "plan/problem.h"

namespace intercodesql {

inline constexpr double kPageCost = 0.25;
inline constexpr double kRowCost = 0.1;
inline constexpr double kTemporaryTableCost = 1.0;
inline constexpr double kTemporaryRowCost = 0.1;
inline constexpr double kJoinBuffer = 262144;  // bytes

// Bytes of an entry of an index, without the clustered key behind it.
[[nodiscard]] double key_length(const Table& table, const Index& index);

[[nodiscard]] double scan_cost(const PlanTable& table);
// Of reading `rows` entries of an index that covers the query.
[[nodiscard]] double index_scan_cost(const IndexUse& use, const Table& table, double rows);
// Of one look-up that finds `rows` rows.
[[nodiscard]] double lookup_cost(const IndexUse& use, const PlanTable& table, double rows);
[[nodiscard]] double range_cost(const Range& range, const IndexUse& use, const PlanTable& table);

// The index that is read instead of the table where one holds all columns: the shortest. Null: none.
[[nodiscard]] const IndexUse* shortest_covering(const PlanTable& table);

// Rows with one value of the first `parts` columns of an index.
[[nodiscard]] double rows_per_key(const Table& table, const Index& index, std::size_t parts);

}  // namespace intercodesql
