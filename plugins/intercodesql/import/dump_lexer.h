// Words, names, texts and numbers of a mysqldump text, with their lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace intercodesql {

struct DumpToken {
  enum class Kind { kWord, kName, kText, kNumber, kBytes, kSymbol, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;  // kName, kText: without quotes and escapes; kBytes: of 0x… or x'…', decoded
  std::size_t line = 0;
};

class DumpLexer {
 public:
  // Both must outlive the lexer. `source` names the text in messages.
  DumpLexer(std::string_view text, const std::string& source) : text_(text), source_(source) { advance(); }

  [[nodiscard]] const DumpToken& token() const { return token_; }
  // Moves to the next token and returns the one left behind. Throws as `fail` does at an unclosed quote or comment.
  DumpToken take();
  // Is the token this word (in any case) or symbol? `take_if` takes it then.
  [[nodiscard]] bool at(std::string_view word_or_symbol) const;
  bool take_if(std::string_view word_or_symbol);
  // Takes that word or symbol, or fails.
  void expect(std::string_view word_or_symbol);
  // A quoted name or a plain word.
  std::string expect_name(std::string_view what);
  // Passes over everything up to the end of the statement, its `;` included.
  void skip_statement();

  // Throws ipr::sdk::Failure (IPR_DATA_LOSS): `source:line: expected <what>, found <the token>`.
  [[noreturn]] void fail(std::string_view expected) const;
  [[noreturn]] void fail_at(std::size_t line, std::string_view message) const;

 private:
  void advance();
  void skip_blanks_and_comments();
  void read_quoted(char quote);
  void read_number();
  void read_word();

  std::string_view text_;
  const std::string& source_;
  std::size_t pos_ = 0, line_ = 1;
  DumpToken token_;
};

}  // namespace intercodesql
