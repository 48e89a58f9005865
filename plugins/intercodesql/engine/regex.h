// Regular expressions as MySQL 8 has them: ICU's, with MySQL's limits and error texts.
//
// A search takes no more than MySQL's default limits (regexp_time_limit 32, regexp_stack_limit 8,000,000), which ICU
// counts in steps of its matcher and in bytes, not in seconds: the same search ends the same way everywhere.
// A Regex belongs to one thread at a time.
#pragma once

#include <unicode/uregex.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/statement_context.h"

namespace intercodesql {

class Regex {
 public:
  // `flags`: UREGEX_*. MySQL's error for a pattern that is none.
  static std::variant<Regex, RuntimeError> compile(std::string_view pattern, std::uint32_t flags);

  // Byte positions of the whole match (0, 1) and of group i (2i, 2i + 1); npos for a group without part in it.
  using Match = std::vector<std::size_t>;
  // The leftmost match from byte `from` on; an error where a limit ends the search. Adds to `work` the bytes searched
  // and the matcher's steps, to 10,000 of them.
  [[nodiscard]] std::variant<std::optional<Match>, RuntimeError> search(std::string_view text, std::size_t from,
                                                                        std::size_t& work) const;

 private:
  struct Close {
    void operator()(URegularExpression* regex) const { uregex_close(regex); }
  };
  explicit Regex(std::unique_ptr<URegularExpression, Close> regex) : regex_(std::move(regex)) {}

  std::unique_ptr<URegularExpression, Close> regex_;
};

// The flags of MySQL's match_type (letters c, i, m, n, u) on top of `flags`; nothing if there is another letter in it.
[[nodiscard]] std::optional<std::uint32_t> match_type_flags(std::string_view letters, std::uint32_t flags);

}  // namespace intercodesql
