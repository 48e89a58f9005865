#include "import/dump_lexer.h"

#include <algorithm>
#include <cctype>

#include "engine/catalog.h"
#include "engine/text.h"
#include "ipr/plugin.hpp"

namespace intercodesql {
namespace {

using Kind = DumpToken::Kind;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '@' || c < 0;
}

char unescaped(char c) {
  switch (c) {
    case '0':
      return '\0';
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'Z':
      return '\x1A';
    default:
      return c;
  }
}

// The bytes of hexadecimal digits; empty where one is none.
std::string from_hex(std::string_view digits) {
  std::string bytes;
  std::string padded(digits.size() % 2 == 1 ? "0" : "");
  padded += digits;
  for (std::size_t i = 0; i < padded.size(); i += 2) {
    if (std::isxdigit(static_cast<unsigned char>(padded[i])) == 0 ||
        std::isxdigit(static_cast<unsigned char>(padded[i + 1])) == 0) {
      return {};
    }
    bytes += static_cast<char>(std::stoi(padded.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

void DumpLexer::fail_at(std::size_t line, std::string_view message) const {
  throw ipr::sdk::Failure(IPR_DATA_LOSS, source_ + ":" + std::to_string(line) + ": " + std::string(message));
}

void DumpLexer::fail(std::string_view expected) const {
  constexpr std::size_t kShown = 40;
  std::string found = token_.text.size() > kShown ? token_.text.substr(0, kShown) + "..." : token_.text;
  found = token_.kind == Kind::kEnd ? "the end of the file" : concat("\"", found, "\"");
  fail_at(token_.line, "expected " + std::string(expected) + ", found " + found);
}

DumpToken DumpLexer::take() {
  DumpToken taken = std::move(token_);
  advance();
  return taken;
}

bool DumpLexer::at(std::string_view wanted) const {
  return (token_.kind == Kind::kWord || token_.kind == Kind::kSymbol) && equal_ignoring_case(token_.text, wanted);
}

bool DumpLexer::take_if(std::string_view wanted) {
  if (!at(wanted)) return false;
  advance();
  return true;
}

void DumpLexer::expect(std::string_view wanted) {
  if (!take_if(wanted)) fail(concat("\"", wanted, "\""));
}

std::string DumpLexer::expect_name(std::string_view what) {
  if (token_.kind != Kind::kName && token_.kind != Kind::kWord) fail(what);
  return take().text;
}

void DumpLexer::skip_statement() {
  while (token_.kind != Kind::kEnd && !at(";")) advance();
  take_if(";");
}

void DumpLexer::advance() {
  skip_blanks_and_comments();
  token_ = {};
  token_.line = line_;
  if (pos_ >= text_.size()) return;
  const char c = text_[pos_];
  const char next = pos_ + 1 < text_.size() ? text_[pos_ + 1] : '\0';
  if (c == '`' || c == '\'' || c == '"') {
    read_quoted(c);
  } else if (is_digit(c) || ((c == '-' || c == '+' || c == '.') && (is_digit(next) || next == '.'))) {
    read_number();
  } else if (is_word(c)) {
    read_word();
  } else {
    token_.kind = Kind::kSymbol;
    token_.text = c;
    ++pos_;
  }
}

void DumpLexer::skip_blanks_and_comments() {
  while (pos_ < text_.size()) {
    const std::string_view rest = text_.substr(pos_);
    if (std::isspace(static_cast<unsigned char>(rest[0])) != 0) {
      if (rest[0] == '\n') ++line_;
      ++pos_;
    } else if (rest[0] == '#' || (rest.starts_with("--") &&
                                  (rest.size() == 2 || std::isspace(static_cast<unsigned char>(rest[2])) != 0))) {
      pos_ = std::min(text_.find('\n', pos_), text_.size());
    } else if (rest.starts_with("/*")) {
      const std::size_t end = text_.find("*/", pos_ + 2);
      if (end == std::string_view::npos) fail_at(line_, "expected \"*/\" behind the comment that begins here");
      line_ += static_cast<std::size_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(pos_),
                                                   text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
      pos_ = end + 2;
    } else {
      return;
    }
  }
}

void DumpLexer::read_quoted(char quote) {
  token_.kind = quote == '`' ? Kind::kName : Kind::kText;
  ++pos_;
  while (pos_ < text_.size()) {
    const char c = text_[pos_++];
    if (c == '\n') ++line_;
    if (c == quote) {
      if (pos_ >= text_.size() || text_[pos_] != quote) return;
      token_.text += quote;
      ++pos_;
    } else if (c == '\\' && quote != '`' && pos_ < text_.size()) {
      token_.text += unescaped(text_[pos_++]);
    } else {
      token_.text += c;
    }
  }
  fail_at(token_.line, std::string("expected a closing ") + quote + " behind the text that begins here");
}

void DumpLexer::read_number() {
  const std::size_t begin = pos_;
  if (text_.substr(pos_, 2) == "0x") {
    pos_ += 2;
    while (pos_ < text_.size() && std::isxdigit(static_cast<unsigned char>(text_[pos_])) != 0) ++pos_;
    token_.kind = Kind::kBytes;
    token_.text = from_hex(text_.substr(begin + 2, pos_ - begin - 2));
    return;
  }
  ++pos_;
  while (pos_ < text_.size()) {
    const char c = text_[pos_];
    const char before = text_[pos_ - 1];
    const bool sign_of_exponent = (c == '-' || c == '+') && (before == 'e' || before == 'E');
    if (!is_word(c) && c != '.' && !sign_of_exponent) break;
    ++pos_;
  }
  token_.kind = Kind::kNumber;
  token_.text = text_.substr(begin, pos_ - begin);
}

void DumpLexer::read_word() {
  const std::size_t begin = pos_;
  while (pos_ < text_.size() && is_word(text_[pos_])) ++pos_;
  token_.kind = Kind::kWord;
  token_.text = text_.substr(begin, pos_ - begin);
  // A character set before a text changes nothing here: the dump is UTF-8.
  if ((token_.text == "_binary" || token_.text == "_utf8mb4") && pos_ < text_.size()) {
    advance();
  } else if ((token_.text == "x" || token_.text == "X") && pos_ < text_.size() && text_[pos_] == '\'') {
    read_quoted('\'');
    token_.kind = Kind::kBytes;
    token_.text = from_hex(token_.text.substr(1));
  }
}

}  // namespace intercodesql
