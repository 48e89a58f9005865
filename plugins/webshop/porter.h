// The Porter stemmer: M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980.
//
// With the author's two later changes, as the search index was built: bli -> ble (not abli -> able) and logi -> log.
#pragma once

#include <string>

namespace webshop {

// Replaces a lower-case UTF-8 word by its stem. Words of one or two characters stay; characters other than a-z count as
// consonants.
void porter_stem(std::string& word);

}  // namespace webshop
