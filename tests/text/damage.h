// Damaged tokenizer files, for the unit test and the long run of fuzz.cc.
#pragma once

#include <bit>
#include <string>
#include <string_view>

#include "core/base/rng.h"
#include "core/text/tokenizer.h"
#include "tests/support/json_damage.h"
#include "tests/text/sentencepiece_bytes.h"
#include "tests/text/texts.h"

namespace ipr::test {

// A few random changes: bytes replaced, cut out, put in, doubled, numbers and parts exchanged, the end cut off.
inline std::string damaged(std::string bytes, Rng& rng) {
  for (std::uint64_t left = 1 + rng.below(4); left > 0 && !bytes.empty(); --left) {
    const std::size_t at = rng.below(bytes.size());
    const std::size_t length = 1 + rng.below(rng.below(8) == 0 ? 400 : 12);
    switch (rng.below(7)) {
      case 0:
        bytes[at] = static_cast<char>(rng.below(256));
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.below(8)));
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.insert(at, bytes.substr(rng.below(bytes.size()), length));
        break;
      case 4:
        bytes.replace(at, length, bytes.substr(rng.below(bytes.size()), length));
        break;
      case 5: {
        static const std::string_view kHostile[] = {
            "99999999999",          "-1",   "1e308",  "null",    "[[[[[[", "{}", "\"\"",        "\\u0000", "true",
            "\xFF\xFF\xFF\xFF\x0F", "(a+)", "\\p{L}", "2000000", "[]",     ",",  "\xE2\x96\x81"};
        bytes.insert(at, kHostile[rng.below(std::size(kHostile))]);
        break;
      }
      default:
        if (rng.below(4) == 0) bytes.resize(at);
    }
  }
  return bytes;
}

