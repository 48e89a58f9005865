#include "core/model/value_head.h"

#include <filesystem>
#include <limits>

#include "core/model/checkpoint.h"
#include "core/model/safetensors.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::test;
using namespace ipr::model;

namespace {

Weights headed_model() {
  Weights weights = random_weights(odd_config(), 4);
  weights.value_head = constant_value_head(weights.config, 0.5f);
  weights.value_head->weight.values.edit()[2] = -3;
  return weights;
}

}  // namespace

TEST_CASE("a head is saved beside the weights, under trl's names, and read back", "[model][value]") {
  const TempFolder folder;
  const Weights weights = headed_model();
  REQUIRE(save_checkpoint(folder.file("model"), weights, {}).ok());
  const auto tensors = read_safetensors(folder.file("model/value_head.safetensors"));
  REQUIRE(tensors.ok());
  CHECK(tensors->at("v_head.summary.weight").shape == std::vector<std::int64_t>{1, weights.config.hidden_size});
  CHECK(tensors->at("v_head.summary.bias").shape == std::vector<std::int64_t>{1});
  const auto head = load_value_head(folder.file("model"), weights.config);
  REQUIRE(head.ok());
  REQUIRE(head->has_value());
  CHECK((*head)->weight.values == weights.value_head->weight.values);
  CHECK((*head)->bias.values == weights.value_head->bias.values);
  // To who does not ask for it, the folder is the model without a head.
  const auto plain = load_checkpoint(folder.file("model"));
  REQUIRE(plain.ok());
  CHECK_FALSE(plain->value_head.has_value());
}

TEST_CASE("a head goes along with a LoRA change", "[model][value]") {
  const TempFolder folder;
  Weights weights = headed_model();
  weights.lora = fresh_lora(weights.config, 2, 1);
  weights.lora->base = folder.file("base");
  REQUIRE(save_checkpoint(folder.file("change"), weights, {}).ok());
  const auto head = load_value_head(folder.file("change"), weights.config);
  REQUIRE(head.ok());
  CHECK(head->has_value());
}

TEST_CASE("a folder without a head has none; a damaged or foreign one is refused", "[model][value]") {
  const TempFolder folder;
  const Weights weights = headed_model();
  const auto none = load_value_head(folder.path(), weights.config);
  REQUIRE(none.ok());
  CHECK_FALSE(none->has_value());

  const auto refused = [&](const ValueHead& head) {
    REQUIRE(save_value_head(folder.path(), head).ok());
    const auto loaded = load_value_head(folder.path(), weights.config);
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.status().code() == Code::kData);
    return loaded.status().message();
  };
  LlamaConfig wider = weights.config;
  wider.hidden_size *= 2;
  CHECK(refused(constant_value_head(wider, 0)).find("different checkpoints") != std::string::npos);
  CHECK(refused(constant_value_head(weights.config, std::numeric_limits<float>::infinity())).find("not finite") !=
        std::string::npos);
  REQUIRE(write_safetensors(folder.file(kValueHeadFile), {{kValueBias, weights.value_head->bias}}).ok());
  const auto half = load_value_head(folder.path(), weights.config);
  CHECK(half.status().message().find(kValueWeight) != std::string::npos);

  Weights wrong = weights;
  wrong.value_head = constant_value_head(wider, 0);
  CHECK_FALSE(check_weights(wrong, "here").ok());
}
