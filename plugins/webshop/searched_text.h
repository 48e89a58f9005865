// Texts that are asked again and again whether they hold some words, and mostly do not.
//
// A product's title, bullets and description are searched for the attributes of every goal whose results page shows it.
// Which three-byte sequences they hold is known from the start, so that most questions end after a few look-ups.
// Immutable, half a kilobyte beside the texts. The texts must be UTF-8.
#pragma once

#include <bitset>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace webshop {

class SearchedText {
 public:
  SearchedText() = default;
  SearchedText(std::initializer_list<std::string_view> texts);

  // Is `part` a substring of one of the texts? The empty text is; a `part` that is no UTF-8 has no meaning here.
  [[nodiscard]] bool contains(std::string_view part) const;

 private:
  static constexpr std::size_t kMarks = 4096;
  std::string all_;              // the texts, with a byte between that no UTF-8 holds
  std::bitset<kMarks> triples_;  // hashes of all three-byte sequences
};

}  // namespace webshop
