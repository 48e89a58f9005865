#include "core/model/peft_folder.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>

#include "core/base/files.h"
#include "core/model/checkpoint.h"
#include "core/model/safetensors.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::model;
namespace fs = std::filesystem;

namespace {

bool equal(const Lora& a, const Lora& b) {
  return a.rank == b.rank && a.alpha == b.alpha && a.rank_stabilized == b.rank_stabilized &&
         std::equal(a.pairs.begin(), a.pairs.end(), b.pairs.begin(), b.pairs.end(), [](const auto& x, const auto& y) {
           return x.first == y.first && x.second.a.shape == y.second.a.shape && x.second.b.shape == y.second.b.shape &&
                  x.second.a.values == y.second.a.values && x.second.b.values == y.second.b.values;
         });
}

// A base in `base` and a change of it in `adapter`.
struct Saved {
  explicit Saved(const LlamaConfig& config = test::odd_config()) : weights(test::tiny_weights(config, 1)) {
    REQUIRE(save_checkpoint(base, weights, {{"tokenizer.json", "{}"}}).ok());
    weights.lora = test::tiny_lora(config, 4, 2);
    weights.lora->base = base;
    REQUIRE(save_checkpoint(adapter, weights, {{"tokenizer.json", "[]"}}).ok());
  }
  [[nodiscard]] Json config() const { return Json::parse(read_file(adapter + "/adapter_config.json").value()); }
  void put(const Json& config) const { REQUIRE(write_file(adapter + "/adapter_config.json", config.dump()).ok()); }
  // The error of loading the adapter with one key changed.
  [[nodiscard]] std::string refusal(const std::string& key, const Json& value) const {
    const Json before = config();
    Json changed = before;
    changed[key] = value;
    put(changed);
    const auto loaded = load_checkpoint(adapter);
    put(before);
    CAPTURE(key, value.dump());
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.status().code() == Code::kData);
    CHECK(loaded.status().message().find('\n') == std::string::npos);
    return loaded.status().message();
  }

  test::TempFolder folder;
  std::string base = folder.file("base"), adapter = folder.file("deep/er/adapter");
  Weights weights;
};

bool says(const std::string& message, const std::string& what) {
  INFO(message);
  CHECK(message.find(what) != std::string::npos);
  return message.find(what) != std::string::npos;
}

using Tensors = std::map<std::string, Tensor>;
constexpr const char* kSomeA = "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight";

// The error of loading an adapter whose tensors were changed.
template <typename Change>
std::string tensor_refusal(const Change& change) {
  const Saved saved;
  const std::string path = saved.adapter + "/adapter_model.safetensors";
  Tensors tensors = read_safetensors(path).value();
  change(tensors);
  REQUIRE(write_safetensors(path, tensors).ok());
  const auto loaded = load_peft(saved.adapter, saved.weights.config);
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.status().code() == Code::kData);
  CHECK(loaded.status().message().find(path) == 0);
  return loaded.status().message();
}

}  // namespace

TEST_CASE("weights with a change are saved as a PEFT folder and come back over their base", "[model][peft]") {
  for (const LlamaConfig& config : test::family_configs()) {
    const Saved saved(config);
    CHECK(is_peft_folder(saved.adapter));
    CHECK_FALSE(is_peft_folder(saved.base));
    CHECK(read_file(saved.adapter + "/tokenizer.json").value() == "[]");
    CHECK_FALSE(fs::exists(saved.adapter + "/model.safetensors"));
    for (const Precision precision : {Precision::kF32, Precision::kAsStored}) {
      const auto loaded = load_checkpoint(saved.adapter, precision);
      INFO(loaded.status().message());
      REQUIRE(loaded.ok());
      REQUIRE(loaded->lora);
      CHECK(equal(*loaded->lora, *saved.weights.lora));
      CHECK(loaded->lora->base == saved.base);
      CHECK(loaded->tensors.at("model.norm.weight").values == saved.weights.tensors.at("model.norm.weight").values);
    }
  }
}

TEST_CASE("a PEFT folder is always whole, and equal changes give equal bytes", "[model][peft]") {
  const Saved saved;
  const std::string again = saved.folder.file("again");
  REQUIRE(save_checkpoint(again, saved.weights, {{"old.txt", "x"}}).ok());
  REQUIRE(save_checkpoint(again, saved.weights, {{"tokenizer.json", "[]"}}).ok());
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(again)) {
    const std::string name = entry.path().filename().string();
    names.insert(name);
    CHECK(read_file(entry.path().string()).value() == read_file(saved.adapter + "/" + name).value());
  }
  CHECK(names == std::set<std::string>{"adapter_config.json", "adapter_model.safetensors", "tokenizer.json"});
  for (const auto& entry : fs::directory_iterator(saved.folder.path()))
    CHECK(entry.path().string().find(".tmp.") == std::string::npos);
}

