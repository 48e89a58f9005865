// sql_mode=only_full_group_by: which columns of a grouped query have one value per group, and the DISTINCT rule.
#pragma once

#include "resolve/bound.h"

namespace intercodesql {

// Throws 1055 or 1140 for the first expression of the SELECT list, HAVING or ORDER BY with a column that the GROUP BY
// columns do not determine, and 3065 or 3066 for an ORDER BY outside a DISTINCT list. A column is determined by the
// grouping columns, by constants and equal columns of WHERE and inner joins, and by a primary or unique key whose
// columns are determined. The ORDER BY of a query with one row is not looked at.
void check_grouping(const Resolution& resolution, const BoundQuery& query);

}  // namespace intercodesql
