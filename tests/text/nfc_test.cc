#include "core/text/nfc.h"

#include "core/text/nfc_tables.h"
#include "core/text/utf8.h"
#include "tests/support/catch.h"

using namespace ipr::text;

namespace {

std::string of(std::initializer_list<std::uint32_t> points) {
  std::string text;
  for (const std::uint32_t point : points) append_char(point, text);
  return text;
}

}  // namespace

TEST_CASE("letters and marks become one character where there is one", "[text][nfc]") {
  CHECK(to_nfc("e\u0301") == "\u00e9");
  CHECK(to_nfc("q\u0301") == "q\u0301");
  CHECK(to_nfc("A\u030A") == "\u00c5");
  CHECK(to_nfc("\u212B") == "\u00c5");        // the sign stands for the letter
  CHECK(to_nfc("\u0958") == "\u0915\u093c");  // excluded from composition
  CHECK(to_nfc("\u1ea5") == "\u1ea5");        // two steps down and two up
  CHECK(to_nfc("a\u0302\u0301") == "\u1ea5");
  CHECK(to_nfc("plain ASCII\n") == "plain ASCII\n");
  CHECK(to_nfc("").empty());
}

TEST_CASE("marks are put in the order of their classes, and a blocked one stays", "[text][nfc]") {
  CHECK(to_nfc("a\u0301\u0323") == "\u1ea1\u0301");  // the mark below comes first and composes
  CHECK(to_nfc("a\u0323\u0301") == "\u1ea1\u0301");
  CHECK(to_nfc("a\u0304\u0301") == "\u0101\u0301");  // of two marks above the first composes
  CHECK(to_nfc("\u0301a") == "\u0301a");
}

TEST_CASE("Hangul syllables are computed", "[text][nfc]") {
  CHECK(to_nfc("\u1112\u1161\u11ab") == "\ud55c");
  CHECK(to_nfc("\u1112\u1161") == "\ud558");
  CHECK(to_nfc("\ud558\u11ab") == "\ud55c");
  CHECK(to_nfc("\ud55c\u11ab") == "\ud55c\u11ab");  // a closed syllable takes no more
  CHECK(to_nfc("\ud558\u11a7") == "\ud558\u11a7");  // U+11A7 is no consonant
}

TEST_CASE("every character of the tables has one normal form", "[text][nfc]") {
  for (const Decomposition& d : kDecomposition) {
    const std::string parts = d.second == 0 ? of({d.first}) : of({d.first, d.second});
    const std::string whole = of({d.point});
    CHECK(to_nfc(whole) == to_nfc(parts));
    CHECK(to_nfc(to_nfc(whole)) == to_nfc(whole));
    if (d.composes) CHECK(to_nfc(whole) == whole);
  }
}
