#include "tests/text/tokenizer_goldens.h"

#include "core/base/strings.h"
#include "core/text/base64.h"
#include "core/text/incremental_decoder.h"
#include "core/text/tokenizer.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

namespace ipr::test {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr int kShown = 5;  // differences of one tokenizer

std::string text_of(const Json& text) {
  if (text.is_string()) return text;
  const std::string hex = text["hex"];
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  return bytes;
}

Ids ids_of(const Json& file, const Json& golden, std::size_t text) {
  const Json& ids = golden["ids"];
  if (ids.is_array()) return ids[text];
  const std::string key = std::to_string(text);
  return ids.contains(key) ? ids[key].get<Ids>()
                           : ids_of(file, file["tokenizers"][golden["base"].get<std::size_t>()], text);
}

std::string in_increments(const text::Tokenizer& tokenizer, const Ids& ids) {
  text::IncrementalDecoder decoder(tokenizer, /*keep_special=*/true);
  std::string whole;
  for (const std::int32_t id : ids) {
    const std::string part = decoder.push(id);
    CHECK(valid_utf8(part) == part);
    whole += part;
  }
  return whole + decoder.finish();
}

}  // namespace

Result<text::Tokenizer> tokenizer_of(const Json& golden) {
  const std::string name = golden["name"];
  if (golden["kind"] == "json") return text::Tokenizer::from_json(golden["file"], name);
  return text::Tokenizer::from_sentencepiece(text::from_base64(golden["file"].get<std::string>()).value(), name);
}

void check_tokenizer_goldens(const std::string& path) {
  const Json file = load_json(path);
  for (const Json& golden : file["tokenizers"]) {
    const std::string name = golden["name"];
    CAPTURE(name);
    const auto tokenizer = tokenizer_of(golden);
    if (!tokenizer.ok()) FAIL(tokenizer.status().message());
    CHECK(tokenizer->prefix_ids() == golden["prefix"].get<Ids>());
    // SentencePiece itself takes control pieces in a text for ordinary characters.
    const bool always_ordinary = golden["kind"] == "sentencepiece";
    int different = 0;
    const auto compare = [&](const std::string& what, std::size_t i, const auto& found, const auto& wanted) {
      if (found == wanted) return;
      if (++different > kShown) return;
      CAPTURE(i, what, file["texts"][i]);
      CHECK(found == wanted);
    };
    for (std::size_t i = 0; i < file["texts"].size(); ++i) {
      const std::string text = text_of(file["texts"][i]);
      const std::string key = std::to_string(i);
      const Ids ids = ids_of(file, golden, i);
      if (!always_ordinary) compare("ids", i, tokenizer->encode(text), ids);
      const Json& ordinary = golden["ordinary"];
      const Ids as_text = ordinary.contains(key) ? ordinary[key].get<Ids>() : ids;
      compare("ordinary", i, tokenizer->encode_ordinary(text), as_text);
      const Json& decoded = golden["decoded"];
      const std::string back = decoded.contains(key) ? decoded[key].get<std::string>() : valid_utf8(text);
      compare("decoded", i, tokenizer->decode(ids, !always_ordinary), back);
      compare("in increments", i, in_increments(*tokenizer, ids), tokenizer->decode(ids, true));
    }
    CHECK(different == 0);
  }
}

}  // namespace ipr::test
