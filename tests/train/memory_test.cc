#include "core/train/memory.h"

#include "core/model/lora.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::train;

namespace {

model::LlamaConfig llama_2_13b() {
  model::LlamaConfig config;
  config.vocab_size = 32000;
  config.hidden_size = 5120;
  config.intermediate_size = 13824;
  config.num_layers = config.num_heads = config.num_kv_heads = 40;
  config.head_dim = 128;
  config.max_positions = 4096;
  return config;
}

constexpr double kGiB = 1024.0 * 1024 * 1024;

double gib(std::int64_t bytes) {
  return static_cast<double>(bytes) / kGiB;
}

}  // namespace

TEST_CASE("LoRA on a 13B model fits a card of 80 GB, all of its weights do not", "[train][memory]") {
  const model::LlamaConfig config = llama_2_13b();
  const MemorySetup lora{.lora_rank = 16, .bf16 = true, .gpu = true, .stored_bytes = 2};
  const TrainMemory adapted = train_memory(config, lora, 16384, 4096);
  CHECK(gib(adapted.weights) == Approx(2 * 13.016e9 / kGiB).epsilon(0.01));
  CHECK(gib(adapted.least_device()) < 60);
  CHECK(gib(adapted.device()) > 80);  // so that some layers are run again
  const MemorySetup all{.bf16 = true, .gpu = true, .stored_bytes = 2};
  CHECK(gib(train_memory(config, all, 16384, 4096).least_device()) > 200);
}

TEST_CASE("what is trained costs four floats a number, and a copy in bf16", "[train][memory]") {
  const model::LlamaConfig config = llama_2_13b();
  const std::int64_t pairs = model::fresh_lora(config, 1, 0).parameter_count();
  const TrainMemory adapted = train_memory(config, {.lora_rank = 1, .bf16 = true, .gpu = true}, 16, 16);
  CHECK(adapted.optimizer == 16 * pairs);
  CHECK(adapted.weights == 2 * (config.parameter_count() + pairs));
  const TrainMemory all = train_memory(config, {}, 16, 16);
  CHECK(all.optimizer == 16 * config.parameter_count());
  CHECK(all.weights == 0);  // the masters are read
}

TEST_CASE("on the CPU a bf16 base is read where it was loaded, but for the fused products", "[train][memory]") {
  const model::LlamaConfig config = llama_2_13b();
  const MemorySetup setup{.lora_rank = 16, .bf16 = true, .stored_bytes = 2};
  const std::int64_t base = 2 * config.parameter_count();
  CHECK(train_memory(config, setup, 16, 16).weights < base * 3 / 4);
  CHECK(train_memory(config, setup, 16, 16).host >= base);
}
