// A compiled regular expression over UTF-8 text (PCRE2, Unicode properties), as tokenizer files carry them.
//
// `\s` and `\S` mean Unicode's White_Space, as in Oniguruma (Hugging Face) and Python; PCRE2 alone would also count
// U+180E. `\w`, `\b` and `\h` (and their capitals), whose characters are not the same in these libraries, are refused.
// Why PCRE2: docs/decisions/0001-pretokenizer-unicode.md. Immutable and safe to use from many threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/status.h"

struct pcre2_real_code_8;

namespace ipr::text {

class Regex {
 public:
  // Code::kData (`where: …`) if the pattern is malformed, not supported, can match an empty text, which would cut
  // nothing, or backtracks without bound on a text of a few hundred characters.
  [[nodiscard]] static Result<Regex> compile(const std::string& pattern, const std::string& where);

  struct Match {
    std::size_t begin;
    std::size_t end;
  };
  // The leftmost match at or after byte `from`; look-behind sees the text before `from`. Precondition: `text` is valid
  // UTF-8 and `from` a character boundary. Throws std::bad_alloc where the search needs more memory than there is, and
  // std::runtime_error where it backtracks out of all proportion to the text.
  [[nodiscard]] std::optional<Match> find(std::string_view text, std::size_t from) const;

 private:
  struct FreeCode {
    void operator()(pcre2_real_code_8* code) const;
  };
  explicit Regex(pcre2_real_code_8* code) : code_(code) {}
  // PCRE2's answer; the match is in this thread's scratch.
  [[nodiscard]] int search(std::string_view text, std::size_t from, std::uint32_t most_steps) const;
  [[nodiscard]] bool ends_soon() const;

  std::unique_ptr<pcre2_real_code_8, FreeCode> code_;
};

}  // namespace ipr::text
