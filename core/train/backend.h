// One trainable model behind a small interface; the LibTorch implementation lives in its own shared library, loaded on
// the first call of load_backend, so that commands without training never touch LibTorch.
//
// Not thread-safe: one training thread.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/weights.h"
#include "core/train/rows.h"

namespace ipr::train {

// What a forward gives for each token where a row's mask is not 0 and t >= 1, 0 elsewhere:
//   kLogp   log p(ids[t] | ids[<t])
//   kValue  the scalar of Weights::value_head once ids[t] has been read
enum class Output { kLogp, kValue };

// AdamW with decoupled weight decay on every parameter (Loshchilov & Hutter 2019) and clipping by global L2 norm.
struct StepSettings {
  double lr = 0, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  double clip = 0;                // 0: off; factor = min(1, clip / (norm + 1e-6))
  Output output = Output::kLogp;  // what the loss is of
  // Share of the numbers of each residual branch that this step's forward and backward leave out; which ones follows
  // from the seed and the row's tokens. logprobs() and values() leave out none.
  double dropout = 0;
  std::uint64_t dropout_seed = 0;
};

struct StepStats {
  double loss = 0;
  double grad_norm = 0;  // before clipping
};

// outputs[r][t] is the step's Output of token t of row r. The callee returns L and fills `gradient` (same shape,
// zeroed) with dL/doutputs; the backend then descends along it (abi.md section 7).
using LossFunction = std::function<Result<double>(const std::vector<std::vector<float>>& outputs,
                                                  std::vector<std::vector<float>>& gradient)>;

class Backend {
 public:
  virtual ~Backend() = default;
  // Replaces the weights and clears the optimizer's state. A value head is trained with whatever else is: all weights,
  // or the pairs of a frozen base (none of them: the head alone, which is also the cheap way to read values).
  virtual Status set_weights(const model::Weights& weights) = 0;
  [[nodiscard]] virtual Result<model::Weights> weights() const = 0;
  // Log-probs without a graph, per row and token as in LossFunction.
  [[nodiscard]] virtual Result<std::vector<std::vector<float>>> logprobs(std::span<const TrainRow* const> rows) = 0;
  // Values of the head without a graph, per row and token. Code::kFailed where the weights have none.
  [[nodiscard]] virtual Result<std::vector<std::vector<float>>> values(std::span<const TrainRow* const> rows) = 0;
  // All logits of one sequence, [tokens, vocab]: the reference the rollout engine is tested against.
  [[nodiscard]] virtual Result<std::vector<float>> logits(std::span<const std::int32_t> ids) = 0;
  // One optimizer step: forward, loss, backward, clip, AdamW. One pass where the rows fit, else two (abi.md section 7).
  [[nodiscard]] virtual Result<StepStats> step(std::span<const TrainRow* const> rows, const StepSettings& settings,
                                               const LossFunction& loss) = 0;
  // Per-parameter gradient norms of the last step, by name (tests and diagnosis).
  [[nodiscard]] virtual std::map<std::string, double> last_grad_norms() const = 0;
  // AdamW's moments and step count as bytes, to resume.
  [[nodiscard]] virtual Result<std::string> save_state() const = 0;
  virtual Status load_state(std::string_view bytes) = 0;
};

struct BackendOptions {
  std::string device = "cpu";  // cpu, cuda, cuda:N
  // fp32; bf32 (CPU): f32, but products take their factors rounded to bf16 where the processor multiplies bf16 (AMX,
  // AVX-512-BF16); bf16: matrices and activations in bf16, sums of norms, softmax, logits and log-probs in f32, the
  // trained numbers and AdamW's moments in f32 (a step below half a bf16 unit would otherwise be lost, llm-runtime.md
  // section 6).
  std::string dtype = "fp32";
  int threads = 2;
  std::int64_t tokens_per_pass = 16384;  // tokens that one pass with a graph may hold; more: two passes
  std::int64_t tape_bytes = 0;  // bound of what forwards keep for backward; beyond it layers are run again, with the
                                // same bits. 0: a share of the memory that is free
  bool shares = true;           // CPU: what rows begin with in common is computed once (units.h)
  bool own_kernels = true;      // CPU: false runs LibTorch's operators alone, as a GPU does (the tests' reference)
};

// The first call loads the library: $IPR_HOST_LIB_DIR, else beside the program, else the build tree. It sets
// OMP_WAIT_POLICY if the user has not; let no other thread read the environment meanwhile. The library stays loaded.
// Code::kFailed says what is missing where this build has no trainer library, or the device is not there; Code::kUsage
// that an option is wrong.
[[nodiscard]] Result<std::unique_ptr<Backend>> load_backend(const BackendOptions& options);

}  // namespace ipr::train
