// Which tables of an outer join a condition makes inner ones.
#pragma once

#include <set>

#include "resolve/bound.h"

namespace intercodesql {

// Adds the sources that no row of NULLs can stand for, because `condition` would not hold for it.
void add_not_null(const Resolution& resolution, const mysql::Expr& condition, std::set<const Source*>& sources);

}  // namespace intercodesql
