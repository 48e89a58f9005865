// How large a statement becomes when SQLite prepares it.
//
// SQLite copies the query of a WITH table for every name that refers to it, copies of copies included, before any
// budget counts. So tables that each name the one before twice grow without bound from a short text.
#pragma once

#include <cstddef>

#include "mysql/ast.h"

namespace intercodesql {

// The tables in FROM clauses of a statement after all copying; at most `limit` + 1.
[[nodiscard]] std::size_t expanded_tables(const mysql::Command& command, std::size_t limit);

}  // namespace intercodesql