TEST_CASE("alpha, rsLoRA and any subset of modules survive a PEFT folder", "[model][peft]") {
  Saved saved;
  Lora& lora = *saved.weights.lora;
  lora.alpha = 2.5;
  lora.rank_stabilized = true;
  std::erase_if(lora.pairs, [](const auto& pair) { return !pair.first.ends_with("v_proj"); });
  REQUIRE(save_checkpoint(saved.adapter, saved.weights, {}).ok());
  CHECK(saved.config().at("target_modules") == Json{"v_proj"});
  CHECK(equal(load_checkpoint(saved.adapter)->lora.value(), lora));
  lora.pairs.erase(lora.pairs.begin());  // not in every layer: whole names
  REQUIRE(save_checkpoint(saved.adapter, saved.weights, {}).ok());
  CHECK(saved.config().at("target_modules") == Json{"model.layers.1.self_attn.v_proj"});
  CHECK(equal(load_checkpoint(saved.adapter)->lora.value(), lora));
}

TEST_CASE("the base is looked for beside the adapter, then in the working folder", "[model][peft]") {
  const Saved saved;
  Json config = saved.config();
  config["base_model_name_or_path"] = "../../../base";
  saved.put(config);
  CHECK(find_peft_base(saved.adapter).value() == saved.base);
  CHECK(load_checkpoint(saved.adapter)->lora->base == saved.base);
  config["base_model_name_or_path"] = fs::relative(saved.base).string();
  saved.put(config);
  CHECK(find_peft_base(saved.adapter).value() == saved.base);

  const std::string missing = saved.refusal("base_model_name_or_path", "someone/model-7b");
  says(missing, saved.adapter + "/adapter_config.json: \"base_model_name_or_path\"");
  says(missing, saved.adapter + "/someone/model-7b nor " + fs::current_path().string() + "/someone/model-7b");
  says(saved.refusal("base_model_name_or_path", nullptr), "says no base model");
  says(saved.refusal("base_model_name_or_path", 7), "expected a path, found 7");
  says(saved.refusal("base_model_name_or_path", "a\nb"), "expected a path, found \"a\\nb\"");
  says(saved.refusal("base_model_name_or_path", saved.adapter), "is a PEFT folder itself");

  // A change alone needs no base.
  fs::remove_all(saved.base);
  CHECK(equal(load_peft(saved.adapter, saved.weights.config).value(), *saved.weights.lora));
}

TEST_CASE("what would change the numbers and is not built is refused by name", "[model][peft]") {
  const Saved saved;
  for (const auto& [key, value] : std::vector<std::pair<std::string, Json>>{{"use_dora", true},
                                                                            {"bias", "all"},
                                                                            {"bias", "lora_only"},
                                                                            {"lora_bias", true},
                                                                            {"modules_to_save", {"lm_head"}},
                                                                            {"rank_pattern", {{"q_proj", 2}}},
                                                                            {"alpha_pattern", {{"q_proj", 2}}},
                                                                            {"fan_in_fan_out", true},
                                                                            {"layer_replication", {{0, 1}}},
                                                                            {"trainable_token_indices", {3}},
                                                                            {"target_parameters", {"x"}},
                                                                            {"init_lora_weights", "pissa"},
                                                                            {"something_new", {{"on", true}}}}) {
    says(saved.refusal(key, value), "\"" + key + "\": ");
  }
  says(saved.refusal("peft_type", "IA3"), "\"peft_type\": \"IA3\" is not supported; only \"LORA\" is");
  for (const Json& rank : {Json(0), Json(-3), Json(2.5), Json("8"), Json()}) says(saved.refusal("r", rank), "\"r\": ");
  for (const Json& alpha : {Json("16"), Json()}) says(saved.refusal("lora_alpha", alpha), "\"lora_alpha\": ");
  says(saved.refusal("use_rslora", 1), "\"use_rslora\": expected true or false");
  says(saved.refusal("r", 8), "is not [8, ");

  Json harmless = saved.config();
  harmless.update({{"layers_to_transform", {0, 1}},
                   {"lora_dropout", 0.1},
                   {"loftq_config", Json::object()},
                   {"init_lora_weights", "gaussian"},
                   {"target_modules", "all-linear"},
                   {"megatron_core", "megatron.core"},
                   {"something_new", nullptr}});
  saved.put(harmless);
  CHECK(load_checkpoint(saved.adapter).ok());
}