// A byte-level tokenizer.json with everything that our reader knows, small enough to be hit everywhere.
inline Json small_byte_level_json() {
  text::TrainOptions options;
  options.vocab_size = 280;
  options.special_tokens = {"<s>", "<|end|>"};
  options.added_tokens = {" [SEP] "};
  Json json = text::Tokenizer::train(shop_texts(1, 20), options).to_json();
  json["normalizer"] = {{"type", "NFC"}};
  const Json split = {{"type", "Split"},
                      {"pattern", {{"Regex", R"(\p{N}{1,3}| ?\p{L}+)"}}},
                      {"behavior", "Isolated"},
                      {"invert", false}};
  json["pre_tokenizer"]["pretokenizers"].insert(json["pre_tokenizer"]["pretokenizers"].begin(), split);
  json["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", Json::array({{{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}},
                              {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}})},
      {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", Json::array({0})}, {"tokens", Json::array({"<s>"})}}}}}};
  return json;
}

// One damaged file, read and, where it is still good, used. Tells whether it was refused; the refusal is one line that
// names the file.
struct DamagedFile {
  bool refused = false;
  std::string message;
  std::string bytes;
};

enum class DamagedKind { kJson, kSentencePiece, kGguf };
inline constexpr const char* kDamagedKinds[] = {"json", "sentencepiece", "gguf"};

class Damage {
 public:
  Damage() : json_(small_byte_level_json()), model_(small_model().bytes()) {
    TestModel mapped = small_model();
    mapped.normalizer = proto_bytes(1, "x") + proto_bytes(2, small_charsmap());
    mapped_ = mapped.bytes();
    llama_ = text::Tokenizer::from_sentencepiece(model_, "m").value().to_json();
    for (const auto& [token, id] : json_["model"]["vocab"].items()) bytes_.tokens.push_back(token);
    bytes_.model = "gpt2";
    bytes_.token_types.assign(bytes_.tokens.size(), 1);
    bytes_.token_types[0] = 3;
    for (const Json& merge : json_["model"]["merges"]) bytes_.merges.push_back(merge);
    for (const TestPiece& piece : small_model().pieces) {
      pieces_.tokens.push_back(piece.text);
      pieces_.scores.push_back(piece.score);
      pieces_.token_types.push_back(piece.type);
    }
    pieces_.model = "llama";
  }

  DamagedFile round(DamagedKind kind, Rng& rng) const {
    DamagedFile file;
    const Result<text::Tokenizer> loaded = load(kind, rng, file.bytes);
    file.refused = !loaded.ok();
    if (file.refused) {
      file.message = loaded.status().message();
      return file;
    }
    const std::string text =
        "Thought: i need slim 1234 [SEP] B<|end|> red  lamp é\u0301 x<s>\xFF" + std::string(300, 'a');
    const auto ids = loaded->encode(text);
    (void)loaded->decode(ids);
    (void)loaded->decode(loaded->encode_ordinary(text, text::Place::kInside), true);
    (void)loaded->to_json();
    return file;
  }

 private:
  Result<text::Tokenizer> load(DamagedKind kind, Rng& rng, std::string& bytes) const {
    if (kind == DamagedKind::kGguf) {
      text::GgufTokenizer keys = rng.below(2) == 0 ? bytes_ : pieces_;
      for (std::uint64_t left = 1 + rng.below(3); left > 0; --left) damage(keys, rng);
      return text::Tokenizer::from_gguf(keys, "file");
    }
    if (kind == DamagedKind::kJson) {
      const Json& whole = rng.below(2) == 0 ? json_ : llama_;
      bytes = rng.below(2) == 0 ? damaged(whole.dump(1), rng) : damaged_json(whole, rng);
      return from_text(bytes);
    }
    bytes = damaged(rng.below(2) == 0 ? model_ : mapped_, rng);
    return text::Tokenizer::from_sentencepiece(bytes, "file");
  }

  // What a GGUF file can say, which is any values of the right types.
  static void damage(text::GgufTokenizer& keys, Rng& rng) {
    const auto number = [&] {
      return static_cast<std::int64_t>(rng.below(4) == 0 ? rng.below(UINT64_MAX) : rng.below(400)) - 2;
    };
    const std::size_t at = rng.below(keys.tokens.size() + 1);
    switch (rng.below(11)) {
      case 0:
        if (at < keys.tokens.size()) keys.tokens[at] = damaged(keys.tokens[at], rng);
        return;
      case 1:
        keys.tokens.resize(at);
        return;
      case 2:
        if (at < keys.token_types.size()) keys.token_types[at] = static_cast<std::int32_t>(number());
        return;
      case 3:
        if (at < keys.scores.size())
          keys.scores[at] = std::bit_cast<float>(static_cast<std::uint32_t>(rng.below(UINT64_MAX)));
        return;
      case 4:
        if (!keys.merges.empty()) {
          std::string& merge = keys.merges[rng.below(keys.merges.size())];
          merge = rng.below(2) == 0 ? damaged(merge, rng) : keys.merges[rng.below(keys.merges.size())];
        }
        return;
      case 5:
        keys.bos = number();
        keys.add_bos = rng.below(2) == 0;
        return;
      case 6:
        (rng.below(2) == 0 ? keys.unk : keys.pad) = number();
        keys.eos = number();
        return;
      case 7: {
        constexpr const char* kPre[] = {"smollm", "llama-bpe", "qwen2", "gpt-2", "default", "", "other"};
        keys.pre = kPre[rng.below(std::size(kPre))];
        return;
      }
      case 8:
        keys.add_space_prefix = rng.below(2) == 0;
        keys.remove_extra_whitespaces = rng.below(2) == 0;
        return;
      case 9:
        if (!keys.tokens.empty())
          std::swap(keys.tokens[at % keys.tokens.size()], keys.tokens[rng.below(keys.tokens.size())]);
        return;
      default:
        keys.tokens.push_back(keys.tokens.empty() || rng.below(2) == 0 ? std::string(rng.below(5000), 'a')
                                                                       : keys.tokens[at % keys.tokens.size()]);
        keys.token_types.push_back(static_cast<std::int32_t>(1 + rng.below(6)));
        if (!keys.scores.empty()) keys.scores.push_back(0);
    }
  }

  static Result<text::Tokenizer> from_text(const std::string& bytes) {
    return text::Tokenizer::from_json_text(bytes, "file");
  }

  // One rule: `x` becomes `re`. Units: the root, whose children are at 0 ^ 1 << …; see charsmap.h.
  static std::string small_charsmap() {
    std::vector<std::uint32_t> units(256, 0);
    units[0] = 1u << 10;                            // children of the root at 1 ^ byte
    units[1 ^ 'x'] = 'x' | (1u << 8) | (2u << 10);  // a value below it, at (1 ^ 'x') ^ 2
    units[1 ^ 'x' ^ 2] = 0x80000000u;               // the replacement at 0
    std::string blob;
    const auto put = [&](std::uint32_t value) {
      for (int shift = 0; shift < 32; shift += 8) blob += static_cast<char>(value >> shift);
    };
    put(4 * 256);
    for (const std::uint32_t unit : units) put(unit);
    return blob + std::string("re\0", 3);
  }

  Json json_, llama_;
  std::string model_, mapped_;
  text::GgufTokenizer bytes_, pieces_;
};

}  // namespace ipr::test
