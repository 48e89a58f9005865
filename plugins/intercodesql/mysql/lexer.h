// The words, names, literals and signs of a MySQL statement.
//
// Reads what MySQL 8 reads under its default sql_mode and utf8mb4: double quotes are strings, backticks quote names,
// comments of all four kinds (`/*! … */` is not one: its text counts), a word beside a dot is a name even if reserved.
// Never fails: what MySQL would not read becomes a kBad token, an error only where the parser meets it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/words.h"

namespace intercodesql::mysql {

enum class TokenKind : std::uint8_t {
  kEnd,
  kBad,             // unterminated string, name or comment; a byte that is not UTF-8
  kName,            // unquoted; `word` is set if it is a keyword too
  kQuotedName,      // text: without the backticks
  kString,          // text: with the escapes resolved
  kInteger,         // text: digits
  kDecimal,         // 1.5
  kFloat,           // 1e5
  kBytes,           // x'4D', 0x4D, b'01', 0b01; text: the bytes
  kVariable,        // @name; text: the name
  kSystemVariable,  // @@name or @@scope.name; text: after @@
  kSign,            // text: one of the operators, or any other single character
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Word word;              // of an unquoted name that is a keyword here
  std::size_t begin = 0;  // bytes into the statement
  std::size_t end = 0;
  std::string text;  // kName: as typed
};

// The last token is kEnd. `statement` has no limit of its own; time and memory are linear in it.
[[nodiscard]] std::vector<Token> read_tokens(std::string_view statement);

// The statement as the server sees it: without blanks in front, and without blanks and semicolons behind.
[[nodiscard]] std::string_view trimmed_statement(std::string_view statement);

}  // namespace intercodesql::mysql
