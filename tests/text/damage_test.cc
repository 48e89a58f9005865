// Files from elsewhere: no damage does more than to have one refused.
#include "tests/text/damage.h"

#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::text;

TEST_CASE("a damaged file is refused with one line, or still good", "[text][file]") {
  const test::Damage damage;
  for (const auto kind : {test::DamagedKind::kJson, test::DamagedKind::kSentencePiece, test::DamagedKind::kGguf}) {
    Rng rng(101);
    int refused = 0;
    for (int round = 0; round < 300; ++round) {
      const test::DamagedFile file = damage.round(kind, rng);
      if (!file.refused) continue;
      ++refused;
      CAPTURE(test::kDamagedKinds[static_cast<int>(kind)], round, file.message);
      CHECK(file.message.find("file: ") == 0);
      CHECK(file.message.find('\n') == std::string::npos);
      CHECK(file.message.size() < 1000);
    }
    CHECK(refused > 50);
    CHECK(refused < 290);
  }
}

TEST_CASE("deep JSON is refused before it is made", "[text][file]") {
  for (const char* opening : {"[", "{\"a\":"}) {
    std::string deep = R"({"model": )";
    for (int i = 0; i < 100000; ++i) deep += opening;
    const auto loaded = Tokenizer::from_json_text(deep, "file");
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.status().message().find("nested deeper than") != std::string::npos);
  }
}

TEST_CASE("a small file that claims much is refused before memory is taken for it", "[text][file]") {
  Json json = test::small_byte_level_json();
  json["model"]["vocab"]["zz"] = (1 << 21) - 1;
  const auto loaded = Tokenizer::from_json(json, "file");
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.status().message().find("file: model.vocab[\"zz\"]: expected an id from 0 to") == 0);
  const auto model = Tokenizer::from_sentencepiece(
      test::proto_varint((1 << 3) | 2) + test::proto_varint(std::uint64_t{10} << 30), "file");
  REQUIRE_FALSE(model.ok());
  CHECK(model.status().message().find("claims 10737418240 bytes, 0 are left") != std::string::npos);
}
