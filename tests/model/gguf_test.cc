#include "core/model/gguf.h"

#include <cstring>
#include <fstream>
#include <limits>

#include "core/model/checkpoint.h"
#include "core/model/gguf_model.h"
#include "core/model/rope.h"
#include "tests/model/gguf_writer.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::model;
using test::GgufWriter;

namespace {

// A file that is gone with the object.
struct SavedFile {
  test::TempFolder folder;
  std::string path = folder.file("m.gguf");
  explicit SavedFile(const std::string& contents) { std::ofstream(path, std::ios::binary) << contents; }
};

void check_refused(const std::string& contents, const std::string& what) {
  const SavedFile saved(contents);
  const auto weights = load_gguf(saved.path);
  CAPTURE(what, weights.status().message());
  REQUIRE_FALSE(weights.ok());
  CHECK(weights.status().code() == Code::kData);
  CHECK(weights.status().message().find(saved.path) == 0);
  CHECK(weights.status().message().find(what) != std::string::npos);
  CHECK(weights.status().message().find('\n') == std::string::npos);
}

bool same_tensors(const Weights& a, const Weights& b) {
  if (a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, tensor] : a.tensors) {
    const auto other = b.tensors.find(name);
    if (other == b.tensors.end() || other->second.shape != tensor.shape || other->second.values != tensor.values)
      return false;
  }
  return true;
}

LlamaConfig plain_llama() {
  LlamaConfig config = test::odd_config();
  config.rope_theta = 100000;
  return config;
}

}  // namespace

TEST_CASE("a GGUF model is the checkpoint that it was made of, in all families", "[model][gguf]") {
  std::vector<LlamaConfig> configs = {plain_llama(), test::mini_config()};
  for (LlamaConfig config : test::family_configs()) {
    config.rope_scaling = {};
    if (config.family == Family::kQwen2) {  // a GGUF file of Qwen has no window
      config.sliding_window = 0;
      config.windowed.clear();
    }
    configs.push_back(config);
  }
  for (const LlamaConfig& config : configs) {
    CAPTURE(family_name(config.family));
    const Weights weights = test::tiny_weights(config, 1);
    for (const std::uint32_t version : {2u, 3u}) {
      const SavedFile saved(test::GgufModel(weights).writer.file(version));
      const auto loaded = load_checkpoint(saved.path);
      INFO(loaded.status().message());
      REQUIRE(loaded.ok());
      CHECK(same_tensors(*loaded, weights));
      CHECK(config_to_json(loaded->config) == config_to_json(config));
      CHECK(gguf_of(saved.folder.path()) == saved.path);  // the folder will do, too
      CHECK(load_checkpoint(saved.folder.path()).ok());
    }
  }
}

TEST_CASE("Llama 3.1's frequency factors become its rotary scaling, others are refused", "[model][gguf]") {
  LlamaConfig config = plain_llama();
  config.head_dim = 64;
  config.rope_theta = 500000;
  const Weights weights = test::tiny_weights(config, 1);
  LlamaConfig scaled = config;
  scaled.rope_scaling = {RopeScaling::Kind::kLlama3, 8, 1, 4, 8192};
  const auto plain = rope_frequencies(config), wanted = rope_frequencies(scaled);
  Tensor factors{{32}, std::vector<float>(32)};
  for (std::size_t i = 0; i < 32; ++i) factors.values.edit()[i] = plain[i] / wanted[i];
  test::GgufModel model(weights);
  model.writer.f32_tensor("rope_freqs.weight", factors);
  const SavedFile saved(model.writer.file());
  const auto loaded = load_gguf(saved.path);
  INFO(loaded.status().message());
  REQUIRE(loaded.ok());
  CHECK(config_to_json(loaded->config) == config_to_json(scaled));

  factors.values.edit()[7] *= 1.1f;
  test::GgufModel other(weights);
  other.writer.f32_tensor("rope_freqs.weight", factors);
  check_refused(other.writer.file(), "tensor rope_freqs.weight: is not what Llama 3.1's");

  test::GgufModel linear(weights);
  linear.writer.string("llama.rope.scaling.type", "linear");
  linear.writer.f32("llama.rope.scaling.factor", 4);
  const SavedFile saved_linear(linear.writer.file());
  CHECK(load_gguf(saved_linear.path).value().config.rope_scaling.factor == 4);
}

