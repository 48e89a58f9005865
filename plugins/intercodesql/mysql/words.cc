#include "mysql/words.h"

#include <algorithm>
#include <iterator>

namespace intercodesql::mysql {

static_assert(std::is_sorted(std::begin(kWords), std::end(kWords),
                             [](const WordEntry& a, const WordEntry& b) { return a.text < b.text; }));

Word Word::find(std::string_view upper) {
  Word word;
  word.index_ = position(upper);
  return word;
}

}  // namespace intercodesql::mysql
