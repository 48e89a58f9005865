// Text of a MySQL statement to its syntax tree.
//
// Recursive descent over MySQL 8's grammar and precedences; accepts what the server accepts and stops at the token it
// stops at. No catalog: whether names exist is resolve/'s question. Pure functions, no state, any thread.
#pragma once

#include <string_view>
#include <variant>

#include "mysql/ast.h"
#include "mysql/syntax_error.h"

namespace intercodesql::mysql {

// `text` may hold anything. Nesting beyond a fixed depth is refused like a syntax error ("memory exhausted …"), so the
// stack is bounded. Besides syntax errors, 1248 for a derived table without alias: MySQL's grammar raises it itself.
[[nodiscard]] std::variant<Statement, MysqlError> parse(std::string_view text);

}  // namespace intercodesql::mysql
