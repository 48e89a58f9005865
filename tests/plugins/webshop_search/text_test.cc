#include <limits>
#include <set>

#include "nouns.h"
#include "porter.h"
#include "python_text.h"
#include "tables.h"
#include "tests/support/catch.h"
#include "word_tokenizer.h"

using namespace webshop;

namespace {

std::string stem(std::string word) {
  porter_stem(word);
  return word;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  std::size_t pos = 0;
  for (auto word = next_word(text, pos); !word.empty(); word = next_word(text, pos)) found.emplace_back(word);
  return found;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("floats are written as Python writes them", "[webshop][text]") {
  CHECK(repr(877.8) == "877.8");
  CHECK(repr(27.0) == "27.0");
  CHECK(repr(0.1) == "0.1");
  CHECK(repr(-0.0) == "-0.0");
  CHECK(repr(1e15) == "1000000000000000.0");
  CHECK(repr(1e16) == "1e+16");
  CHECK(repr(123456789012345680.0) == "1.2345678901234568e+17");
  CHECK(repr(9007199254740993.0) == "9007199254740992.0");
  CHECK(repr(0.0001) == "0.0001");
  CHECK(repr(0.00012) == "0.00012");
  CHECK(repr(0.00001) == "1e-05");
  CHECK(repr(1.5e-7) == "1.5e-07");
  CHECK(repr(5e-324) == "5e-324");
  CHECK(repr(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
  CHECK(repr(-std::numeric_limits<double>::infinity()) == "-inf");
}

TEST_CASE("strings are quoted and escaped as by Python's repr", "[webshop][text]") {
  CHECK(repr("plain") == "'plain'");
  CHECK(repr("it's") == "\"it's\"");
  CHECK(repr("a\"b'c") == "'a\"b\\'c'");
  CHECK(repr("\u200e\u00a0\u00e9\n\\") == "'\\u200e\\xa0\u00e9\\n\\\\'");
  CHECK(repr("\U0001f600\U000e0001") == "'\U0001f600\\U000e0001'");
}

TEST_CASE("lower case knows the final sigma and the dotted I", "[webshop][text]") {
  CHECK(lower("ABC xyz 123") == "abc xyz 123");
  CHECK(lower("ΑΣ ΑΣΑ Σ 'ΑΣ'") == "ας ασα σ 'ας'");
  CHECK(lower("İÀǅ") == "i\u0307àǆ");
  CHECK(lower("XYZ É XYZ ΑΣ Z") == "xyz é xyz ας z");
}

TEST_CASE("strip removes what Python calls white space, and nothing else", "[webshop][text]") {
  CHECK(strip(std::string_view("\u00a0\u3000 \t\x1f a b\u2003\n")) == "a b");
  CHECK(strip(std::string_view("\u200b a")) == "\u200b a");
  CHECK(strip(std::string_view(" \u2009 ")).empty());
  CHECK(strip("..a.b...", ".") == "a.b");
  CHECK(strip("...", ".").empty());
}

TEST_CASE("bytes that are not UTF-8 pass through", "[webshop][text]") {
  CHECK(lower("A\xFF\xC3"
              "B") ==
        "a\xFF\xC3"
        "b");
  CHECK(strip(std::string_view(" \xC3 ")) == "\xC3");
  CHECK(to_code_points("\xE2\x80").size() == 2);
  CHECK(to_code_points("\xF4\x90\x80\x80").size() == 4);
  CHECK(to_code_points("\xED\xA0\x80").size() == 3);
}

TEST_CASE("words are cut as in Unicode Annex 29", "[webshop][text]") {
  CHECK(words("10\" x 8' (2-pack) 100%") == Words{"10", "x", "8", "2", "pack", "100"});
  CHECK(words("don't a.b a:b 1,000.5 1;2 a,b 1:2 x_y _ _a__") ==
        Words{"don't", "a.b", "a:b", "1,000.5", "1;2", "a", "b", "1", "2", "x_y", "_a__"});
  CHECK(words("a. .b a..b a.1 1.a 3d mp3") == Words{"a", "b", "a", "b", "a", "1", "1", "a", "3d", "mp3"});
  CHECK(words("漢字かなカタカナー한국어") == Words{"漢", "字", "か", "な", "カタカナー", "한국어"});
  CHECK(words("สวัสดี ok") == Words{"สวัสดี", "ok"});
  CHECK(words("e\u0301a soft\u00adhyphen ½ ①") == Words{"e\u0301a", "soft\u00adhyphen"});
  CHECK(words("א\"ב א' א\"") == Words{"א\"ב", "א'", "א"});
}

TEST_CASE("pictographs and their sequences are single words", "[webshop][text]") {
  CHECK(words("★★ tea™ ❤️x") == Words{"★", "★", "tea", "™", "❤️", "x"});
  CHECK(words("👍🏽👍") == Words{"👍🏽", "👍"});
  CHECK(words("👩‍💻👩‍❤️‍👩 ok") == Words{"👩‍💻", "👩‍❤️‍👩", "ok"});
  CHECK(words("🇩🇪🇫🇷 🇩") == Words{"🇩🇪", "🇫🇷"});
  CHECK(words("#️⃣1️⃣# *") == Words{"#️⃣", "1️⃣"});
}

TEST_CASE("a long word is cut at 255 units", "[webshop][text]") {
  CHECK(words(std::string(600, 'a')) == Words{std::string(255, 'a'), std::string(255, 'a'), std::string(90, 'a')});
  std::string accented;
  for (int i = 0; i < 300; ++i) accented += "é";
  const auto found = words(accented);
  REQUIRE(found.size() == 2);
  CHECK(found[0].size() == 510);
}

TEST_CASE("stems follow Porter's examples", "[webshop][text]") {
  const std::vector<std::pair<std::string, std::string>> examples = {{"caresses", "caress"},
                                                                     {"ponies", "poni"},
                                                                     {"ties", "ti"},
                                                                     {"cats", "cat"},
                                                                     {"feed", "feed"},
                                                                     {"agreed", "agre"},
                                                                     {"plastered", "plaster"},
                                                                     {"bled", "bled"},
                                                                     {"motoring", "motor"},
                                                                     {"sing", "sing"},
                                                                     {"conflated", "conflat"},
                                                                     {"troubled", "troubl"},
                                                                     {"sized", "size"},
                                                                     {"hopping", "hop"},
                                                                     {"falling", "fall"},
                                                                     {"hissing", "hiss"},
                                                                     {"fizzed", "fizz"},
                                                                     {"failing", "fail"},
                                                                     {"filing", "file"},
                                                                     {"happy", "happi"},
                                                                     {"sky", "sky"},
                                                                     {"relational", "relat"},
                                                                     {"conditional", "condit"},
                                                                     {"rational", "ration"},
                                                                     {"valenci", "valenc"},
                                                                     {"digitizer", "digit"},
                                                                     {"conformabli", "conform"},
                                                                     {"radicalli", "radic"},
                                                                     {"vietnamization", "vietnam"},
                                                                     {"predication", "predic"},
                                                                     {"operator", "oper"},
                                                                     {"feudalism", "feudal"},
                                                                     {"decisiveness", "decis"},
                                                                     {"hopefulness", "hope"},
                                                                     {"callousness", "callous"},
                                                                     {"formaliti", "formal"},
                                                                     {"sensitiviti", "sensit"},
                                                                     {"sensibiliti", "sensibl"},
                                                                     {"triplicate", "triplic"},
                                                                     {"formative", "form"},
                                                                     {"electrical", "electr"},
                                                                     {"goodness", "good"},
                                                                     {"revival", "reviv"},
                                                                     {"allowance", "allow"},
                                                                     {"airliner", "airlin"},
                                                                     {"adjustable", "adjust"},
                                                                     {"replacement", "replac"},
                                                                     {"adjustment", "adjust"},
                                                                     {"dependent", "depend"},
                                                                     {"adoption", "adopt"},
                                                                     {"communism", "commun"},
                                                                     {"bowdlerize", "bowdler"},
                                                                     {"probate", "probat"},
                                                                     {"rate", "rate"},
                                                                     {"cease", "ceas"},
                                                                     {"controll", "control"},
                                                                     {"roll", "roll"},
                                                                     {"analogi", "analog"},
                                                                     {"possibly", "possibl"},
                                                                     {"as", "as"},
                                                                     {"generalizations", "gener"},
                                                                     {"oscillators", "oscil"}};
  for (const auto& [word, expected] : examples) {
    CAPTURE(word);
    CHECK(stem(word) == expected);
  }
  CHECK(stem("éééing") == "éééing");  // no vowel before the ending: é is no vowel
  CHECK(stem("cafés") == "café");
}

TEST_CASE("nouns are words outside the list, possessives removed", "[webshop][text]") {
  CHECK(noun_filter_v1("Palmer's Body Lotion, 13.5 Fl. Oz for the Dry Skin") ==
        Words{"palmer", "body", "lotion", "fl", "oz", "skin"});
  CHECK(noun_filter_v1("DANA MEN’S U.S.A T-Shirt 3D").size() >= 3);
  CHECK(noun_filter_v1("").empty());
}

TEST_CASE("every listed word is no noun, and a word one letter longer is one unless it is listed too",
          "[webshop][text]") {
  std::set<std::string> listed;
  for (std::string_view rest = tables::non_noun_words; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    listed.emplace(line);
  }
  Words wrong;
  for (const std::string& word : listed) {
    const std::string longer = word + "q";
    if (noun_filter_v1(word) != Words()) wrong.push_back(word);
    if (!listed.contains(longer) && noun_filter_v1(longer) != Words{longer}) wrong.push_back(longer);
  }
  CHECK(wrong == Words());
}