TEST_CASE("what a GGUF file says of its tokenizer is handed on", "[model][gguf]") {
  test::GgufModel model(test::tiny_weights(plain_llama(), 1));
  GgufWriter& writer = model.writer;
  writer.string("tokenizer.ggml.model", "gpt2");
  writer.string("tokenizer.ggml.pre", "smollm");
  writer.list("tokenizer.ggml.tokens", 8, 3,
              GgufWriter::text("a") + GgufWriter::text("") + GgufWriter::text("\xC4\xA0x"));
  writer.list("tokenizer.ggml.token_type", 5, 3, GgufWriter::bytes(1) + GgufWriter::bytes(3) + GgufWriter::bytes(1));
  writer.list("tokenizer.ggml.scores", 6, 1, GgufWriter::bytes(-2.5f));
  writer.list("tokenizer.ggml.merges", 8, 1, GgufWriter::text("a b"));
  writer.u32("tokenizer.ggml.bos_token_id", 1);
  writer.u32("tokenizer.ggml.eos_token_id", 2);
  writer.flag("tokenizer.ggml.add_bos_token", false);
  writer.string("tokenizer.chat_template", "{% for %}");
  const SavedFile saved(writer.file());
  const auto read = read_gguf_tokenizer(saved.path);
  INFO(read.status().message());
  REQUIRE(read.ok());
  CHECK(read->model == "gpt2");
  CHECK(read->pre == "smollm");
  CHECK(read->tokens == std::vector<std::string>{"a", "", "\xC4\xA0x"});
  CHECK(read->token_types == std::vector<std::int32_t>{1, 3, 1});
  CHECK(read->scores == std::vector<float>{-2.5f});
  CHECK(read->merges == std::vector<std::string>{"a b"});
  CHECK(read->bos == 1);
  CHECK(read->eos == 2);
  CHECK_FALSE(read->unk.has_value());
  CHECK(read->add_bos == false);
  CHECK_FALSE(read->add_space_prefix.has_value());
  CHECK(read->chat_template == "{% for %}");
  const auto config = load_gguf(saved.path).value().config;
  CHECK(config.bos_token_id == 1);
  CHECK(config.eos_token_id == 2);
  CHECK(config.pad_token_id == -1);
}

TEST_CASE("a GGUF model that is not supported is refused by name", "[model][gguf]") {
  const Weights weights = test::tiny_weights(plain_llama(), 1);
  const auto with = [&](const auto& change) {
    test::GgufModel model(weights);
    change(model.writer);
    return model.writer.file();
  };
  GgufWriter gemma;
  gemma.string("general.architecture", "gemma2");
  check_refused(gemma.file(), "architecture \"gemma2\" is not supported; only llama, qwen2 and qwen3 are");
  check_refused(GgufWriter().file(), "general.architecture is missing");
  check_refused(with([](GgufWriter& w) { w.u32("llama.expert_count", 8); }), "mixture of 8 experts");
  check_refused(with([](GgufWriter& w) { w.u32("split.count", 3); }), "one of 3 parts");
  check_refused(with([](GgufWriter& w) { w.string("llama.rope.scaling.type", "yarn"); }), "type \"yarn\"");
  check_refused(with([](GgufWriter& w) {
                  w.f32_tensor("blk.0.attn_qkv.weight", {{2}, std::vector<float>{1, 2}});
                }),
                "tensor blk.0.attn_qkv.weight is not part");
  check_refused(with([](GgufWriter& w) {
                  w.f32_tensor("blk.0.attn_q.bias", {{60}, std::vector<float>(60)});
                }),
                "biases are not those of a llama model");
  check_refused(with([](GgufWriter& w) { w.tensor("x", {256}, 11, std::string(110, 'x')); }), "element type Q3_K");
  check_refused(with([](GgufWriter& w) { w.tensor("x", {256}, 77, std::string(110, 'x')); }), "element type number 77");
  check_refused(test::GgufModel(weights).writer.file(1), "GGUF version 1 is not supported");
  check_refused(test::GgufModel(weights).writer.file(3u << 24), "big-endian");
}

