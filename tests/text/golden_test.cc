// Ids of other programs' making.
#include "core/text/chat.h"
#include "core/text/tokenizer.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::text;

TEST_CASE("tiny-llama's texts have the ids that Hugging Face gave them", "[text][golden]") {
  const auto file = test::shared_file("data/tiny-llama/forward_golden.json.gz");
  if (file.empty()) return;
  const auto tokenizer = Tokenizer::load(test::shared_file("data/tiny-llama/tokenizer.json"));
  REQUIRE(tokenizer.ok());
  CHECK(tokenizer->vocab_size() == 1024);
  CHECK(tokenizer->token_id("<|im_end|>") == 2);
  const Json golden = test::load_json(file);
  for (const char* model : {"untied", "tied"}) {
    for (const Json& entry : golden["forward"][model]) {
      const std::string text = entry["text"];
      CAPTURE(text);
      const auto ids = tokenizer->encode(text);
      CHECK(ids == entry["ids"].get<std::vector<std::int32_t>>());
      CHECK(tokenizer->decode(ids, /*keep_special=*/true) == text);
    }
  }
}

TEST_CASE("tiny-llama's tokenizer is written back as it was read", "[text][golden]") {
  const auto file = test::shared_file("data/tiny-llama/tokenizer.json");
  if (file.empty()) return;
  CHECK(Tokenizer::load(file).value().to_json() == test::load_json(file));
}

TEST_CASE("a chatml chat with tiny-llama's tokenizer equals the tokenized rendering", "[text][golden]") {
  const auto file = test::shared_file("golden/smollm2/masks.json.gz");
  if (file.empty()) return;
  const auto tokenizer = Tokenizer::load(test::shared_file("data/tiny-llama/tokenizer.json")).value();
  const auto smollm2 = ChatTemplate::make("smollm2", tokenizer).value();
  for (const Json& entry : test::load_json(file)) {
    std::vector<Message> messages;
    std::string rendered =
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n";
    for (const Json& message : entry["messages"]) {
      const bool user = message["role"] == "user";
      messages.push_back({user ? Role::kUser : Role::kAssistant, message["content"]});
      rendered += "<|im_start|>" + message["role"].get<std::string>() + "\n" + messages.back().text + "<|im_end|>\n";
    }
    const auto chat = tokenize_chat(tokenizer, smollm2, messages);
    CHECK(chat.ids == tokenizer.encode(rendered));
    // The golden's own vocabulary is larger, but turns and their ends are the same: control tokens have the same ids.
    const auto turns = [](const std::vector<std::int32_t>& ids, const std::vector<std::uint8_t>& mask) {
      std::vector<std::int32_t> controls;
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (ids[i] == 1 || ids[i] == 2) controls.push_back(10 * ids[i] + mask[i]);
      }
      return controls;
    };
    CHECK(turns(chat.ids, chat.mask) == turns(entry["ids"], entry["assistant_mask"]));
  }
}