TEST_CASE("tensors that are no change of the base are refused by name", "[model][peft]") {
  says(tensor_refusal([](Tensors& tensors) { tensors.erase(kSomeA); }), "model.layers.0.mlp.up_proj has no lora_A");
  says(tensor_refusal([](Tensors& tensors) { tensors.clear(); }), "holds no tensor");
  says(tensor_refusal([](Tensors& tensors) {
         tensors["lm_head.weight"] = {{1}, std::vector<float>{1}};
       }),
       "tensor lm_head.weight is no lora_A or lora_B");
  says(tensor_refusal([](Tensors& tensors) {
         tensors["base_model.model.lm_head.lora_A.weight"] = tensors[kSomeA];
         tensors["base_model.model.lm_head.lora_B.weight"] = tensors[kSomeA];
       }),
       "it adapts lm_head");
  says(tensor_refusal([](Tensors& tensors) {
         tensors[kSomeA].shape = {36, 4};
       }),
       "the adapter of model.layers.0.mlp.up_proj");
  says(tensor_refusal([](Tensors& tensors) {
         tensors[kSomeA].shape = {};
         tensors[kSomeA].values = std::vector<float>{1};
       }),
       "has no lora_A");
  says(tensor_refusal(
           [](Tensors& tensors) { tensors[kSomeA].values.edit()[3] = std::numeric_limits<float>::quiet_NaN(); }),
       std::string("tensor ") + kSomeA + ": value 3 is not a number");
}

TEST_CASE("half precision adapters are read as f32", "[model][peft]") {
  const Saved saved;
  const std::string path = saved.adapter + "/adapter_model.safetensors";
  Tensors tensors = read_safetensors(path).value();
  for (auto& [name, tensor] : tensors) {
    const auto ones = std::make_shared<std::vector<std::uint16_t>>(tensor.values.size(), std::uint16_t{0x3f80});
    tensor.values = Values(ElementType::kBF16, reinterpret_cast<const char*>(ones->data()), ones->size(), ones);
  }
  REQUIRE(write_safetensors(path, tensors).ok());
  const auto lora = load_peft(saved.adapter, saved.weights.config);
  REQUIRE(lora.ok());
  for (const auto& [module, pair] : lora->pairs) {
    CHECK(std::all_of(pair.a.values.begin(), pair.a.values.end(), [](float value) { return value == 1; }));
    CHECK(pair.b.values.type() == ElementType::kF32);
  }
}

TEST_CASE("a pickled or missing adapter says what to do", "[model][peft]") {
  const Saved saved;
  fs::remove(saved.adapter + "/adapter_model.safetensors");
  says(load_checkpoint(saved.adapter).status().message(), "adapter_model.safetensors: is not there");
  REQUIRE(write_file(saved.adapter + "/adapter_model.bin", "\x80\x02}q").ok());
  says(load_checkpoint(saved.adapter).status().message(), "adapter_model.bin: is a pickle");
  says(load_checkpoint(saved.adapter).status().message(), "PeftModel.from_pretrained");
}

TEST_CASE("a broken adapter_config.json is one clear error", "[model][peft]") {
  const Saved saved;
  const std::string path = saved.adapter + "/adapter_config.json";
  const std::string whole = read_file(path).value();
  for (const std::string& text : {std::string(), std::string("[]"), std::string("7"), std::string("{\"r\":"),
                                  std::string(10000, '['), std::string((std::size_t{1} << 20) + 1, ' ')}) {
    REQUIRE(write_file(path, text).ok());
    const auto loaded = load_checkpoint(saved.adapter);
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.status().code() == Code::kData);
    says(loaded.status().message(), path);
  }
  for (std::size_t size = 0; size + 3 < whole.size(); size += 7) {
    REQUIRE(write_file(path, whole.substr(0, size)).ok());
    CHECK_FALSE(load_peft(saved.adapter, saved.weights.config).ok());
  }
}

TEST_CASE("a merged model is saved as f32, whatever its base was", "[model][peft]") {
  const Saved saved;
  const auto loaded = load_checkpoint(saved.adapter, Precision::kAsStored);
  REQUIRE(loaded.ok());
  const std::string path = saved.folder.file("merged");
  REQUIRE(save_checkpoint(path, merged(*loaded), {}).ok());
  const auto read = load_checkpoint(path);
  REQUIRE(read.ok());
  CHECK_FALSE(read->lora);
  const Weights expected = merged(saved.weights);
  for (const auto& [name, tensor] : expected.tensors) CHECK(read->tensors.at(name).values == tensor.values);
}
