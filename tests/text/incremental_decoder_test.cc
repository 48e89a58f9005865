#include "core/text/incremental_decoder.h"

#include "core/base/strings.h"
#include "tests/support/catch.h"
#include "tests/text/texts.h"

using namespace ipr;
using namespace ipr::text;

namespace {

Tokenizer byte_tokenizer() {
  TrainOptions options;
  options.vocab_size = 300;
  options.special_tokens = {"<|end|>"};
  return Tokenizer::train(test::shop_texts(1, 20), options);
}

std::string in_increments(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids, bool keep_special) {
  IncrementalDecoder decoder(tokenizer, keep_special);
  std::string whole;
  for (const std::int32_t id : ids) whole += decoder.push(id);
  return whole + decoder.finish();
}

}  // namespace

TEST_CASE("a character comes out when its last byte is there", "[text][incremental]") {
  const Tokenizer tokenizer = byte_tokenizer();
  const auto ids = tokenizer.encode("a€😀");
  REQUIRE(ids.size() == 8);  // no merges for these bytes
  IncrementalDecoder decoder(tokenizer);
  std::vector<std::string> parts;
  for (const std::int32_t id : ids) parts.push_back(decoder.push(id));
  CHECK(parts == std::vector<std::string>{"a", "", "", "€", "", "", "", "😀"});
  CHECK(decoder.finish().empty());
}

TEST_CASE("bytes that cannot become a character are given out as soon as that is known", "[text][incremental]") {
  const Tokenizer tokenizer = byte_tokenizer();
  const auto euro = tokenizer.encode("€");
  const auto a = tokenizer.encode("a");
  IncrementalDecoder decoder(tokenizer);
  CHECK(decoder.push(euro[1]) == "\uFFFD");  // a trailing byte begins nothing
  CHECK(decoder.push(euro[0]).empty());
  CHECK(decoder.push(euro[0]) == "\uFFFD");  // the first one has no continuation now
  CHECK(decoder.push(a[0]) == "\uFFFDa");
  CHECK(decoder.push(euro[0]).empty());
  CHECK(decoder.push(euro[1]).empty());
  CHECK(decoder.finish() == "\uFFFD\uFFFD");
  CHECK(decoder.push(a[0]) == "a");
}

TEST_CASE("the increments of any ids together are the decoded text", "[text][incremental]") {
  const Tokenizer tokenizer = byte_tokenizer();
  Rng rng(71);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::int32_t> ids;
    for (std::uint64_t left = rng.below(40); left > 0; --left)
      ids.push_back(static_cast<std::int32_t>(rng.below(320)) - 5);
    CHECK(in_increments(tokenizer, ids, false) == tokenizer.decode(ids, false));
    CHECK(in_increments(tokenizer, ids, true) == tokenizer.decode(ids, true));
    const std::string text = test::random_text(rng, 20);
    CHECK(in_increments(tokenizer, tokenizer.encode(text), true) == text);
  }
}
