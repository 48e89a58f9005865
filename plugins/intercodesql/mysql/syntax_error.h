// MySQL's refusals, as the client prints them behind "Error executing query: ".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace intercodesql {

struct MysqlError {
  int number = 0;  // ER_…: 1064 for a syntax error
  std::string text;
};

namespace mysql {

// 1064 at byte `begin` of the (trimmed) statement: up to 80 characters of what follows and the line they begin on.
[[nodiscard]] MysqlError syntax_error(std::string_view statement, std::size_t begin);

// What MySQL says when a statement nests too deeply for its parser. 1064.
[[nodiscard]] MysqlError nesting_error(std::string_view statement, std::size_t begin);

}  // namespace mysql
}  // namespace intercodesql
