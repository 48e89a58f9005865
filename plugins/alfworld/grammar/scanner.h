// A position in a short text of the grammar.
#pragma once

#include <string>
#include <string_view>

#include "ipr/plugin.hpp"
#include "source_text.h"

namespace alfworld::grammar {

inline bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

inline bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Scanner {
 public:
  Scanner(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  // '\0' at the end.
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  void advance(std::size_t count = 1) { at_ += count; }
  void skip_blanks() {
    while (!at_end() && is_blank(text_[at_])) ++at_;
  }
  bool accept(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string("expected \"") + c + "\"" + found());
  }
  // What follows as long as `wanted(char)`.
  template <typename Wanted>
  std::string_view take_while(Wanted wanted) {
    const std::size_t begin = at_;
    while (!at_end() && wanted(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  // ", found …" for an error.
  [[nodiscard]] std::string found() const { return at_end() ? ", found the end" : ", found " + excerpt(rest()); }
  [[noreturn]] void fail(const std::string& what) const {
    throw ipr::sdk::Failure(IPR_DATA_LOSS,
                            where_ + ": column " + std::to_string(at_ + 1) + " of " + excerpt(text_) + ": " + what);
  }

 private:
  std::string_view text_;
  const std::string& where_;
  std::size_t at_ = 0;
};

}  // namespace alfworld::grammar
