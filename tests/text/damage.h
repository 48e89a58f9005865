// Damaged tokenizer files, for the unit test and the long run of fuzz.cc.
#pragma once

#include <string>
#include <string_view>

#include "core/base/rng.h"
#include "core/text/tokenizer.h"
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

class Damage {
 public:
  Damage() : json_(small_byte_level_json().dump(1)), model_(small_model().bytes()) {
    TestModel mapped = small_model();
    mapped.normalizer = proto_bytes(1, "x") + proto_bytes(2, small_charsmap());
    mapped_ = mapped.bytes();
    llama_ = text::Tokenizer::from_sentencepiece(model_, "m").value().to_json().dump();
  }

  DamagedFile round(Rng& rng) const {
    DamagedFile file;
    Result<text::Tokenizer> loaded = bad_data("");
    switch (rng.below(4)) {
      case 0:
        file.bytes = damaged(json_, rng);
        loaded = from_text(file.bytes);
        break;
      case 1:
        file.bytes = damaged(llama_, rng);
        loaded = from_text(file.bytes);
        break;
      case 2:
        file.bytes = damaged(model_, rng);
        loaded = text::Tokenizer::from_sentencepiece(file.bytes, "file");
        break;
      default:
        file.bytes = damaged(mapped_, rng);
        loaded = text::Tokenizer::from_sentencepiece(file.bytes, "file");
    }
    file.refused = !loaded.ok();
    if (file.refused) {
      file.message = loaded.status().message();
      return file;
    }
    const std::string text = "Thought: i need slim 1234 [SEP] B<|end|> red  lamp é\u0301 x<s>\xFF";
    const auto ids = loaded->encode(text);
    (void)loaded->decode(ids);
    (void)loaded->decode(loaded->encode_ordinary(text, text::Place::kInside), true);
    (void)loaded->to_json();
    return file;
  }

 private:
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

  std::string json_, llama_, model_, mapped_;
};

}  // namespace ipr::test
