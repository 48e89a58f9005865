// config.json of the four families: what is read, what is refused, and that what is written is read back.
#include "core/model/config.h"

#include <algorithm>
#include <cmath>

#include "core/model/rope.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::model;

namespace {

// The least that a config.json must say.
Json least(const char* type) {
  return {{"model_type", type},     {"vocab_size", 100},         {"hidden_size", 64},       {"intermediate_size", 96},
          {"num_hidden_layers", 4}, {"num_attention_heads", 32}, {"num_key_value_heads", 8}};
}

LlamaConfig read(Json json, const Json& more = Json::object()) {
  json.update(more);
  const auto config = config_from_json(json, "config.json");
  INFO(config.status().message());
  REQUIRE(config.ok());
  // What was read is written so that it is read the same again.
  const Json written = config_to_json(*config);
  CHECK(config_to_json(config_from_json(written, "written").value()) == written);
  return *config;
}

std::string refused(Json json, const Json& more) {
  json.update(more);
  const auto config = config_from_json(json, "config.json");
  CAPTURE(more);
  REQUIRE_FALSE(config.ok());
  CHECK(config.status().code() == Code::kData);
  CHECK(config.status().message().starts_with("config.json: "));
  CHECK(config.status().message().size() < 250);
  return config.status().message();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a config keeps its values and names what is wrong", "[model][config]") {
  auto config = test::odd_config();
  config.eos_token_id = 2;
  config.rope_theta = 100000;
  const Json good = config_to_json(config);
  CHECK(config_to_json(config_from_json(good, "config.json").value()) == good);
  const auto without = [&](const char* key, const Json& value) {
    Json json = good;
    json[key] = value;
    const auto read = config_from_json(json, "config.json");
    REQUIRE_FALSE(read.ok());
    CHECK(read.status().code() == Code::kData);
    return read.status().message();
  };
  for (const char* key :
       {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"}) {
    CHECK(without(key, nullptr) ==
          "config.json: key \"" + std::string(key) + "\" is missing; is this a Llama model's config.json?");
    CHECK(without(key, -1).find(key) != std::string::npos);
    CHECK(without(key, "many").find(key) != std::string::npos);
  }
  CHECK(without("model_type", "gpt2").find("\"gpt2\"") != std::string::npos);
  CHECK(without("hidden_act", "gelu").find("gelu") != std::string::npos);
  CHECK(without("attention_bias", 1).find("attention_bias") != std::string::npos);
  CHECK(without("num_key_value_heads", 4).find("multiple") != std::string::npos);
  CHECK(without("head_dim", 9).find("odd") != std::string::npos);
  CHECK(without("rms_norm_eps", 0).find("rms_norm_eps") != std::string::npos);
  Json list = good;
  list["eos_token_id"] = {7, 8};
  list["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 500.0}};
  CHECK(config_from_json(list, "c")->eos_token_id == 7);
  CHECK(config_from_json(list, "c")->rope_theta == 500);
  CHECK_FALSE(config_from_json(Json::array(), "c").ok());
}

TEST_CASE("the families' biases, norms and defaults are those of Hugging Face", "[model][config]") {
  const LlamaConfig llama = read(least("llama"));
  CHECK(llama.family == Family::kLlama);
  CHECK_FALSE((llama.qkv_bias || llama.output_bias || llama.mlp_bias || llama.qk_norm));
  CHECK(llama.head_dim == 2);
  CHECK(llama.max_positions == 2048);
  CHECK(llama.rms_norm_eps == 1e-6);
  Json many_heads = least("llama");
  many_heads.erase("num_key_value_heads");
  CHECK(read(many_heads).num_kv_heads == 32);
  const LlamaConfig biased = read(least("llama"), {{"attention_bias", true}, {"mlp_bias", true}});
  CHECK((biased.qkv_bias && biased.output_bias && biased.mlp_bias));

  const LlamaConfig mistral = read(least("mistral"), {{"head_dim", 16}});
  CHECK(mistral.family == Family::kMistral);
  CHECK(mistral.head_dim == 16);
  CHECK(mistral.window(3) == 4096);  // where the key is missing; null says none
  CHECK(read(least("mistral"), {{"sliding_window", nullptr}}).window(0) == 0);
  CHECK(read(least("mistral"), {{"sliding_window", 7}}).window(0) == 7);
  many_heads["model_type"] = "mistral";
  CHECK(read(many_heads).num_kv_heads == 8);

  const LlamaConfig qwen2 = read(least("qwen2"), {{"sliding_window", 7}, {"attention_bias", false}});
  CHECK((qwen2.qkv_bias && !qwen2.output_bias && !qwen2.qk_norm));
  CHECK(qwen2.window(3) == 0);  // unless use_sliding_window
  const LlamaConfig qwen3 = read(least("qwen3"));
  CHECK((!qwen3.qkv_bias && !qwen3.output_bias && qwen3.qk_norm));
  CHECK(qwen3.head_dim == 128);
  CHECK(read(least("qwen3"), {{"attention_bias", true}}).output_bias);
}

TEST_CASE("Qwen's windowed layers are the named ones, or those from max_window_layers on", "[model][config]") {
  const Json used = {{"use_sliding_window", true}, {"sliding_window", 7}};
  for (const char* type : {"qwen2", "qwen3"}) {
    Json more = used;
    CHECK(read(least(type), more).window(3) == 0);  // from layer 28 on
    more["max_window_layers"] = 2;
    const LlamaConfig config = read(least(type), more);
    for (const std::int64_t layer : {0, 1, 2, 3}) CHECK(config.window(layer) == (layer < 2 ? 0 : 7));
    const char *full = "full_attention", *sliding = "sliding_attention";
    more["layer_types"] = {sliding, full, full, sliding};
    const LlamaConfig named = read(least(type), more);
    for (const std::int64_t layer : {0, 1, 2, 3}) CHECK(named.window(layer) == (layer % 3 == 0 ? 7 : 0));
    more["layer_types"] = {full, full, full};
    CHECK(has(refused(least(type), more), "layer_types"));
    more["layer_types"] = {full, full, full, "chunked_attention"};
    CHECK(has(refused(least(type), more), "layer type \"chunked_attention\" is not supported"));
    CHECK(has(refused(least(type), {{"layer_types", {full, full, full, sliding}}}), "no sliding_window"));
  }
}

TEST_CASE("rotary scaling is read in both spellings, and what is not built is named", "[model][config]") {
  const Json llama3 = {{"rope_type", "llama3"},
                       {"factor", 8.0},
                       {"low_freq_factor", 1.0},
                       {"high_freq_factor", 4.0},
                       {"original_max_position_embeddings", 8192}};
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const LlamaConfig config = read(least("llama"), {{key, llama3}, {"rope_theta", 500000.0}});
    CHECK(config.rope_scaling.kind == RopeScaling::Kind::kLlama3);
    CHECK(config.rope_scaling.factor == 8);
    CHECK(config.rope_scaling.original_positions == 8192);
    CHECK(config.rope_theta == 500000);
  }
  CHECK(read(least("llama"), {{"rope_scaling", {{"type", "linear"}, {"factor", 2}}}}).rope_scaling.factor == 2);
  CHECK(read(least("qwen2"), {{"rope_scaling", {{"type", "dynamic"}, {"factor", 2}}}}).rope_scaling.kind ==
        RopeScaling::Kind::kDynamic);
  CHECK(read(least("llama"), {{"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 500.0}}}}).rope_theta ==
        500);
  const auto scaling = [&](const Json& value) { return refused(least("llama"), {{"rope_scaling", value}}); };
  CHECK(has(scaling({{"rope_type", "yarn"}, {"factor", 4}}), "rotary positions of type \"yarn\" are not supported"));
  CHECK(has(scaling({{"type", "longrope"}, {"factor", 4}}), "longrope"));
  CHECK(has(scaling({{"type", "linear"}}), "\"factor\" is missing"));
  CHECK(has(scaling({{"type", "linear"}, {"factor", -1}}), "factor"));
  CHECK(has(scaling({{"type", "llama3"}, {"factor", 8}}), "low_freq_factor"));
  CHECK(has(scaling({{"type", "default"}, {"partial_rotary_factor", 0.5}}), "partial_rotary_factor"));
  CHECK(has(scaling({{"full_attention", {{"rope_type", "default"}}}}), "full_attention"));
  CHECK(has(scaling(3), "rope_scaling"));
}

TEST_CASE("what would change the forward pass and is not built is refused by name", "[model][config]") {
  for (const char* type : {"mixtral", "gemma2", "phi3", "qwen2_moe", "gpt2"})
    CHECK(has(refused(least(type), Json::object()),
              std::string("model_type \"") + type + "\" is not supported; only llama"));
  CHECK(has(refused(least("llama"), {{"model_type", nullptr}}), "model_type is missing"));
  CHECK(has(refused(least("llama"), {{"quantization_config", {{"quant_method", "gptq"}}}}), "quantized by \"gptq\""));
  CHECK(has(refused(least("qwen2"), {{"hidden_act", std::string(100000, 'x')}}), "hidden_act"));
  CHECK(has(refused(least("llama"), {{"num_hidden_layers", 1 << 20}}), "number of layers of 1048576"));
  CHECK(has(refused(least("llama"), {{"hidden_size", 1 << 27}}), "hidden size"));
  CHECK(has(refused(least("llama"), {{"head_dim", 60000}}), "width of all heads"));
  CHECK(has(refused(least("llama"), {{"vocab_size", 9e99}}), "vocab_size"));
  CHECK(has(refused(least("llama"), {{"max_position_embeddings", -3}}), "max_position_embeddings"));
  CHECK(has(refused(least("llama"), {{"eos_token_id", "x"}}), "eos_token_id"));
}

TEST_CASE("Llama 3.1's frequencies: fast ones stay, slow ones are divided, those between lie between",
          "[model][rope]") {
  LlamaConfig config = test::mini_config();
  config.head_dim = 128;
  config.rope_theta = 500000;
  const std::vector<float> plain = rope_frequencies(config);
  config.rope_scaling = {RopeScaling::Kind::kLlama3, 8, 1, 4, 8192};
  const std::vector<float> scaled = rope_frequencies(config);
  int blended = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double wavelength = 2 * std::acos(-1.0) / static_cast<double>(plain[i]);
    if (wavelength < 2048) CHECK(scaled[i] == plain[i]);
    if (wavelength > 8192) CHECK(scaled[i] == plain[i] / 8);
    if (wavelength < 2048 || wavelength > 8192) continue;
    ++blended;
    CHECK(scaled[i] < plain[i]);
    CHECK(scaled[i] > plain[i] / 8);
  }
  CHECK(blended == 6);
}

TEST_CASE("a rotary table grows without changing what it has", "[model][rope]") {
  RopeTable table(test::mini_config());
  table.reserve(10);
  const std::vector<float> early(table.cos(0), table.cos(10));
  table.reserve(5000);
  CHECK(std::equal(early.begin(), early.end(), table.cos(0)));
  CHECK(table.sin(4999)[0] == static_cast<float>(std::sin(4999.0)));
}
