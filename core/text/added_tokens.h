// Added tokens: texts that are one token wherever they stand, found before anything else is cut.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ipr::text {

struct AddedToken {
  std::string content;  // not empty
  std::int32_t id = 0;
  bool special = false;     // a control token: left out of decoded text
  bool normalized = false;  // Hugging Face looks for these in a second pass, between the tokens of the first
};

// Finds a set of added tokens in text. Immutable and safe to use from many threads at once.
class AddedTokenFinder {
 public:
  AddedTokenFinder() = default;  // finds nothing
  explicit AddedTokenFinder(std::vector<AddedToken> tokens);

  struct Match {
    std::size_t begin;
    std::size_t length;
    std::int32_t id;
  };
  // The leftmost token at or after byte `from`, the longest of those that begin there.
  [[nodiscard]] std::optional<Match> find(std::string_view text, std::size_t from) const;
  // The length in bytes of the longest token that begins at byte `at`; 0: none does.
  [[nodiscard]] std::size_t length_at(std::string_view text, std::size_t at) const;
  [[nodiscard]] bool empty() const { return tokens_.empty(); }

 private:
  [[nodiscard]] const AddedToken* longest_at(std::string_view text, std::size_t at) const;

  std::vector<AddedToken> tokens_;
  std::array<std::vector<std::uint32_t>, 256> by_first_byte_;  // indexes into tokens_, longest first
};

}  // namespace ipr::text
