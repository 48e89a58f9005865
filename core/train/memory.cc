#include "core/train/memory.h"

#include "core/model/engine.h"
#include "core/model/lora.h"

namespace ipr::train {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;
// LibTorch and its libraries in the process, or CUDA's context with theirs on the device.
constexpr std::int64_t kRuntimeOnCpu = 110 * kMiB, kRuntimeOnGpu = 600 * kMiB;
// Tensors that a layer's backward holds at its worst: of the size of the activation, of the residual stream.
constexpr std::int64_t kInnerTensors = 4, kResidualTensors = 8;
// Scored positions per product with the head, and logits (their gradients, …) of one chunk at the same time.
constexpr std::int64_t kHeadRows = 256, kHeadTensors = 2;
// What the head's backward wants is kept up to here (llama_torch.cc).
constexpr std::int64_t kKeptScores = 128 * kMiB;

struct Sizes {
  explicit Sizes(const model::LlamaConfig& config)
      : query(config.num_heads * config.head_dim),
        key(config.num_kv_heads * config.head_dim),
        fused((query + 2 * key) * config.hidden_size + 2 * config.hidden_size * config.intermediate_size) {}
  std::int64_t query, key;
  std::int64_t fused;  // weights of a layer's q, k, v, gate and up
};

std::int64_t lora_count(const model::LlamaConfig& config, std::int64_t rank) {
  std::int64_t count = 0;
  for (const auto& [module, shape] : model::linear_modules(config)) count += rank * (shape.in + shape.out);
  return count;
}

// What is made of a frozen base: on the CPU, where type and place do, only the fused products are copies.
std::int64_t base_bytes(const model::LlamaConfig& config, const MemorySetup& setup) {
  const std::int64_t size = setup.bf16 ? 2 : 4;
  const bool in_place = !setup.gpu && setup.bf16 && setup.stored_bytes == 2;
  return size * (in_place ? config.num_layers * Sizes(config).fused : config.parameter_count());
}

}  // namespace

TapeBytes tape_bytes_per_token(const model::LlamaConfig& config, bool bf16) {
  const std::int64_t size = bf16 ? 2 : 4;
  const Sizes sizes(config);
  const std::int64_t residual = 4 * config.hidden_size;                                  // f32 in either type
  std::int64_t values = 2 * sizes.query + 2 * sizes.key + 2 * config.intermediate_size;  // qkv, attended, gate_up
  values += sizes.query;  // what LibTorch's attention gave, before its rows were joined
  if (config.qk_norm) values += sizes.query + 2 * sizes.key;
  return {2 * residual + size * values + 4 * config.num_heads, residual};
}

TrainMemory train_memory(const model::LlamaConfig& config, const MemorySetup& setup, std::int64_t tokens,
                         std::int64_t scored) {
  constexpr std::int64_t kOptimizer = 4 * sizeof(float);  // master, gradient, two moments
  const bool lora = setup.lora_rank > 0;
  const std::int64_t size = setup.bf16 ? 2 : 4;
  const std::int64_t trained = lora ? lora_count(config, setup.lora_rank) : config.parameter_count();
  const TapeBytes tape = tape_bytes_per_token(config, setup.bf16);
  TrainMemory memory;
  memory.host = setup.stored_bytes * config.parameter_count() + (lora ? 4 * trained : 0);
  memory.weights = (lora ? base_bytes(config, setup) : 0) + (setup.bf16 ? size * trained : 0);
  memory.optimizer = kOptimizer * trained;
  const std::int64_t scores = 4 * scored * config.vocab_size;
  const std::int64_t kept = scores <= kKeptScores ? scores : 0;
  memory.tape = config.num_layers * tokens * tape.whole + kept;
  memory.least_tape = tokens * (config.num_layers * tape.input + tape.whole) + kept;
  if (memory.least_tape > memory.tape) memory.least_tape = memory.tape;
  memory.working = (setup.gpu ? kRuntimeOnGpu : kRuntimeOnCpu) + kHeadTensors * 4 * kHeadRows * config.vocab_size +
                   tokens * (kInnerTensors * size * config.intermediate_size +
                             kResidualTensors * static_cast<std::int64_t>(sizeof(float)) * config.hidden_size);
  return memory;
}

RolloutMemory rollout_memory(const model::LlamaConfig& config, const MemorySetup& setup, std::int64_t kv_tokens,
                             std::int64_t rows) {
  constexpr std::int64_t kProcess = 30 * kMiB;
  const std::int64_t size = setup.bf16 ? 2 : 4;
  const bool lora = setup.lora_rank > 0;
  const std::int64_t pairs = lora ? lora_count(config, setup.lora_rank) : 0;
  RolloutMemory memory;
  memory.host = setup.stored_bytes * config.parameter_count() + 4 * pairs;
  if (setup.gpu) {
    memory.weights = base_bytes(config, setup) + size * pairs;
  } else {
    const model::Width width = setup.bf16 ? model::Width::kBf16 : model::Width::kF32;
    memory.weights = static_cast<std::int64_t>(model::CpuEngine::base_bytes(config, width));
    if (lora)
      memory.weights += static_cast<std::int64_t>(model::CpuEngine::change_bytes(config, setup.lora_rank, width));
  }
  memory.kv = size * config.num_layers * 2 * Sizes(config).key * kv_tokens;
  memory.working = (setup.gpu ? kRuntimeOnGpu : kProcess) +
                   rows * 4 * (config.vocab_size + 4 * config.hidden_size + 3 * config.intermediate_size);
  return memory;
}

}  // namespace ipr::train
