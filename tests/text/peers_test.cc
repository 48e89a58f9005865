// Against Hugging Face's tokenizers, through tests/text/peers.py run by $IPR_PYTHON (python3 if it is not set).
#include <sys/wait.h>

#include <cstdlib>
#include <iostream>

#include "core/base/files.h"
#include "core/text/tokenizer.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "tests/text/texts.h"

using namespace ipr;
using namespace ipr::text;

TEST_CASE("Hugging Face reads a written tokenizer to the same ids", "[text][peers]") {
  const char* chosen = std::getenv("IPR_PYTHON");
  const std::string python = chosen != nullptr ? chosen : "python3";
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
    const std::string command = python + " " + IPR_PEER_SCRIPT + " " + folder.file("tokenizer.json") + " " +
                                folder.file("texts.json") + " " + folder.file("ids.json");
    const int status = std::system(command.c_str());
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127) {
      std::cout << "skipped: " << python << " has no module tokenizers (set IPR_PYTHON)\n";
      return;
    }
    REQUIRE(WEXITSTATUS(status) == 0);
    const Json peer = test::load_json(folder.file("ids.json"));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      CAPTURE(texts[i]);
      CHECK(tokenizer.encode(texts[i]) == peer[i].get<std::vector<std::int32_t>>());
    }
  }
}
