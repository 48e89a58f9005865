// `ipr-host model …` on a PEFT folder: looked at, asked, merged.
#include <filesystem>

#include "core/base/files.h"
#include "core/model/checkpoint.h"
#include "core/text/chat.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* kQuestion = R"({"id":1,"prompt":"up and down","continuation":" the ways","top":5})"
                                  "\n";

// "base" with a tokenizer and "adapter" without one.
struct Models {
  Models() {
    model::LlamaConfig config = mini_config();
    text::TrainOptions options;
    options.vocab_size = 300;
    options.special_tokens = text::ChatTemplate::special_tokens("plain");
    const std::vector<std::string> texts = {"up and down the ways", "down and up"};
    const auto tokenizer = text::Tokenizer::train(texts, options);
    config.vocab_size = tokenizer.vocab_size();
    weights = tiny_weights(config, 1);
    REQUIRE(model::save_checkpoint(place.file("base"), weights, {{"tokenizer.json", tokenizer.to_json().dump()}}).ok());
    weights.lora = tiny_lora(config, 4, 2);
    weights.lora->base = place.file("base");
    REQUIRE(model::save_checkpoint(place.file("adapter"), weights, {}).ok());
  }
  [[nodiscard]] Json ask(const std::string& model) const {
    const Ended ended = place.host({"model", "logprobs", model, "--chat-template", "plain"}, kQuestion);
    INFO(ended.err);
    REQUIRE(ended.exit_code == 0);
    const Json answer = json_lines(ended.out).at(0);
    INFO(answer.dump());
    REQUIRE_FALSE(answer.contains("error"));
    return answer;
  }

  Workplace place;
  model::Weights weights;
};

}  // namespace

TEST_CASE("model inspect tells a PEFT folder's change and its base", "[host][peft]") {
  const Models models;
  const Ended ended = models.place.host({"model", "inspect", "adapter", "--json"});
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  const Json answer = Json::parse(ended.out);
  const Json lora = answer.at("lora");
  CHECK(lora.at("rank") == 4);
  CHECK(lora.at("alpha") == 8);
  CHECK(lora.at("scale") == 2);
  CHECK(lora.at("base") == models.place.file("base"));
  CHECK(lora.at("modules").size() == 14);
  CHECK(lora.at("parameters") == models.weights.lora->parameter_count());
  CHECK(answer.at("parameters") == models.weights.config.parameter_count());
  const Json base = Json::parse(models.place.host({"model", "inspect", "base", "--json"}).out);
  CHECK_FALSE(base.contains("lora"));
  CHECK(base.at("sha256") != answer.at("sha256"));
  const std::string text = models.place.host({"model", "inspect", "adapter"}).out;
  CHECK(contains(text, "LoRA of rank 4, alpha 8: W + 2 B A in 14 modules"));
  CHECK(contains(text, "base " + models.place.file("base")));
}

TEST_CASE("a PEFT folder answers as its merged model does, with its base's tokenizer", "[host][peft]") {
  const Models models;
  const Ended merged = models.place.host({"model", "merge", "adapter", "merged", "--json"});
  INFO(merged.err);
  REQUIRE(merged.exit_code == 0);
  CHECK(Json::parse(merged.out).at("out") == "merged");
  const Json inspected = Json::parse(models.place.host({"model", "inspect", "merged", "--json"}).out);
  CHECK(inspected.at("sha256") == Json::parse(merged.out).at("sha256"));
  CHECK_FALSE(inspected.contains("lora"));
  CHECK(read_file(models.place.file("merged/tokenizer.json")).value() ==
        read_file(models.place.file("base/tokenizer.json")).value());

  const Json base = models.ask("base"), adapter = models.ask("adapter"), full = models.ask("merged");
  CHECK(adapter.at("total") != base.at("total"));
  CHECK(adapter.at("total").get<double>() == Approx(full.at("total").get<double>()).epsilon(1e-5));
  CHECK(adapter.at("top_ids") == full.at("top_ids"));
}

TEST_CASE("model merge refuses what it cannot merge, and overwrites nothing", "[host][peft]") {
  const Models models;
  const Ended full = models.place.host({"model", "merge", "base", "merged"});
  CHECK(full.exit_code == 2);
  CHECK(contains(full.err, "base: has no adapter_config.json"));
  const Ended onto = models.place.host({"model", "merge", "adapter", "base"});
  CHECK(onto.exit_code == 2);
  CHECK(contains(onto.err, "base: exists; give a new folder"));
  fs::rename(models.place.file("base"), models.place.file("elsewhere"));
  const Ended lost = models.place.host({"model", "merge", "adapter", "merged"});
  CHECK(lost.exit_code == 3);
  CHECK(contains(lost.err, "the base model is not here: no " + models.place.file("base")));
  CHECK_FALSE(fs::exists(models.place.file("merged")));
}
