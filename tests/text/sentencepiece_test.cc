// SentencePiece models written by hand: what they encode to, and what of a broken one is said.
#include "core/text/sentencepiece.h"

#include <algorithm>

#include "core/base/files.h"
#include "core/text/tokenizer.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "tests/text/sentencepiece_bytes.h"
#include "tests/text/texts.h"

using namespace ipr;
using namespace ipr::text;
using test::TestModel;

namespace {

using Ids = std::vector<std::int32_t>;

Tokenizer tokenizer_of(const TestModel& model) {
  auto made = Tokenizer::from_sentencepiece(model.bytes(), "t.model");
  if (!made.ok()) FAIL(made.status().message());
  return std::move(made).value();
}

// The pieces of a text, as written in the model, divided by blanks.
std::string pieces(const TestModel& model, const std::string& text, Place place = Place::kStart) {
  std::string joined;
  for (const std::int32_t id : tokenizer_of(model).encode_ordinary(text, place)) {
    joined += (joined.empty() ? "" : " ") + model.pieces[static_cast<std::size_t>(id)].text;
  }
  return joined;
}

std::string refusal(const TestModel& model) {
  const auto made = Tokenizer::from_sentencepiece(model.bytes(), "t.model");
  if (made.ok()) return {};
  CHECK(made.status().code() == Code::kData);
  CHECK(made.status().message().find("t.model: ") == 0);
  return made.status().message();
}

bool mentions(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("pieces are merged by score, and a text begins with a blank", "[text][sentencepiece]") {
  const TestModel model = test::small_model();
  CHECK(pieces(model, "red lamp") == "▁red ▁lamp");
  CHECK(pieces(model, "lamp") == "▁lamp");
  CHECK(pieces(model, " red") == "▁ ▁red");  // "▁▁" scores less than "▁r"
  CHECK(pieces(model, "   ") == "▁▁ ▁▁");
  CHECK(pieces(model, "") == "");
  CHECK(pieces(model, "ed", Place::kInside) == "ed");
  CHECK(pieces(model, " red", Place::kInside) == "▁red");
  CHECK(pieces(model, "red", Place::kAfterToken) == "▁red");
}

TEST_CASE("what has no piece is written in bytes", "[text][sentencepiece]") {
  const TestModel model = test::small_model();
  CHECK(pieces(model, "é\n€") == "▁ é <0x0A> <0xE2> <0x82> <0xAC>");
  CHECK(pieces(model, "\xFFr") == "▁ <0xEF> <0xBF> <0xBD> r");
}

TEST_CASE("without byte pieces a run of unknown characters is one unknown piece", "[text][sentencepiece]") {
  TestModel model = test::small_model();
  std::erase_if(model.pieces, [](const test::TestPiece& piece) { return piece.type == 6; });
  model.trainer = test::proto_number(3, 2);
  CHECK(pieces(model, "xyz red€") == "▁ <unk> ▁red <unk>");
  const Tokenizer tokenizer = tokenizer_of(model);
  CHECK(tokenizer.decode(tokenizer.encode("r€")) == "r ⁇ ");
}

TEST_CASE("a piece can be merged from a character that is none", "[text][sentencepiece]") {
  TestModel model = test::small_model();
  model.pieces.push_back({"rx", 5, 1});  // there is no piece "x"
  CHECK(pieces(model, "rx x") == "▁ rx ▁ <0x78>");
}

TEST_CASE("user-defined pieces are found first and never merge", "[text][sentencepiece]") {
  TestModel model = test::small_model();
  model.pieces.push_back({"ed l", 0, 4});
  model.pieces.push_back({"am", 0, 4});
  CHECK(pieces(model, "red lamp") == "▁red ▁ l am p");  // "ed l" is not in the normalized text, which has no blanks
  model.pieces.back() = {"ed▁l", 0, 4};
  CHECK(pieces(model, "red lamp") == "▁r ed▁l a mp");
}

TEST_CASE("control pieces are recognized, but not in what others wrote", "[text][sentencepiece]") {
  const Tokenizer tokenizer = tokenizer_of(test::small_model());
  const Ids ids = tokenizer.encode("red</s>red");
  CHECK(ids == Ids{*tokenizer.token_id("▁red"), 2, *tokenizer.token_id("▁red")});
  const Ids ordinary = tokenizer.encode_ordinary("red</s>");
  CHECK(std::find(ordinary.begin(), ordinary.end(), 2) == ordinary.end());
  CHECK(tokenizer.decode(ordinary) == "red</s>");
  CHECK(tokenizer.prefix_ids() == Ids{1});
  CHECK(tokenizer.is_control(2));
  CHECK_FALSE(tokenizer.is_control(0));
}

TEST_CASE("decoding gives back every valid text but U+2581", "[text][sentencepiece]") {
  const Tokenizer tokenizer = tokenizer_of(test::small_model());
  Rng rng(81);
  for (int i = 0; i < 300; ++i) {
    std::string text = test::random_text(rng, 30);
    for (std::size_t at = text.find(kBlankSymbol); at != std::string::npos; at = text.find(kBlankSymbol))
      text.erase(at, 3);
    CAPTURE(text);
    CHECK(tokenizer.decode(tokenizer.encode_ordinary(text)) == text);
  }
  CHECK(tokenizer.decode(Ids{1, *tokenizer.token_id("▁red"), 2}) == "red");
  CHECK(tokenizer.decode(Ids{1, *tokenizer.token_id("▁red"), 2}, true) == "<s> red</s>");
}

TEST_CASE("extra blanks go where the model says so", "[text][sentencepiece]") {
  TestModel model = test::small_model();
  model.normalizer = test::proto_bytes(1, "identity");  // removing them is the default
  CHECK(pieces(model, "  red   lamp ") == "▁red ▁lamp");
  CHECK(pieces(model, "   ").empty());
  CHECK(pieces(model, " red", Place::kInside) == "▁red");
  model.normalizer = test::proto_number(3, 0) + test::proto_number(4, 0);  // no dummy prefix
  CHECK(pieces(model, "red lamp") == "r ed ▁lamp");
  const Tokenizer tokenizer = tokenizer_of(model);
  CHECK(tokenizer.decode(tokenizer.encode(" red")) == " red");
}

TEST_CASE("the model as a tokenizer.json gives the same ids", "[text][sentencepiece]") {
  TestModel model = test::small_model();
  for (const bool trims : {false, true}) {
    if (trims) model.normalizer = test::proto_bytes(1, "identity");
    const Tokenizer direct = tokenizer_of(model);
    const Tokenizer json = Tokenizer::from_json(direct.to_json(), "t.json").value();
    CHECK(json.to_json() == direct.to_json());
    CHECK(json.prefix_ids() == direct.prefix_ids());
    Rng rng(82);
    for (int i = 0; i < 300; ++i) {
      const std::string text = test::random_text(rng, 30) + (rng.below(2) == 0 ? " red  lamp" : "");
      CAPTURE(text);
      CHECK(json.encode(text) == direct.encode(text));
      CHECK(json.encode_ordinary(text, Place::kAfterToken) == direct.encode_ordinary(text, Place::kAfterToken));
    }
  }
}

TEST_CASE("a model is loaded from its file", "[text][sentencepiece]") {
  const test::TempFolder folder;
  REQUIRE(write_file(folder.file("tokenizer.model"), test::small_model().bytes()).ok());
  const auto loaded = Tokenizer::load(folder.file("tokenizer.model"));
  REQUIRE(loaded.ok());
  CHECK(loaded->vocab_size() == static_cast<std::int32_t>(test::small_model().pieces.size()));
}

TEST_CASE("what is wrong with a model is said with its place", "[text][sentencepiece]") {
  CHECK(refusal(test::small_model()).empty());
  CHECK(mentions(refusal({}), "no pieces"));
  const auto with = [](auto change) {
    TestModel model = test::small_model();
    change(model);
    return refusal(model);
  };
  CHECK(mentions(with([](TestModel& m) { m.trainer = test::proto_number(35, 1); }),
                 "model_type UNIGRAM is not supported"));
  CHECK(mentions(with([](TestModel& m) { m.trainer += test::proto_number(24, 1); }), "treat_whitespace_as_suffix"));
  CHECK(mentions(with([](TestModel& m) { m.trainer = test::proto_number(3, 2); }), "byte_fallback is off"));
  CHECK(mentions(with([](TestModel& m) { m.pieces.erase(m.pieces.begin() + 9); }), "only 255 of 256 byte pieces"));
  CHECK(
      mentions(with([](TestModel& m) { m.pieces[9].text = "<0xZZ>"; }), "piece 9 \"<0xZZ>\": a byte piece is written"));
  CHECK(mentions(with([](TestModel& m) { m.pieces[0].type = 1; }), "0 unknown pieces"));
  CHECK(mentions(with([](TestModel& m) { m.pieces.push_back({"red", 0, 2}); }), "2 unknown pieces"));
  CHECK(mentions(with([](TestModel& m) { m.pieces.push_back({"ed", 0, 1}); }), "is piece 260 again"));
  CHECK(mentions(with([](TestModel& m) { m.pieces.push_back({"", 0, 1}); }), "has no text"));
  CHECK(mentions(with([](TestModel& m) { m.pieces.push_back({"\xFF", 0, 1}); }), "not UTF-8"));
  CHECK(mentions(with([](TestModel& m) { m.pieces.push_back({std::string(2000, 'a'), 0, 1}); }), "longer than"));
  CHECK(mentions(with([](TestModel& m) { m.pieces.push_back({"q", 0, 9}); }), "the type 9 is not known"));
  CHECK(mentions(with([](TestModel& m) { m.pieces.push_back({"lare", 0, 5}); }), "unused pieces"));
  CHECK(mentions(with([](TestModel& m) { m.normalizer += test::proto_bytes(2, "abc"); }), "precompiled_charsmap"));
  CHECK(mentions(with([](TestModel& m) { m.trainer += test::proto_bytes(35, "x"); }), "field 35 has another type"));
}

TEST_CASE("bytes that are no protocol buffer are refused with their offset", "[text][sentencepiece]") {
  const std::string whole = test::small_model().bytes();
  const auto message_of = [](std::string_view bytes) {
    const auto made = Tokenizer::from_sentencepiece(bytes, "t.model");
    return made.ok() ? std::string() : made.status().message();
  };
  CHECK(mentions(message_of(whole.substr(0, 40)), "t.model: byte "));
  CHECK(mentions(message_of("{\"model\": 1}"), "t.model: byte "));
  CHECK(mentions(message_of(std::string("\x0A\xFF\xFF\xFF\xFF\x0F", 6)), "claims 4294967295 bytes"));
  CHECK(mentions(message_of(std::string("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 12)), "more than 64 bits"));
  CHECK(mentions(message_of(std::string("\x0B\x0C", 2)), "wire type 3"));
  CHECK(mentions(message_of(std::string("\x00\x00", 2)), "number 0"));
}
