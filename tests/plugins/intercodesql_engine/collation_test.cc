#include "engine/collation.h"

#include "engine/text.h"
#include "tests/support/catch.h"

namespace intercodesql {
namespace {

bool like_ci(std::string_view text, std::string_view pattern, char32_t escape = '\\') {
  std::size_t work = 0;
  return like(text, pattern, escape, false, 100000, work).value();
}

TEST_CASE("case, accents and blanks at the end do not matter to a comparison", "[intercodesql]") {
  CHECK(compare_general_ci("Alton ", "alton") == 0);
  CHECK(compare_general_ci("\xC3\x89t\xC3\xA9", "ETE") == 0);  // Été
  CHECK(compare_general_ci("stra\xC3\x9F"
                           "e",
                           "strase") == 0);
  CHECK(compare_general_ci(" Alton", "Alton") != 0);
  CHECK(compare_general_ci("a\t", "a") < 0);  // a tab is below the blank that pads
  CHECK(compare_general_ci("a", "B") < 0);
  CHECK(compare_general_ci("_", "a") > 0);  // letters weigh as upper case
  CHECK(compare_general_ci("", "  ") == 0);
  CHECK(compare_general_ci("\xC3\x98", "O") > 0);  // Ø is a letter of its own
}

TEST_CASE("keys are equal for exactly the texts that compare as equal", "[intercodesql]") {
  const char* texts[] = {"Alton ", "alton", "ALTON", "Alto", "", "  ", "\xC3\xA9", "E", "e\t", "\xF0\x9F\x98\x80"};
  for (const char* a : texts) {
    for (const char* b : texts) {
      CAPTURE(a, b);
      CHECK((compare_general_ci(a, b) == 0) == (general_ci_key(a) == general_ci_key(b)));
      CHECK((compare_general_ci(a, b) < 0) == (compare_general_ci(b, a) > 0));
    }
  }
}

TEST_CASE("LIKE ignores case and accents but counts blanks at the end", "[intercodesql]") {
  CHECK(like_ci("Alton ", "a%n_"));
  CHECK_FALSE(like_ci("Alton ", "alton"));
  CHECK(like_ci("caf\xC3\xA9", "CAFE"));
  CHECK(like_ci("", "%"));
  CHECK_FALSE(like_ci("", "_"));
  CHECK(like_ci("50%", "50\\%"));
  CHECK_FALSE(like_ci("505", "50\\%"));
  CHECK(like_ci("50%", "50|%", '|'));
  CHECK(like_ci("abcabd", "%ab_"));
  CHECK(like_ci("\xE2\x82\xAC", "_"));
  std::size_t work = 0;
  CHECK_FALSE(*like("A", "a", 0, true, 1000, work));
}

TEST_CASE("a hostile LIKE pattern stops at its limit", "[intercodesql]") {
  std::size_t work = 0;
  CHECK_FALSE(like(std::string(10000, 'a'), "%" + std::string(5000, 'a') + "b", 0, false, 100000, work).has_value());
}

TEST_CASE("a part is found without regard to case and accents", "[intercodesql]") {
  const auto found = find_general_ci("xx\xC3\x89t\xC3\xA9", "ete", 0);
  REQUIRE(found);
  CHECK(found->begin == 2);
  CHECK(found->end == 7);
  CHECK_FALSE(find_general_ci("abc", "d", 0));
  CHECK(find_general_ci("abc", "", 3));
}

TEST_CASE("letter case follows Unicode one to one", "[intercodesql]") {
  CHECK(upper_text("stra\xC3\x9F"
                   "e \xC3\xA9") ==
        "STRA\xC3\x9F"
        "E \xC3\x89");
  CHECK(lower_text("\xC3\x89T\xC3\x89 \xD0\x96") == "\xC3\xA9t\xC3\xA9 \xD0\xB6");
  CHECK(count_characters("a\xE2\x82\xAC\xFF") == 3);
  CHECK(byte_of_character("a\xE2\x82\xAC"
                          "b",
                          2) == 4);
  CHECK_FALSE(is_utf8("a\xFF"));
  CHECK(is_utf8("\xEF\xBF\xBD"));
}

}  // namespace
}  // namespace intercodesql
