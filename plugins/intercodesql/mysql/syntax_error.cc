#include "mysql/syntax_error.h"

#include <algorithm>

namespace intercodesql::mysql {
namespace {

// " near '…' at line N"
std::string place(std::string_view statement, std::size_t begin) {
  constexpr std::size_t kMost = 80;
  begin = std::min(begin, statement.size());
  std::string_view rest = statement.substr(begin);
  if (rest.size() > kMost) {
    std::size_t end = kMost;
    while (end > 0 && (static_cast<unsigned char>(rest[end]) & 0xC0) == 0x80) --end;  // no half characters
    rest = rest.substr(0, end);
  }
  const auto line = 1 + std::count(statement.begin(), statement.begin() + static_cast<std::ptrdiff_t>(begin), '\n');
  return " near '" + std::string(rest) + "' at line " + std::to_string(line);
}

}  // namespace

MysqlError syntax_error(std::string_view statement, std::size_t begin) {
  return {1064,
          "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for "
          "the right syntax to use" +
              place(statement, begin)};
}

MysqlError nesting_error(std::string_view statement, std::size_t begin) {
  return {1064, "memory exhausted" + place(statement, begin)};
}

}  // namespace intercodesql::mysql
