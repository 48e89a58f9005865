// Distinct texts, made for one question: how many do two such sets share?
//
// The nouns of two titles and the parts of two categories are compared for every (goal, product) pair that a results
// page shows. Hashes decide, and texts confirm where hashes agree, so the count is exact.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <vector>

namespace webshop {

class TextSet {
 public:
  TextSet() = default;
  explicit TextSet(std::vector<std::string> texts);  // repeats count once

  friend std::size_t count_common(const TextSet& a, const TextSet& b);

 private:
  struct Entry {
    std::size_t hash;
    std::string text;
    auto operator<=>(const Entry&) const = default;
  };
  std::vector<Entry> entries_;  // ascending
};

[[nodiscard]] std::size_t count_common(const TextSet& a, const TextSet& b);

}  // namespace webshop
