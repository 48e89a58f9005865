#include <algorithm>

#include "core/text/tokenizer.h"
#include "tests/support/catch.h"
#include "tests/text/sentencepiece_bytes.h"
#include "tests/text/texts.h"

using namespace ipr;
using namespace ipr::text;

namespace {

Tokenizer trained() {
  TrainOptions options;
  options.vocab_size = 400;
  options.special_tokens = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
  options.added_tokens = {" [SEP] "};
  return Tokenizer::train(test::shop_texts(1, 50), options);
}

// The keys that a GGUF file of the tokenizer would have.
GgufTokenizer keys_of(const Tokenizer& tokenizer, const std::string& pre) {
  const Json json = tokenizer.to_json();
  GgufTokenizer keys;
  keys.model = "gpt2";
  keys.pre = pre;
  keys.tokens.resize(static_cast<std::size_t>(tokenizer.vocab_size()));
  keys.token_types.assign(keys.tokens.size(), 1);
  for (const auto& [token, id] : json["model"]["vocab"].items()) keys.tokens[id.get<std::size_t>()] = token;
  for (const Json& token : json["added_tokens"])
    keys.token_types[token["id"].get<std::size_t>()] = token["special"] == true ? 3 : 4;
  for (const Json& merge : json["model"]["merges"]) keys.merges.push_back(merge);
  keys.bos = 1;
  return keys;
}

GgufTokenizer llama_keys() {
  GgufTokenizer keys;
  keys.model = "llama";
  for (const test::TestPiece& piece : test::small_model().pieces) {
    keys.tokens.push_back(piece.text);
    keys.scores.push_back(piece.score);
    keys.token_types.push_back(piece.type);
  }
  keys.bos = 1;
  return keys;
}

Tokenizer made_from(const GgufTokenizer& keys) {
  auto made = Tokenizer::from_gguf(keys, "f.gguf");
  if (!made.ok()) FAIL(made.status().message());
  return std::move(made).value();
}

std::string refusal(const GgufTokenizer& keys) {
  const auto made = Tokenizer::from_gguf(keys, "f.gguf");
  if (made.ok()) return {};
  CHECK(made.status().code() == Code::kData);
  CHECK(made.status().message().find("f.gguf: ") == 0);
  return made.status().message();
}

bool mentions(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

std::size_t count(const Tokenizer& tokenizer, const std::string& text) {
  return tokenizer.encode(text).size();
}

}  // namespace

TEST_CASE("byte-level keys give the ids of the file they come from", "[text][gguf]") {
  const Tokenizer tokenizer = trained();
  const Tokenizer read = made_from(keys_of(tokenizer, "smollm"));
  Rng rng(91);
  for (int i = 0; i < 200; ++i) {
    const std::string text = test::random_text(rng, 30);
    CHECK(read.encode(text) == tokenizer.encode(text));
    CHECK(read.encode_ordinary(text) == tokenizer.encode_ordinary(text));
    CHECK(read.decode(read.encode(text), true) == text);
  }
  CHECK(read.prefix_ids().empty());
  CHECK(read.is_control(2));
}

// Hugging Face gives an added token that the vocabulary lacks the next free id, whatever the file says.
TEST_CASE("what byte-level keys are saved as has every token in its vocabulary", "[text][gguf]") {
  const GgufTokenizer keys = keys_of(trained(), "smollm");
  const Json vocabulary = made_from(keys).to_json()["model"]["vocab"];
  CHECK(vocabulary.size() == keys.tokens.size());
  for (std::size_t id = 0; id < keys.tokens.size(); ++id) CHECK(vocabulary.at(keys.tokens[id]) == Json(id));
}

TEST_CASE("each name of words cuts in its own way", "[text][gguf]") {
  // Bytes only: what is one token then is one piece of text, so that merges across pieces would show.
  const auto words = [](const std::string& pre, const std::vector<std::string>& known, const std::string& text) {
    GgufTokenizer keys = keys_of(trained(), pre);
    keys.merges.clear();
    for (const std::string& pair : known) {
      keys.merges.push_back(pair);
      std::string token = pair;
      token.erase(token.find(' '), 1);
      keys.tokens.push_back(token);
      keys.token_types.push_back(1);
    }
    return count(made_from(keys), text);
  };
  const std::vector<std::string> digits = {"1 2", "12 3", "123 4"};
  CHECK(words("smollm", digits, "1234") == 4);
  CHECK(words("qwen2", digits, "1234") == 4);
  CHECK(words("llama-bpe", digits, "1234") == 2);
  CHECK(words("gpt-2", digits, "1234") == 1);
  CHECK(words("default", digits, "1234") == 2);
  const std::vector<std::string> capitals = {"' S"};
  CHECK(words("gpt-2", capitals, "A'S") == 3);
  CHECK(words("llama-bpe", capitals, "A'S") == 2);
  const std::vector<std::string> accents = {"Ã ©"};  // the two bytes of é
  CHECK(words("qwen2", accents, "e\u0301") == 1);    // in normal form C
  CHECK(words("gpt-2", accents, "e\u0301") == 3);
}

TEST_CASE("a BOS is kept where the file or the family asks for it", "[text][gguf]") {
  GgufTokenizer keys = keys_of(trained(), "smollm");
  keys.add_bos = true;
  CHECK(made_from(keys).prefix_ids() == std::vector<std::int32_t>{1});
  keys.pre = "llama-bpe";
  keys.add_bos.reset();
  CHECK(made_from(keys).prefix_ids() == std::vector<std::int32_t>{1});
  keys.add_bos = false;
  CHECK(made_from(keys).prefix_ids().empty());
  CHECK(made_from(llama_keys()).prefix_ids() == std::vector<std::int32_t>{1});
}

TEST_CASE("SentencePiece keys give the model's ids", "[text][gguf]") {
  const Tokenizer model = Tokenizer::from_sentencepiece(test::small_model().bytes(), "t.model").value();
  const Tokenizer read = made_from(llama_keys());
  Rng rng(92);
  for (int i = 0; i < 200; ++i) {
    const std::string text = test::random_text(rng, 30) + " red  lamp";
    CHECK(read.encode(text) == model.encode(text));
    CHECK(read.decode(read.encode(text)) == model.decode(model.encode(text)));
  }
  GgufTokenizer keys = llama_keys();
  keys.add_space_prefix = false;
  CHECK(made_from(keys).encode("lamp") == model.encode_ordinary("lamp", Place::kInside));
}

TEST_CASE("a blank stands behind a user-defined token, and unused ones are like any other", "[text][gguf]") {
  GgufTokenizer keys = llama_keys();
  for (const auto& [token, type] : {std::pair("[I]", 4), {"[PAD1]", 5}}) {
    keys.tokens.emplace_back(token);
    keys.scores.push_back(0);
    keys.token_types.push_back(type);
  }
  const Tokenizer tokenizer = made_from(keys);
  CHECK(tokenizer.decode(tokenizer.encode("red[I]red")) == "red[I] red");
  CHECK(tokenizer.vocab_size() == static_cast<std::int32_t>(keys.tokens.size()));
}

TEST_CASE("what is wrong with the keys is said by name", "[text][gguf]") {
  const auto with = [](auto change) {
    GgufTokenizer keys = keys_of(trained(), "smollm");
    change(keys);
    return refusal(keys);
  };
  CHECK(mentions(with([](GgufTokenizer& k) { k.model = "t5"; }), "tokenizer.ggml.model: \"t5\" is not supported"));
  CHECK(mentions(with([](GgufTokenizer& k) { k.pre = "deepseek-llm"; }),
                 "pre: \"deepseek-llm\" is not supported; supported: smollm"));
  CHECK(mentions(with([](GgufTokenizer& k) { k.tokens.clear(); }), "tokens: missing"));
  CHECK(mentions(with([](GgufTokenizer& k) { k.token_types.pop_back(); }), "token_type: "));
  CHECK(mentions(with([](GgufTokenizer& k) { k.tokens[300] = k.tokens[299]; }), "token 300 is token 299 again"));
  CHECK(mentions(with([](GgufTokenizer& k) { k.tokens[299] = "\xFF"; }), "tokens[299]: not UTF-8"));
  CHECK(mentions(with([](GgufTokenizer& k) { k.merges[0] = "qq zz"; }), "model.merges[0]: the token \"qq\""));
  CHECK(mentions(with([](GgufTokenizer& k) { k.add_bos = true, k.bos = 4000; }), "bos_token_id: 4000 is none"));
  GgufTokenizer llama = llama_keys();
  llama.scores.pop_back();
  CHECK(mentions(refusal(llama), "scores: "));
  llama = llama_keys();
  llama.token_types[0] = 7;
  CHECK(mentions(refusal(llama), "token 0 has the type 7"));
}
