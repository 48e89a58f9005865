// Short and with a fixed seed: whatever the text, reading it ends, in bounds, with a tree or an error.
#include <random>
#include <string>
#include <vector>

#include "mysql/lexer.h"
#include "mysql/parser.h"
#include "tests/support/catch.h"
#include "tests/support/fuzz_rounds.h"

using namespace intercodesql;
using namespace intercodesql::mysql;

namespace {

const std::vector<std::string> kPieces = {
    "SELECT", "FROM",   "WHERE",   "GROUP BY", "ORDER BY", "HAVING", "LIMIT",    "JOIN",     "LEFT JOIN", "ON",
    "UNION",  "ALL",    "AND",     "OR",       "NOT",      "IN",     "LIKE",     "IS",       "NULL",      "CASE",
    "WHEN",   "THEN",   "END",     "AS",       "COUNT(",   "MAX(",   "(",        ")",        ",",         ".",
    "*",      "=",      "<",       ">=",       "<=>",      "||",     "+",        "-",        "/",         "%",
    "'a'",    "\"b\"",  "`c`",     "1",        "2.5",      "1e3",    "0x1F",     "@v",       "@@w",       "t",
    "u.v",    "EXISTS", "BETWEEN", "ROW",      "OVER",     "WITH",   "INTERVAL", "DAY",      "INSERT",    "INTO",
    "VALUES", "SHOW",   "DESC",    "TABLES",   "CREATE",   "TABLE",  "INT",      "ALTER",    "ADD",       "DROP",
    "UPDATE", "SET",    "--",      "/*",       "*/",       "/*!",    "#",        "\n",       ";",         "'",
    "\"",     "`",      "\\",      "\xff",     "\u00e9",   "rank",   "left(",    "DISTINCT", "USING",     "EXCEPT",
    "DELETE", "USE",    "BY",      "ASC",      ":=",       "{"};

void check_tokens(const std::string& text) {
  const auto tokens = read_tokens(text);
  std::size_t end = 0;
  for (const Token& token : tokens) {
    REQUIRE(token.begin >= end);
    REQUIRE(token.end >= token.begin);
    REQUIRE(token.end <= text.size());
    end = token.end;
  }
  REQUIRE(tokens.back().kind == TokenKind::kEnd);
}

}  // namespace

TEST_CASE("pieces of SQL in any order are read or refused", "[mysql][fuzz]") {
  std::mt19937 random(20240501);
  std::size_t accepted = 0;
  const std::size_t rounds = ipr::test::fuzz_rounds(20000);
  for (std::size_t round = 0; round < rounds; ++round) {
    std::string text = random() % 2 == 0 ? "SELECT " : "";
    const std::size_t count = 1 + random() % 14;
    for (std::size_t i = 0; i < count; ++i) text += kPieces[random() % kPieces.size()] + (random() % 4 == 0 ? "" : " ");
    CAPTURE(text);
    check_tokens(text);
    accepted += std::holds_alternative<Statement>(parse(text)) ? 1 : 0;
  }
  CHECK(accepted > rounds / 200);
}

TEST_CASE("bytes of any value are read or refused", "[mysql][fuzz]") {
  std::mt19937 random(7);
  for (std::size_t round = 0; round < ipr::test::fuzz_rounds(5000); ++round) {
    std::string text(random() % 60, '\0');
    for (char& c : text) c = static_cast<char>(random());
    CAPTURE(text);
    check_tokens(text);
    static_cast<void>(parse(text));
  }
}
