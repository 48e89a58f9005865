// What MySQL's optimizer knows of a table's rows: how many there are, on how many pages, and how many different values
// the columns of its indexes have. InnoDB samples; of small tables it counts exactly, as is done here.
#pragma once

#include <vector>

#include "engine/catalog.h"
#include "engine/value.h"

namespace intercodesql {

// Sets Table::rows, Table::pages and Index::distinct.
void count_rows(Table& table, const std::vector<Row>& rows);

}  // namespace intercodesql
