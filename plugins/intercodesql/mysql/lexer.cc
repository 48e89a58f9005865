#include "mysql/lexer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace intercodesql::mysql {
namespace {

constexpr std::array<std::string_view, 12> kLongSigns = {
    "<=>", "->>", "<>", "!=", "<=", ">=", "<<", ">>", "&&", "||", ":=", "->"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_name_byte(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

std::optional<int> hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// Digits of base 16 or 2, an odd count padded in front as MySQL does; absent if another character is among them.
std::optional<std::string> bytes_of_digits(std::string_view digits, int base) {
  const std::size_t per_byte = base == 16 ? 2 : 8;
  std::string bytes((digits.size() + per_byte - 1) / per_byte, '\0');
  const std::size_t missing = bytes.size() * per_byte - digits.size();
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto value = hex_value(digits[i]);
    if (!value || *value >= base) return std::nullopt;
    char& byte = bytes[(i + missing) / per_byte];
    byte = static_cast<char>(static_cast<unsigned char>(byte) * base + *value);
  }
  return bytes;
}

// Length of the UTF-8 character at `pos`, 0 if it is none.
std::size_t character_length(std::string_view text, std::size_t pos) {
  const auto lead = static_cast<unsigned char>(text[pos]);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || pos + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[pos + i]) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// What a backslash before `c` stands for. `\%` and `\_` keep the backslash: LIKE resolves them.
std::string_view escaped(const char& c) {
  switch (c) {
    case '0':
      return {"\0", 1};
    case 'b':
      return "\b";
    case 'n':
      return "\n";
    case 'r':
      return "\r";
    case 't':
      return "\t";
    case 'Z':
      return "\x1a";
    default:
      return {&c, 1};
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> read_all() {
    do {
      read_one();
    } while (tokens_.back().kind != TokenKind::kEnd);
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char at(std::size_t pos) const { return pos < text_.size() ? text_[pos] : '\0'; }

  void push(TokenKind kind, std::size_t begin, std::string text, Word word = {}) {
    tokens_.push_back({kind, word, begin, pos_, std::move(text)});
  }

  // MySQL gives up where it cannot read on: nothing after the token counts.
  void push_bad(std::size_t begin) {
    pos_ = text_.size();
    in_conditional_ = false;
    push(TokenKind::kBad, begin, std::string(text_.substr(begin)));
  }

  // False for a comment without an end.
  bool skip_blanks_and_comments() {
    while (pos_ < text_.size()) {
      const char c = text_[pos_];
      const bool line_comment =
          c == '#' || (c == '-' && at(pos_ + 1) == '-' &&
                       (pos_ + 2 >= text_.size() || static_cast<unsigned char>(at(pos_ + 2)) <= ' '));
      if (is_blank(c)) {
        ++pos_;
      } else if (line_comment) {
        pos_ = std::min(text_.find('\n', pos_), text_.size());
      } else if (c == '*' && at(pos_ + 1) == '/' && in_conditional_) {
        in_conditional_ = false;
        pos_ += 2;
      } else if (c != '/' || at(pos_ + 1) != '*') {
        return true;
      } else if (at(pos_ + 2) == '!' && !in_conditional_) {
        enter_conditional();
      } else {
        const std::size_t end = text_.find("*/", pos_ + 2);
        if (end == std::string_view::npos) return false;
        pos_ = end + 2;
      }
    }
    return !in_conditional_;
  }

  // `/*!80000 … */`: this server is newer than any version written there.
  void enter_conditional() {
    in_conditional_ = true;
    pos_ += 3;
    std::size_t digits = 0;
    while (is_digit(at(pos_ + digits)) && digits < 6) ++digits;
    if (digits >= 5) pos_ += digits;
  }

  void read_one() {
    if (!skip_blanks_and_comments()) return push_bad(std::min(pos_, text_.size()));
    const std::size_t begin = pos_;
    if (pos_ >= text_.size()) return push(TokenKind::kEnd, begin, {});
    const char c = text_[pos_];
    if (c == '\'' || c == '"') return read_string(begin);
    if (c == '`') return read_quoted_name(begin);
    if (c == '@') return read_variable(begin);
    if (at(pos_ + 1) == '\'' && read_prefixed_string(begin)) return;
    if (is_digit(c) || (c == '.' && is_digit(at(pos_ + 1)) && !after_name())) return read_number(begin);
    if (is_name_byte(c)) return read_name(begin);
    if (c == '\\' && at(pos_ + 1) == 'N') {
      pos_ += 2;
      return push(TokenKind::kName, begin, "NULL", Word("NULL"));
    }
    read_sign(begin);
  }

  // A dot that touches the name before it leads to another name, even one of digits.
  [[nodiscard]] bool after_name() const {
    if (tokens_.empty() || tokens_.back().end != pos_) return false;
    return tokens_.back().kind == TokenKind::kName || tokens_.back().kind == TokenKind::kQuotedName;
  }
  [[nodiscard]] bool after_dot(std::size_t begin) const {
    return tokens_.size() >= 2 && tokens_.back().end == begin && tokens_.back().kind == TokenKind::kSign &&
           tokens_.back().text == ".";
  }

  void read_string(std::size_t begin) {
    const char quote = text_[pos_++];
    std::string value;
    while (pos_ < text_.size()) {
      const char c = text_[pos_];
      if (c == quote && at(pos_ + 1) != quote) {
        ++pos_;
        return push(TokenKind::kString, begin, std::move(value));
      }
      if (c == quote) {
        value += quote;
        pos_ += 2;
      } else if (c == '\\' && pos_ + 1 < text_.size()) {
        const char& next = text_[pos_ + 1];
        if (next == '%' || next == '_') value += '\\';
        value += escaped(next);
        pos_ += 2;
      } else {
        value += c;
        ++pos_;
      }
    }
    push_bad(begin);
  }

  void read_quoted_name(std::size_t begin) {
    ++pos_;
    std::string name;
    while (pos_ < text_.size()) {
      const char c = text_[pos_];
      if (c == '`' && at(pos_ + 1) != '`') {
        ++pos_;
        return push(TokenKind::kQuotedName, begin, std::move(name));
      }
      name += c;
      pos_ += c == '`' ? 2 : 1;
    }
    push_bad(begin);
  }

  void read_variable(std::size_t begin) {
    const bool system = at(pos_ + 1) == '@';
    pos_ += system ? 2 : 1;
    const char quote = at(pos_);
    if (!system && (quote == '\'' || quote == '"' || quote == '`')) {
      quote == '`' ? read_quoted_name(begin) : read_string(begin);
      Token& name = tokens_.back();
      if (name.kind != TokenKind::kBad) name.kind = TokenKind::kVariable;
      return;
    }
    const std::size_t start = pos_;
    while (is_name_byte(at(pos_)) || at(pos_) == '.') ++pos_;
    if (system && pos_ == start) return push_bad(begin);
    push(system ? TokenKind::kSystemVariable : TokenKind::kVariable, begin,
         std::string(text_.substr(start, pos_ - start)));
  }

  // x'4D', b'01', n'text'. False if the letter is a name of its own.
  bool read_prefixed_string(std::size_t begin) {
    const char letter = static_cast<char>(text_[pos_] | 0x20);
    if (letter == 'n') {
      ++pos_;
      read_string(begin);
      return true;
    }
    if (letter != 'x' && letter != 'b') return false;
    const std::size_t end = text_.find('\'', pos_ + 2);
    const auto digits = text_.substr(pos_ + 2, end - pos_ - 2);
    const auto bytes = bytes_of_digits(digits, letter == 'x' ? 16 : 2);
    if (end == std::string_view::npos || !bytes || (letter == 'x' && digits.size() % 2 != 0)) {
      push_bad(begin);
      return true;
    }
    pos_ = end + 1;
    push(TokenKind::kBytes, begin, *bytes);
    return true;
  }

  // A name may begin with digits, so a number ends only before a byte no name has.
  void read_number(std::size_t begin) {
    if (text_[pos_] == '0' && (at(pos_ + 1) == 'x' || at(pos_ + 1) == 'b')) {
      std::size_t end = pos_ + 2;
      while (is_name_byte(at(end))) ++end;
      const auto bytes = bytes_of_digits(text_.substr(pos_ + 2, end - pos_ - 2), at(pos_ + 1) == 'x' ? 16 : 2);
      if (bytes && end > pos_ + 2) {
        pos_ = end;
        return push(TokenKind::kBytes, begin, *bytes);
      }
    }
    if (after_dot(begin)) return read_name(begin);
    while (is_digit(at(pos_))) ++pos_;
    TokenKind kind = TokenKind::kInteger;
    if (at(pos_) == '.') {
      kind = TokenKind::kDecimal;
      ++pos_;
      while (is_digit(at(pos_))) ++pos_;
    }
    if (at(pos_) == 'e' || at(pos_) == 'E') {
      const std::size_t sign = at(pos_ + 1) == '+' || at(pos_ + 1) == '-' ? 1 : 0;
      if (is_digit(at(pos_ + 1 + sign))) {
        kind = TokenKind::kFloat;
        pos_ += 1 + sign;
        while (is_digit(at(pos_))) ++pos_;
      }
    }
    if (kind != TokenKind::kDecimal && is_name_byte(at(pos_)) && text_[begin] != '.') {
      pos_ = begin;
      return read_name(begin);
    }
    push(kind, begin, std::string(text_.substr(begin, pos_ - begin)));
  }

  void read_name(std::size_t begin) {
    while (pos_ < text_.size() && is_name_byte(text_[pos_])) {
      const std::size_t length = character_length(text_, pos_);
      if (length == 0) break;
      pos_ += length;
    }
    if (pos_ == begin) return push_bad(begin);
    const std::string_view name = text_.substr(begin, pos_ - begin);
    const bool before_dot = at(pos_) == '.' && is_name_byte(at(pos_ + 1));
    push(TokenKind::kName, begin, std::string(name), after_dot(begin) || before_dot ? Word{} : keyword(name));
  }

  [[nodiscard]] Word keyword(std::string_view name) const {
    constexpr std::size_t kLongest = 40;
    if (name.size() > kLongest) return {};
    std::array<char, kLongest> upper{};
    std::transform(name.begin(), name.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; });
    const Word word = Word::find({upper.data(), name.size()});
    const bool called = at(pos_) == '(';
    return word.is_keyword() && word.word_class() == WordClass::kFunction && !called ? Word{} : word;
  }

  void read_sign(std::size_t begin) {
    for (const std::string_view sign : kLongSigns) {
      if (!text_.substr(pos_).starts_with(sign)) continue;
      pos_ += sign.size();
      return push(TokenKind::kSign, begin, std::string(sign));
    }
    ++pos_;
    push(TokenKind::kSign, begin, std::string(1, text_[begin]));
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  bool in_conditional_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> read_tokens(std::string_view statement) {
  return Lexer(statement).read_all();
}

std::string_view trimmed_statement(std::string_view statement) {
  while (!statement.empty() && is_blank(statement.front())) statement.remove_prefix(1);
  while (!statement.empty() && (is_blank(statement.back()) || statement.back() == ';')) statement.remove_suffix(1);
  return statement;
}

}  // namespace intercodesql::mysql