TEST_CASE("a broken GGUF file is refused with file and place", "[model][gguf]") {
  const Weights weights = test::tiny_weights(plain_llama(), 1);
  const std::string good = test::GgufModel(weights).writer.file();
  for (std::size_t size = 0; size < good.size(); size += size < 4000 ? 1 : 997) check_refused(good.substr(0, size), "");
  check_refused("GGML" + good.substr(4), "is no GGUF file");
  const auto changed = [&](std::size_t at, const std::string& bytes) {
    std::string file = good;
    file.replace(at, bytes.size(), bytes);
    return file;
  };
  const std::uint64_t huge = ~std::uint64_t{0};
  check_refused(changed(8, GgufWriter::bytes(huge)), "claims 18446744073709551615 tensors");
  check_refused(changed(16, GgufWriter::bytes(huge)), "claims 18446744073709551615 keys");
  check_refused(changed(24, GgufWriter::bytes(huge)), "a name of 18446744073709551615 bytes at byte 24");

  const auto with = [](const auto& change) {
    GgufWriter writer;
    change(writer);
    return writer.file();
  };
  const auto list = [&](std::uint32_t type, std::uint64_t count) {
    return with([&](GgufWriter& w) { w.list("k", type, count, "xxxxxxxxxxxxxxxx"); });
  };
  for (const std::uint32_t type : {0u, 4u, 8u, 10u}) check_refused(list(type, huge), "in the middle of its header");
  check_refused(list(10, std::uint64_t{1} << 61), "in the middle of its header");  // 2^61 * 8 overflows
  check_refused(list(9, 1), "key \"k\": a list of lists");
  check_refused(list(99, 1), "key \"k\": values of type number 99");
  check_refused(with([](GgufWriter& w) { w.key("k", 13, ""); }), "type number 13");
  check_refused(with([](GgufWriter& w) {
                  w.u32("k", 1);
                  w.u32("k", 1);
                }),
                "key \"k\" is there twice");
  check_refused(with([](GgufWriter& w) { w.u32("general.alignment", 3); }), "an alignment of 3");
  check_refused(with([](GgufWriter& w) { w.u32("general.alignment", 0); }), "an alignment of 0");

  const auto tensor = [&](const std::vector<std::uint64_t>& dimensions, std::uint32_t type, const std::string& values) {
    return with([&](GgufWriter& w) { w.tensor("t", dimensions, type, values); });
  };
  const std::uint64_t root = std::uint64_t{1} << 32;
  check_refused(tensor({root, root}, 0, "abcd"), "tensor t: a dimension of 4294967296 does not fit");
  check_refused(tensor({huge}, 0, "abcd"), "does not fit");
  check_refused(tensor({0}, 0, "abcd"), "a dimension of 0");
  check_refused(tensor({1, 1, 1, 1, 1}, 0, "abcd"), "5 dimensions");
  check_refused(tensor({33}, 3, std::string(40, 'x')), "rows of 33 values are no whole blocks of Q4_1");
  check_refused(tensor({40}, 0, "abcd"), "tensor t: its 160 bytes at offset 0 do not fit");
  check_refused(with([](GgufWriter& w) { w.tensor("a\nb", {1}, 0, "abcd"); }), "is no tensor's name");
  const std::string two = with([](GgufWriter& w) {
    w.tensor("a", {16}, 0, std::string(64, 'x'));
    w.tensor("b", {16}, 0, std::string(64, 'x'));
  });
  const auto second = two.find("b") + 1 + 4 + 8 + 4;  // b's offset, 64
  const auto moved = [&](std::uint64_t offset) {
    std::string file = two;
    return file.replace(second, 8, GgufWriter::bytes(offset));
  };
  check_refused(moved(32), "tensor b: its data overlap those of a");
  check_refused(moved(3), "offset 3 is not aligned to 32");
  check_refused(moved(huge - 31), "do not fit");
}

TEST_CASE("GGUF sizes that do not fit each other, or values that are no numbers, are refused", "[model][gguf]") {
  const auto changed = [](const char* key, std::uint32_t value) {
    std::string file = test::GgufModel(test::tiny_weights(plain_llama(), 1)).writer.file();
    const auto at = file.find(key);
    REQUIRE(at != std::string::npos);
    return file.replace(at + std::strlen(key) + 4, 4, GgufWriter::bytes(value));
  };
  check_refused(changed("llama.block_count", 3), "tensor model.layers.2.input_layernorm.weight is missing");
  check_refused(changed("llama.block_count", 1), "is not part of");
  check_refused(changed("llama.block_count", ~0u), "no size of a model");
  check_refused(changed("llama.embedding_length", 72), "expected shape");
  check_refused(changed("llama.attention.head_count", 0), "no size of a model");
  check_refused(changed("llama.attention.head_count_kv", 4), "multiple");
  check_refused(changed("llama.rope.dimension_count", 8), "rotated are not supported");
  check_refused(changed("llama.attention.layer_norm_rms_epsilon", 0x7fc00000u), "expected a positive number");
  Weights broken = test::tiny_weights(plain_llama(), 1);
  broken.tensors.at("model.layers.1.mlp.up_proj.weight").values.edit()[5] = std::numeric_limits<float>::quiet_NaN();
  check_refused(test::GgufModel(broken).writer.file(), "tensor blk.1.ffn_up.weight: value 5 is not a number");
}
