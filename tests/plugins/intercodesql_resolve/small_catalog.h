// A database of two tables, "shop", for tests of names and types.
//   item(id int PRIMARY KEY, Name varchar(20), price decimal(8,2), weight double, added date, owner_id int)
//   owner(id int PRIMARY KEY, Name varchar(20), city text, born datetime)
#pragma once

#include "engine/catalog.h"

namespace intercodesql::test {

[[nodiscard]] Catalog small_catalog();

}  // namespace intercodesql::test
