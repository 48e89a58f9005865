#include "mysql/grammar.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "mysql/parser.h"

namespace intercodesql::mysql {

std::variant<Statement, MysqlError> parse(std::string_view text) {
  try {
    return Grammar(trimmed_statement(text)).read_statement();
  } catch (MysqlError& error) {
    return std::move(error);
  }
}

Statement Grammar::read_statement() {
  Statement statement;
  statement.command = command();
  statement.expressions = expressions_;
  if (at_end()) return statement;
  if (!at_sign(";")) fail();
  while (accept_sign(";")) continue;
  statement.is_followed = !at_end();
  statement.rest = token().begin;
  return statement;
}

bool Grammar::at_name(std::size_t ahead) const {
  const Token& here = token(ahead);
  if (here.kind == TokenKind::kQuotedName) return true;
  return here.kind == TokenKind::kName && (!here.word.is_keyword() || here.word.word_class() == WordClass::kFree);
}

bool Grammar::accept(Word word) {
  if (!at(word)) return false;
  ++next_;
  return true;
}

bool Grammar::accept_sign(std::string_view sign) {
  if (!at_sign(sign)) return false;
  ++next_;
  return true;
}

void Grammar::expect(Word word) {
  if (!accept(word)) fail();
}

void Grammar::expect_sign(std::string_view sign) {
  if (!accept_sign(sign)) fail();
}

std::string Grammar::name() {
  if (!at_name()) fail();
  return tokens_[next_++].text;
}

std::string Grammar::string_text() {
  if (token().kind != TokenKind::kString) fail();
  std::string text;
  while (token().kind == TokenKind::kString) text += tokens_[next_++].text;
  return text;
}

std::uint64_t Grammar::unsigned_number() {
  if (token().kind != TokenKind::kInteger) fail();
  const std::string& digits = tokens_[next_++].text;
  std::uint64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return result.ec == std::errc() ? value : std::numeric_limits<std::uint64_t>::max();
}

void Grammar::fail() const {
  throw syntax_error(text_, token().begin);
}

void Grammar::fail_too_deep() const {
  throw nesting_error(text_, token().begin);
}

std::size_t Grammar::after_match(std::size_t ahead) const {
  std::size_t open = 0;
  for (; token(ahead).kind != TokenKind::kEnd; ++ahead) {
    if (at_sign("(", ahead)) ++open;
    if (at_sign(")", ahead) && --open == 0) return ahead + 1;
  }
  return ahead;
}

TableName Grammar::table_name() {
  TableName table;
  table.name = name();
  if (accept_sign(".")) table.database = std::exchange(table.name, name());
  return table;
}

std::vector<std::string> Grammar::name_list() {
  std::vector<std::string> names;
  do {
    names.push_back(name());
  } while (accept_sign(","));
  return names;
}

}  // namespace intercodesql::mysql
