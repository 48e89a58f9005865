#include "core/text/pretokenizer.h"

#include "tests/support/catch.h"
#include "tests/text/texts.h"

using namespace ipr;
using namespace ipr::text;

namespace {

using Pieces = std::vector<std::string>;

Pieces split(const Json& section, const std::string& text) {
  const PreTokenizer pre_tokenizer = PreTokenizer::from_json(section, "test").value();
  std::vector<std::string_view> views;
  pre_tokenizer.split(text, views);
  return {views.begin(), views.end()};
}

Json bytes_only() {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
}

Json gpt2() {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}};
}

Json then_bytes(const Json& first) {
  return {{"type", "Sequence"}, {"pretokenizers", Json::array({first, bytes_only()})}};
}

Json split_section(const std::string& pattern, const std::string& behavior, bool invert = false) {
  return then_bytes({{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", behavior}, {"invert", invert}});
}

std::string refusal(const Json& section) {
  const auto made = PreTokenizer::from_json(section, "f.json: pre_tokenizer");
  return made.ok() ? "" : made.status().message();
}

}  // namespace

TEST_CASE("GPT-2's split keeps a blank with the next word and cuts contractions", "[text]") {
  CHECK(split(gpt2(), "I don't see  3 mugs!!\n\n") ==
        Pieces{"I", " don", "'t", " see", " ", " 3", " mugs", "!!", "\n\n"});
  CHECK(split(gpt2(), "DON'T") == Pieces{"DON", "'", "T"});
  CHECK(split(gpt2(), "x12") == Pieces{"x", "12"});
}

TEST_CASE("digits are cut before the words are, so blanks before a number stay together", "[text]") {
  CHECK(split(gpt2_digits_section(), "x  12") == Pieces{"x", "  ", "1", "2"});
  CHECK(split(gpt2(), "x  12") == Pieces{"x", " ", " 12"});
  CHECK(split(gpt2_digits_section(), "٣²½Ⅷ") == Pieces{"٣", "²", "½", "Ⅷ"});
  CHECK(split(then_bytes({{"type", "Digits"}, {"individual_digits", false}}), "ab12c3") ==
        Pieces{"ab", "12", "c", "3"});
}

TEST_CASE("blanks are Unicode's White_Space and nothing more", "[text]") {
  // U+00A0 and U+3000 are blanks; U+180E (once one) and U+200B are not and go with the signs.
  CHECK(split(gpt2(), "a\u00a0\u3000b") == Pieces{"a", "\u00a0", "\u3000", "b"});
  CHECK(split(gpt2(), "a\u180e!") == Pieces{"a", "\u180e!"});
  CHECK(split(gpt2(), "a\u200b!") == Pieces{"a", "\u200b!"});
  CHECK(split(split_section(R"(\S+)", "Isolated"), "a\u180e b") == Pieces{"a\u180e", " ", "b"});
  CHECK(split(split_section(R"([^\s]+)", "Isolated"), "a\u0085b") == Pieces{"a", "\u0085", "b"});
  CHECK(split(split_section(R"(\\s)", "Isolated"), "a\\s b") == Pieces{"a", "\\s", " b"});
}

TEST_CASE("letters are category L of any script", "[text]") {
  CHECK(split(gpt2(), "naïve Straße 日本 ab") == Pieces{"naïve", " Straße", " 日本", " ab"});
  CHECK(split(gpt2(), "e\u0301") == Pieces{"e", "\u0301"});  // a combining mark is no letter
}

TEST_CASE("the mix split", "[text]") {
  CHECK(split(mix_section(), "mug 12 here.\nAction: go") == Pieces{"mug", " 12", " here", ".\n", "Action", ":", " go"});
  CHECK(split(mix_section(), "a = 'red'") == Pieces{"a", " = '", "red", "'"});
  CHECK(split(mix_section(), "t_1, 42") == Pieces{"t_", "1", ",", " 42"});
}

TEST_CASE("every behavior of Split, as Hugging Face documents it", "[text]") {
  const std::string text = "the-final--countdown";
  CHECK(split(split_section("-", "Removed"), text) == Pieces{"the", "final", "countdown"});
  CHECK(split(split_section("-", "Isolated"), text) == Pieces{"the", "-", "final", "-", "-", "countdown"});
  CHECK(split(split_section("-", "MergedWithPrevious"), text) == Pieces{"the-", "final-", "-", "countdown"});
  CHECK(split(split_section("-", "MergedWithNext"), text) == Pieces{"the", "-final", "-", "-countdown"});
  CHECK(split(split_section("-", "Contiguous"), text) == Pieces{"the", "-", "final", "--", "countdown"});
  CHECK(split(split_section("[a-z]+", "Removed", true), text) == Pieces{"the", "final", "countdown"});
}

TEST_CASE("a String pattern is literal", "[text]") {
  const Json section = then_bytes({{"type", "Split"}, {"pattern", {{"String", "[.]"}}}, {"behavior", "Removed"}});
  CHECK(split(section, "a[.]b.c") == Pieces{"a", "b.c"});
}

TEST_CASE("without Removed no byte is lost or moved", "[text]") {
  Rng rng(21);
  for (const Json& section : {gpt2_digits_section(), mix_section(), gpt2(), split_section("[ae ]", "MergedWithNext")}) {
    const PreTokenizer pre_tokenizer = PreTokenizer::from_json(section, "test").value();
    for (int i = 0; i < 100; ++i) {
      const std::string text = test::random_text(rng, 40);
      std::vector<std::string_view> pieces;
      pre_tokenizer.split(text, pieces);
      std::string joined;
      for (const std::string_view piece : pieces) {
        CHECK_FALSE(piece.empty());
        joined += piece;
      }
      CHECK(joined == text);
    }
  }
}

TEST_CASE("what is not supported is refused by its name and place", "[text]") {
  CHECK(refusal({{"type", "BertPreTokenizer"}}).find("f.json: pre_tokenizer: the pre-tokenizer \"BertPreTokenizer\"") ==
        0);
  CHECK(refusal(3).find("expected a pre-tokenizer") != std::string::npos);
  CHECK(refusal({{"type", "Metaspace"}}).find("replacement: expected a character") != std::string::npos);
  CHECK(refusal({{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "last"}}).find("prepend_scheme") !=
        std::string::npos);
  const Json metaspace = {{"type", "Metaspace"}, {"replacement", "_"}};
  const Json digits = {{"type", "Digits"}};
  CHECK(refusal({{"type", "Sequence"}, {"pretokenizers", Json::array({digits, metaspace})}})
            .find("first pre-tokenizer only") != std::string::npos);
  CHECK(refusal({{"type", "ByteLevel"}}).find("add_prefix_space") != std::string::npos);
  CHECK(refusal({{"type", "ByteLevel"}, {"add_prefix_space", 3}}).find("expected true or false") != std::string::npos);
  CHECK(refusal({{"type", "Sequence"}}).find("expected a list") != std::string::npos);
  CHECK(refusal({{"type", "Sequence"}, {"pretokenizers", Json::array({gpt2(), gpt2()})}}).find("pretokenizers[0]") !=
        std::string::npos);
  CHECK(refusal(split_section("(", "Isolated")).find("pretokenizers[0].pattern: character") != std::string::npos);
  CHECK(refusal(split_section("a*", "Isolated")).find("empty") != std::string::npos);
  CHECK(refusal(split_section(R"(\w+)", "Isolated")).find(R"(`\w`)") != std::string::npos);
  CHECK(refusal(split_section("(*LIMIT_MATCH=1)a", "Isolated")).find("(*") != std::string::npos);
  CHECK(refusal(split_section("a", "Sideways")).find("Sideways") != std::string::npos);
  CHECK(refusal(then_bytes({{"type", "Split"}, {"behavior", "Removed"}})).find("pattern") != std::string::npos);
}

TEST_CASE("a pattern that backtracks without bound is refused, a long text is not", "[text]") {
  for (const char* pattern : {"(a+)+$", "(\\p{L}+)*!", "(?:\\s*)+x", "(1|11)+z"}) {
    CAPTURE(pattern);
    CHECK(refusal(split_section(pattern, "Isolated")).find("backtracks without bound") != std::string::npos);
  }
  const std::string words = R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  CHECK(refusal(split_section(words, "Isolated")).empty());
  const std::size_t blanks = 3'000'000;
  CHECK(split(split_section(words, "Isolated"), "a" + std::string(blanks, ' ') + "b") ==
        Pieces{"a", std::string(blanks - 1, ' '), " b"});
}
