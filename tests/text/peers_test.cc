// Against Hugging Face's tokenizers, sentencepiece and Jinja, through the scripts beside, run by $IPR_PYTHON (python3
// if it is not set).
#include <sys/wait.h>

#include <cstdlib>
#include <iostream>

#include "core/base/files.h"
#include "core/text/chat.h"
#include "core/text/chat_form.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "tests/text/texts.h"
#include "tests/text/tokenizer_goldens.h"

using namespace ipr;
using namespace ipr::text;

namespace {

// Runs a script of this folder; false, with the reason printed, if Python lacks what it needs.
bool run_script(const std::string& script, const std::string& arguments) {
  const char* chosen = std::getenv("IPR_PYTHON");
  const std::string python = chosen != nullptr ? chosen : "python3";
  const int status = std::system((python + " " IPR_PEER_SCRIPTS "/" + script + " " + arguments).c_str());
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127) {
    std::cout << "skipped: " << python << " lacks a module that " << script << " needs (set IPR_PYTHON)\n";
    return false;
  }
  REQUIRE(WEXITSTATUS(status) == 0);
  return true;
}

}  // namespace

TEST_CASE("Hugging Face reads a written tokenizer to the same ids", "[text][peers]") {
  for (const WordSplit split : {WordSplit::kGpt2, WordSplit::kMix}) {
    const test::TempFolder folder;
    TrainOptions options;
    options.special_tokens = {"<|pad|>", "<|user|>", "<|end|>"};
    options.added_tokens = {" [SEP] "};
    options.split = split;
    const Tokenizer tokenizer = Tokenizer::train(test::shop_texts(1, 200), options);
    std::vector<std::string> texts;
    for (Rng rng(61); texts.size() < 500;) texts.push_back(test::random_text(rng, 40));
    REQUIRE(write_file(folder.file("tokenizer.json"), tokenizer.to_json().dump()).ok());
    REQUIRE(write_file(folder.file("texts.json"), Json(texts).dump()).ok());
    if (!run_script("peers.py",
                    folder.file("tokenizer.json") + " " + folder.file("texts.json") + " " + folder.file("ids.json")))
      return;
    const Json peer = test::load_json(folder.file("ids.json"));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      CAPTURE(texts[i]);
      CHECK(tokenizer.encode(texts[i]) == peer[i].get<std::vector<std::int32_t>>());
    }
  }
}

// Those of the Llama family. Hugging Face's reading of a character map departs from SentencePiece's on some texts.
TEST_CASE("Hugging Face reads a saved SentencePiece tokenizer to the same ids", "[text][peers]") {
  const test::TempFolder folder;
  if (!run_script("make_tokenizer_goldens.py", folder.file("goldens.json.gz") + " --wide --seed 21 --count 600"))
    return;
  const Json file = test::load_json(folder.file("goldens.json.gz"));
  Json texts = Json::array();
  std::copy_if(file["texts"].begin(), file["texts"].end(), std::back_inserter(texts),
               [](const Json& text) { return text.is_string(); });
  REQUIRE(write_file(folder.file("texts.json"), texts.dump()).ok());
  int read = 0;
  for (const Json& golden : file["tokenizers"]) {
    if (golden["name"] != "sentencepiece llama-2" &&
        golden["name"] != "sentencepiece without a dummy prefix, with user-defined pieces")
      continue;
    ++read;
    const Tokenizer tokenizer = test::tokenizer_of(golden).value();
    REQUIRE(write_file(folder.file("tokenizer.json"), tokenizer.to_json().dump()).ok());
    if (!run_script("peers.py",
                    folder.file("tokenizer.json") + " " + folder.file("texts.json") + " " + folder.file("ids.json")))
      return;
    const Json peer = test::load_json(folder.file("ids.json"));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      CAPTURE(golden["name"], texts[i]);
      CHECK(tokenizer.encode(texts[i].get<std::string>()) == peer[i].get<std::vector<std::int32_t>>());
    }
  }
  CHECK(read == 2);
}

TEST_CASE("freshly trained tokenizers give the ids of sentencepiece and tokenizers", "[text][peers]") {
  const test::TempFolder folder;
  const char* seed = std::getenv("IPR_PEER_SEED");
  const std::string options = std::string(" --wide --seed ") + (seed != nullptr ? seed : "20");
  if (!run_script("make_tokenizer_goldens.py", folder.file("goldens.json.gz") + options)) return;
  test::check_tokenizer_goldens(folder.file("goldens.json.gz"));
}

TEST_CASE("Jinja renders a written chat template to the text of our ids", "[text][peers]") {
  const test::TempFolder folder;
  const std::vector<std::vector<Message>> chats = {
      {{Role::kUser, "hi"}},
      {{Role::kUser, "it's\n\"two\" lines \\n"}, {Role::kAssistant, "Thought: x\nAction: go"}, {Role::kUser, " y "}},
      {{Role::kSystem, "be brief"}, {Role::kUser, "hi"}, {Role::kAssistant, "OK"}},
      {{Role::kSystem, "s"}, {Role::kUser, "a"}, {Role::kAssistant, "b"}, {Role::kUser, "c"}, {Role::kAssistant, "d"}}};
  constexpr const char* kRoles[] = {"system", "user", "assistant"};
  Json cases = Json::array();
  std::vector<std::string> ours;
  for (const std::string& name : chat_form_names()) {
    TrainOptions options;
    options.special_tokens = ChatTemplate::special_tokens(name);
    const Tokenizer tokenizer = Tokenizer::train(test::shop_texts(1, 50), options);
    const auto made = ChatTemplate::make(name, tokenizer).value();
    for (const auto& chat : chats) {
      Json messages = Json::array();
      for (const Message& message : chat)
        messages.push_back({{"role", kRoles[static_cast<int>(message.role)]}, {"content", message.text}});
      for (const bool prompt : {false, true}) {
        cases.push_back({{"jinja", made.jinja()}, {"messages", messages}, {"add_generation_prompt", prompt}});
        auto tokenized = tokenize_chat(tokenizer, made, chat);
        if (prompt) made.append_generation_prompt(tokenizer, tokenized);
        ours.push_back(tokenizer.decode(tokenized.ids, true));
      }
    }
  }
  REQUIRE(write_file(folder.file("cases.json"), cases.dump()).ok());
  if (!run_script("render_chats.py", folder.file("cases.json") + " " + folder.file("texts.json"))) return;
  const Json texts = test::load_json(folder.file("texts.json"));
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(cases[i]);
    CHECK(ours[i] == texts[i].get<std::string>());
  }
}
