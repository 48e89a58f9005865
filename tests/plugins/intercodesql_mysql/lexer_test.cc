#include "mysql/lexer.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

using namespace intercodesql::mysql;

namespace {

std::vector<std::string> texts(std::string_view statement) {
  std::vector<std::string> result;
  for (const Token& token : read_tokens(statement)) result.push_back(token.text);
  result.pop_back();  // kEnd
  return result;
}

Token first(std::string_view statement) {
  return read_tokens(statement).front();
}

}  // namespace

TEST_CASE("quotes of either kind make strings and backticks make names", "[mysql][lexer]") {
  CHECK(first("'a'").kind == TokenKind::kString);
  CHECK(first("\"a\"").kind == TokenKind::kString);
  CHECK(first("`a b`").kind == TokenKind::kQuotedName);
  CHECK(first("`a``b`").text == "a`b");
  CHECK(first("'it''s'").text == "it's");
  CHECK(first("\"a\"\"b\"").text == "a\"b");
}

TEST_CASE("escapes of strings are resolved, those of LIKE are kept", "[mysql][lexer]") {
  CHECK(first(R"('a\nb\t\\\'')").text == "a\nb\t\\'");
  CHECK(first(R"('50\%\_')").text == R"(50\%\_)");
  CHECK(first(R"('\q')").text == "q");
  CHECK(first("'\\0'").text == std::string(1, '\0'));
}

TEST_CASE("what has no end is a bad token up to the end of the statement", "[mysql][lexer]") {
  for (const std::string_view text : {"'abc", "\"abc", "`abc", "/* abc", "/*! abc", "x'4", "@@"}) {
    CAPTURE(text);
    CHECK(read_tokens(text).rbegin()[1].kind == TokenKind::kBad);
  }
  CHECK(first("\xFF").kind == TokenKind::kBad);
  CHECK(first("\xC3").kind == TokenKind::kBad);
}

TEST_CASE("comments are blanks, conditional ones are text", "[mysql][lexer]") {
  CHECK(texts("a -- b\n c # d\n /* e */ f") == std::vector<std::string>{"a", "c", "f"});
  CHECK(texts("a /*!40101 b */ c") == std::vector<std::string>{"a", "b", "c"});
  CHECK(texts("a--b") == std::vector<std::string>{"a", "-", "-", "b"});
  CHECK(texts("5--").size() == 1);
}

TEST_CASE("a word beside a dot is a name even if it is reserved", "[mysql][lexer]") {
  const auto tokens = read_tokens("t.rank, order.x, rank");
  CHECK_FALSE(tokens[2].word.is_keyword());
  CHECK_FALSE(tokens[4].word.is_keyword());
  CHECK(tokens[8].word == Word("RANK"));
}

TEST_CASE("COUNT is a keyword only with the parenthesis at once behind it", "[mysql][lexer]") {
  CHECK(first("COUNT(*)").word == Word("COUNT"));
  CHECK_FALSE(first("COUNT (*)").word.is_keyword());
  CHECK_FALSE(first("count").word.is_keyword());
}

TEST_CASE("numbers, and names that begin like numbers", "[mysql][lexer]") {
  CHECK(first("12").kind == TokenKind::kInteger);
  CHECK(first("1.50").kind == TokenKind::kDecimal);
  CHECK(first(".5").kind == TokenKind::kDecimal);
  CHECK(first("1e-5").kind == TokenKind::kFloat);
  CHECK(first("2nd").kind == TokenKind::kName);
  CHECK(first("1e").kind == TokenKind::kName);
  CHECK(first("0x4D79").text == "My");
  CHECK(first("x'4D79'").text == "My");
  CHECK(first("0b1").text == "\x01");
  CHECK(texts("t.1a") == std::vector<std::string>{"t", ".", "1a"});
}

TEST_CASE("tokens say where they stand", "[mysql][lexer]") {
  const auto tokens = read_tokens("a <=> 'b'");
  CHECK(tokens[1].begin == 2);
  CHECK(tokens[1].end == 5);
  CHECK(tokens[2].begin == 6);
  CHECK(tokens[3].begin == 9);
}

TEST_CASE("the server strips blanks and semicolons", "[mysql][lexer]") {
  CHECK(trimmed_statement(" \n SELECT 1 ; ;\t") == "SELECT 1");
  CHECK(trimmed_statement(" ; ").empty());
}
