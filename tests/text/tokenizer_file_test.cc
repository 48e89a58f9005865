// tokenizer.json as a foreign file: what is written reads back, what is broken is named.
#include "core/base/files.h"
#include "core/text/tokenizer.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "tests/text/sentencepiece_bytes.h"
#include "tests/text/texts.h"

using namespace ipr;
using namespace ipr::text;

namespace {

Json trained_json() {
  TrainOptions options;
  options.vocab_size = 320;
  options.special_tokens = {"<|pad|>", "<|end|>"};
  options.added_tokens = {" [SEP] "};
  return Tokenizer::train(test::shop_texts(1, 50), options).to_json();
}

// The message with which `json` is refused; empty if it is not.
std::string refusal(const Json& json) {
  const auto loaded = Tokenizer::from_json(json, "t.json");
  if (loaded.ok()) return {};
  CHECK(loaded.status().code() == Code::kData);
  CHECK(loaded.status().message().find("t.json: ") == 0);
  return loaded.status().message();
}

// The same after one change, given as a JSON pointer and a value.
std::string refusal_with(const std::string& pointer, const Json& value) {
  Json json = trained_json();
  json[Json::json_pointer(pointer)] = value;
  return refusal(json);
}

bool mentions(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a written tokenizer reads back to the same ids", "[text][file]") {
  const test::TempFolder folder;
  for (const WordSplit split : {WordSplit::kGpt2, WordSplit::kMix}) {
    TrainOptions options;
    options.special_tokens = {"<|user|>", "<|end|>"};
    options.added_tokens = {" [SEP] "};
    options.split = split;
    const Tokenizer tokenizer = Tokenizer::train(test::shop_texts(1, 100), options);
    REQUIRE(write_file(folder.file("tokenizer.json"), tokenizer.to_json().dump(2)).ok());
    const auto loaded = Tokenizer::load(folder.file("tokenizer.json"));
    REQUIRE(loaded.ok());
    CHECK(loaded->vocab_size() == tokenizer.vocab_size());
    CHECK(loaded->to_json() == tokenizer.to_json());
    Rng rng(41);
    for (int i = 0; i < 100; ++i) {
      const std::string text = test::random_text(rng, 40);
      const auto ids = tokenizer.encode(text);
      CHECK(loaded->encode(text) == ids);
      CHECK(loaded->encode_ordinary(text) == tokenizer.encode_ordinary(text));
      CHECK(loaded->decode(ids) == tokenizer.decode(ids));
    }
  }
}

TEST_CASE("merges are read in both of their forms", "[text][file]") {
  Json json = trained_json();
  const Tokenizer strings = Tokenizer::from_json(json, "t.json").value();
  for (Json& merge : json["model"]["merges"]) {
    const auto text = merge.get<std::string>();
    const auto blank = text.find(' ');
    merge = Json::array({text.substr(0, blank), text.substr(blank + 1)});
  }
  const Tokenizer arrays = Tokenizer::from_json(json, "t.json").value();
  for (const std::string& text : test::shop_texts(2, 20)) CHECK(arrays.encode(text) == strings.encode(text));
}

TEST_CASE("what a file keeps for others is kept and changes no id", "[text][file]") {
  Json json = trained_json();
  json["post_processor"] = {{"type", "TemplateProcessing"}, {"single", Json::array()}};  // no BOS
  json["truncation"] = {{"max_length", 4}};
  const Tokenizer tokenizer = Tokenizer::from_json(json, "t.json").value();
  CHECK(tokenizer.to_json() == json);
  CHECK(tokenizer.encode("one two three four five six").size() > 4);
  CHECK(tokenizer.prefix_ids().empty());
}

TEST_CASE("what a file puts in front of a text is kept, not done", "[text][file]") {
  Json json = trained_json();
  const Json bos = {{"SpecialToken", {{"id", "<|end|>"}, {"type_id", 0}}}};
  const Json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const Json token = {{"id", "<|end|>"}, {"ids", Json::array({1})}, {"tokens", Json::array({"<|end|>"})}};
  const Json section = {{"type", "TemplateProcessing"},
                        {"single", Json::array({bos, text, bos})},
                        {"special_tokens", Json::object({{"<|end|>", token}})}};
  for (const bool in_sequence : {false, true}) {
    json["post_processor"] = section;
    if (in_sequence) {
      const Json bytes = {{"type", "ByteLevel"}};
      json["post_processor"] = {{"type", "Sequence"}, {"processors", Json::array({bytes, section})}};
    }
    const Tokenizer tokenizer = Tokenizer::from_json(json, "t.json").value();
    CHECK(tokenizer.prefix_ids() == std::vector<std::int32_t>{1});
    CHECK(tokenizer.encode("<|end|>") == std::vector<std::int32_t>{1});
  }
  json["post_processor"]["processors"][1]["special_tokens"]["<|end|>"]["ids"][0] = 4000;
  CHECK(mentions(refusal(json), "post_processor.processors.special_tokens[\"<|end|>\"].ids: expected an id"));
}

TEST_CASE("a file in SentencePiece's manner reads with a normalizer or with Metaspace", "[text][file]") {
  const Json model = Tokenizer::from_sentencepiece(test::small_model().bytes(), "t.model").value().to_json();
  Json metaspace = model;
  metaspace["normalizer"] = nullptr;
  metaspace["pre_tokenizer"] = {
      {"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", "first"}, {"split", false}};
  const Tokenizer prepends = Tokenizer::from_json(model, "t.json").value();
  const Tokenizer first = Tokenizer::from_json(metaspace, "t.json").value();
  metaspace["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "▁"}, {"add_prefix_space", true}};
  const Tokenizer words = Tokenizer::from_json(metaspace, "t.json").value();
  for (const std::string text : {"red lamp", "lamp  red é", "x\ny"}) {
    CHECK(first.encode(text) == prepends.encode(text));
    CHECK(words.encode(text) == prepends.encode(text));
    CHECK(first.decode(first.encode(text)) == text);
  }
  // A blank at the start gets no second one in front, and only the start of a text gets one.
  CHECK(prepends.decode(prepends.encode(" red")) == " red");
  CHECK(first.decode(first.encode(" red")) == "red");
  CHECK(prepends.decode(prepends.encode("red</s>red"), true) == "red</s> red");
  CHECK(first.decode(first.encode("red</s>red"), true) == "red</s>red");
  CHECK(words.decode(words.encode("red</s>red"), true) == "red</s> red");
}

TEST_CASE("with ignore_merges a piece that is a token needs no merge", "[text][file]") {
  Json json = trained_json();
  json["model"]["vocab"]["qqq"] = 320;
  CHECK(Tokenizer::from_json(json, "t.json").value().encode("qqq").size() == 3);
  json["model"]["ignore_merges"] = true;
  CHECK(Tokenizer::from_json(json, "t.json").value().encode("qqq") == std::vector<std::int32_t>{320});
}

TEST_CASE("a byte without a token is left out, or the unknown token if the file has one", "[text][file]") {
  Json json = trained_json();
  json["model"]["merges"] = Json::array();
  const std::int32_t a = json["model"]["vocab"]["a"];
  json["model"]["vocab"].erase("z");
  CHECK(Tokenizer::from_json(json, "t.json").value().encode("azza") == std::vector<std::int32_t>{a, a});
  json["model"]["unk_token"] = "<|pad|>";
  CHECK(Tokenizer::from_json(json, "t.json").value().encode("azza") == std::vector<std::int32_t>{a, 0, 0, a});
  json["model"]["fuse_unk"] = true;
  CHECK(Tokenizer::from_json(json, "t.json").value().encode("azza") == std::vector<std::int32_t>{a, 0, a});
}

TEST_CASE("normalized added tokens are found between the others, after them", "[text][file]") {
  Json json = trained_json();
  const auto add = [&](std::int32_t id, const std::string& content, bool normalized) {
    json["added_tokens"].push_back({{"id", id}, {"content", content}, {"special", false}, {"normalized", normalized}});
  };
  add(320, "xy", true);
  add(321, "yz", false);
  const Tokenizer tokenizer = Tokenizer::from_json(json, "t.json").value();
  CHECK(tokenizer.encode("xyz") == std::vector<std::int32_t>{*tokenizer.token_id("x"), 321});
  CHECK(tokenizer.encode("xy z").front() == 320);
  CHECK(tokenizer.vocab_size() == 322);
}

TEST_CASE("a broken file is named with line and column", "[text][file]") {
  const test::TempFolder folder;
  const std::string path = folder.file("tokenizer.json");
  const std::string whole = trained_json().dump(1);
  REQUIRE(write_file(path, std::string_view(whole).substr(0, whole.size() / 2)).ok());
  const auto truncated = Tokenizer::load(path);
  REQUIRE_FALSE(truncated.ok());
  CHECK(truncated.status().code() == Code::kData);
  CHECK(mentions(truncated.status().message(), path + ": line "));
  CHECK(Tokenizer::load(folder.file("absent.json")).status().code() == Code::kData);
}

TEST_CASE("what is missing or wrong in a file is said with its place", "[text][file]") {
  CHECK(refusal(trained_json()).empty());
  CHECK(mentions(refusal(Json::array()), "expected a tokenizer.json object"));
  CHECK(mentions(refusal(Json::object()), "no \"model\""));
  CHECK(mentions(refusal_with("/model", 3), "model: expected an object, found 3"));
  CHECK(mentions(refusal_with("/model/vocab", Json::array()), "model.vocab: expected an object"));
  CHECK(mentions(refusal_with("/model/vocab/a", -1), "model.vocab[\"a\"]: expected an id"));
  CHECK(mentions(refusal_with("/model/vocab/a", 1e9), "expected an id"));
  CHECK(mentions(refusal_with("/model/vocab/a", std::int64_t{1} << 40), "expected an id"));
  CHECK(mentions(refusal_with("/model/vocab/zz", 0), "id 0 is taken by"));
  CHECK(mentions(refusal_with("/model/merges", nullptr), "model.merges: expected a list"));
  CHECK(mentions(refusal_with("/model/merges/3", 7), "model.merges[3]: expected"));
  CHECK(mentions(refusal_with("/model/merges/3", "a b c"), "model.merges[3]: expected"));
  CHECK(
      mentions(refusal_with("/model/merges/3", "nope e"), "model.merges[3]: the token \"nope\" is not in model.vocab"));
  CHECK(mentions(refusal_with("/model/merges/3", Json::array({"z", "q"})), "\"zq\" is not in model.vocab"));
  CHECK(mentions(refusal_with("/model/unk_token", "nope"), "model.unk_token"));
  CHECK(mentions(refusal_with("/added_tokens", 1), "added_tokens: expected a list"));
  CHECK(mentions(refusal_with("/added_tokens/0", 1), "added_tokens[0]: expected an object"));
  CHECK(mentions(refusal_with("/added_tokens/0/content", ""), "added_tokens[0].content"));
  CHECK(mentions(refusal_with("/added_tokens/0/id", 77), "has id 77 here and 0 in model.vocab"));
}

TEST_CASE("what is not supported in a file is refused by name", "[text][file]") {
  CHECK(mentions(refusal_with("/model/type", "Unigram"), "model.type: \"Unigram\" is not supported"));
  CHECK(mentions(refusal_with("/model/byte_fallback", true), "model.byte_fallback"));
  CHECK(mentions(refusal_with("/model/dropout", 0.1), "model.dropout"));
  CHECK(mentions(refusal_with("/model/end_of_word_suffix", "</w>"), "model.end_of_word_suffix"));
  CHECK(mentions(refusal_with("/normalizer", {{"type", "Lowercase"}}),
                 "normalizer: the normalizer \"Lowercase\" is not"));
  CHECK(mentions(refusal_with("/pre_tokenizer", nullptr), "ByteLevel must be in both of them or in neither"));
  CHECK(mentions(refusal_with("/decoder", {{"type", "WordPiece"}}), "decoder"));
  CHECK(mentions(refusal_with("/post_processor", {{"type", "RobertaProcessing"}}), "RobertaProcessing"));
  CHECK(mentions(refusal_with("/added_tokens/2/lstrip", true), "added_tokens[2].lstrip"));
}

TEST_CASE("no damage to a file does more than to have it refused", "[text][file]") {
  const std::string whole = trained_json().dump(1);
  Rng rng(51);
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    std::string damaged = whole;
    for (std::uint64_t left = 1 + rng.below(4); left > 0; --left) {
      const std::size_t at = rng.below(damaged.size());
      if (rng.below(2) == 0) {
        damaged[at] = static_cast<char>(rng.below(256));
      } else {
        damaged.erase(at, 1 + rng.below(40));
      }
    }
    const auto json = parse_json(damaged, "t.json");
    const auto loaded = json.ok() ? Tokenizer::from_json(*json, "t.json") : Result<Tokenizer>(json.status());
    if (!loaded.ok()) {
      CHECK(loaded.status().code() == Code::kData);
      ++refused;
    } else {
      (void)loaded->decode(loaded->encode("Thought: i need slim [SEP] B<|end|>"));
    }
  }
  CHECK(refused > 100);
}
