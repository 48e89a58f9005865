#include "core/train/torch/engine_torch.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/roll.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <vector>

#include "core/train/torch/library.h"
#include "core/train/torch/linear.h"
#include "core/train/torch/operators.h"

namespace ipr::train {
namespace {

// The budget's, or what the longest sequence needs that runs alone; and beyond that what the pool above asks for ahead
// (4 MiB at a time, or a block).
std::int64_t blocks_of(const model::LlamaConfig& config, std::size_t kv_bytes, at::ScalarType type) {
  constexpr std::int64_t kAhead = std::int64_t{8} << 20;
  const auto block_bytes = static_cast<std::int64_t>(KvArena::block_floats(config, type) * sizeof(float));
  const std::int64_t longest = config.max_positions / model::kBlockPositions + 2;
  return std::max(static_cast<std::int64_t>(kv_bytes) / block_bytes, longest) + kAhead / block_bytes + 2;
}

// x [n, heads, dim], Hugging Face's halves; computed in f32, given in x's type. A step of a few rows costs what its
// calls cost: the halves change places as one tensor, and the sine brings their signs along.
at::Tensor rotated(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& signed_sin) {
  const at::Tensor swapped = at::roll(x, x.size(-1) / 2, -1);
  return at::addcmul(x * cos, swapped, signed_sin).to(x.scalar_type());
}

// The changes of a fused product's parts as one: A below A, B along the diagonal.
Linear with_one_adapter(const Linear& layer) {
  if (layer.adapters.size() < 2) return layer;
  std::vector<at::Tensor> a;
  std::int64_t rank = 0;
  for (const Linear::Adapter& adapter : layer.adapters) {
    a.push_back(adapter.a);
    rank += adapter.a.size(0);
  }
  Linear::Adapter whole{at::cat(a, 0), at::zeros({layer.weight.size(0), rank}, layer.weight.options()), 0};
  std::int64_t column = 0;
  for (const Linear::Adapter& adapter : layer.adapters) {
    whole.b.narrow(0, adapter.first_row, adapter.b.size(0)).narrow(1, column, adapter.b.size(1)).copy_(adapter.b);
    column += adapter.b.size(1);
  }
  return {layer.weight, layer.bias, {whole}, layer.scale};
}

ModelViews views_for(const DeviceBase& base, const std::optional<model::Lora>& lora) {
  if (!lora) return base.views();
  ModelViews views = with_lora(base, *lora);
  for (LayerViews& layer : views.layers) {
    layer.qkv = with_one_adapter(layer.qkv);
    layer.gate_up = with_one_adapter(layer.gate_up);
  }
  return views;
}

// Which of a segment's keys each of its queries sees; undefined: a single query without a window sees all.
at::Tensor visible(const StepPlan::Segment& segment, std::int64_t window, at::Device device) {
  if (segment.rows == 1 && (window == 0 || segment.keys <= window)) return {};
  const auto options = at::TensorOptions().dtype(at::kLong).device(device);
  const at::Tensor key = at::arange(segment.keys, options).unsqueeze(0);
  const at::Tensor query = at::arange(segment.keys - segment.rows, segment.keys, options).unsqueeze(1);
  at::Tensor sees = key <= query;
  if (window > 0) sees = sees & (key > query - window);
  return sees;
}

}  // namespace

TorchEngine::TorchEngine(const model::Weights& weights, const EngineOptions& options, at::Device device,
                         at::ScalarType type)
    : config_(weights.config),
      device_(device),
      type_(type),
      base_(device_base(weights, device, type)),
      views_(views_for(*base_, weights.lora)),
      arena_(config_, blocks_of(config_, options.kv_bytes, type), device, type),
      pool_(options.threads),
      rope_(config_) {}

const char* TorchEngine::kernel_family() const {
  if (device_.is_cuda()) return type_ == at::kBFloat16 ? "cuda-bf16" : "cuda-fp32";
  return type_ == at::kBFloat16 ? "torch-bf16" : "torch-fp32";
}

std::shared_ptr<float> TorchEngine::allocate_blocks(std::size_t count) const {
  return arena_.allocate(count);
}

void TorchEngine::copy_block(const float* from, float* to) const {
  const std::lock_guard lock(mutex_);
  const c10::InferenceMode inference;
  arena_.copy(from, to);
}

void TorchEngine::parallel(int tasks, const std::function<void(int task, int thread)>& body) const {
  const std::lock_guard lock(pool_mutex_);
  pool_.run(tasks, body);
}

void TorchEngine::reserve_positions(std::int64_t positions) const {
  if (cos_.defined() && cos_.size(0) >= positions) return;
  positions = (positions + 1023) / 1024 * 1024;
  rope_.reserve(positions);
  const std::int64_t half = config_.head_dim / 2;
  const auto table = [&](const float* first, double sign_of_low) {
    const at::Tensor angles = at::from_blob(const_cast<float*>(first), {positions, 1, half}, at::kFloat);
    return at::cat({angles * sign_of_low, angles}, -1).to(device_);
  };
  cos_ = table(rope_.cos(0), 1);
  signed_sin_ = table(rope_.sin(0), -1);
}

at::Tensor TorchEngine::attend(std::int64_t index, const StepPlan& plan, const at::Tensor& query) const {
  const at::Tensor read = arena_.layer(index).index_select(0, plan.gather);
  const at::Tensor keys = read.select(1, 0), values = read.select(1, 1);
  const std::int64_t window = config_.window(index), rows = query.size(0);
  if (device_.is_cuda() && type_ == at::kBFloat16 && config_.head_dim % 8 == 0 && config_.head_dim <= 256) {
    std::optional<std::int64_t> left, right;
    if (window > 0) left = window - 1, right = 0;
    const auto out =
        at::_flash_attention_forward(query, keys, values, plan.row_starts, plan.key_starts, plan.most_rows,
                                     plan.most_keys, 0.0, /*is_causal=*/true, false, std::nullopt, left, right);
    return std::get<0>(out).reshape({rows, -1});
  }
  std::vector<at::Tensor> outs;
  for (const StepPlan::Segment& segment : plan.segments) {
    const auto heads_first = [](const at::Tensor& x) { return x.transpose(0, 1).unsqueeze(0); };
    const at::Tensor mask = visible(segment, window, device_);
    const at::Tensor out =
        at::scaled_dot_product_attention(heads_first(query.narrow(0, segment.first_row, segment.rows)),
                                         heads_first(keys.narrow(0, segment.first_key, segment.keys)),
                                         heads_first(values.narrow(0, segment.first_key, segment.keys)),
                                         mask.defined() ? std::optional<at::Tensor>(mask) : std::nullopt, 0.0, false,
                                         std::nullopt, config_.num_heads != config_.num_kv_heads);
    outs.push_back(out.squeeze(0).transpose(0, 1).reshape({segment.rows, -1}));
  }
  return at::cat(outs, 0);
}

at::Tensor TorchEngine::layer(std::int64_t index, const StepPlan& plan, const at::Tensor& cos, const at::Tensor& sin,
                              const at::Tensor& x) const {
  const LayerViews& w = views_.layers[static_cast<std::size_t>(index)];
  const double eps = config_.rms_norm_eps;
  const std::int64_t rows = x.size(0), heads = config_.num_heads, kv_heads = config_.num_kv_heads;
  const at::Tensor qkv =
      linear(rms_norm(x, w.input_norm, eps, false), w.qkv).view({rows, heads + 2 * kv_heads, config_.head_dim});
  at::Tensor turned = qkv.narrow(1, 0, heads + kv_heads);
  if (w.q_norm.defined()) {
    turned = at::cat({rms_norm(qkv.narrow(1, 0, heads), w.q_norm, eps, false),
                      rms_norm(qkv.narrow(1, heads, kv_heads), w.k_norm, eps, false)},
                     1);
  }
  turned = rotated(turned, cos, sin);
  at::Tensor memory = arena_.layer(index);
  memory.index_copy_(0, plan.slots,
                     at::stack({turned.narrow(1, heads, kv_heads), qkv.narrow(1, heads + kv_heads, kv_heads)}, 1));
  const at::Tensor middle = add_linear(x, attend(index, plan, turned.narrow(1, 0, heads)), w.output);
  const at::Tensor gate_up = linear(rms_norm(middle, w.post_norm, eps, false), w.gate_up);
  return add_linear(middle, swiglu(gate_up, false), w.down);
}

void TorchEngine::step(std::span<const model::Row> rows, float* logits) const {
  if (rows.empty()) return;
  const std::lock_guard lock(mutex_);
  const c10::InferenceMode inference;
  const StepPlan plan = plan_step(rows, arena_, device_);
  reserve_positions(plan.most_keys);
  const at::Tensor cos = cos_.index_select(0, plan.positions), sin = signed_sin_.index_select(0, plan.positions);
  at::Tensor x = views_.embedding.index_select(0, plan.tokens).to(at::kFloat);  // the residual stream, as in training
  for (std::int64_t i = 0; i < config_.num_layers; ++i) x = layer(i, plan, cos, sin, x);
  const std::int64_t wanted = plan.wanted.size(0);
  if (wanted == 0) return;
  const at::Tensor last = rms_norm(x.index_select(0, plan.wanted), views_.norm, config_.rms_norm_eps, false);
  const at::Tensor scores = product_f32(last, views_.head);
  at::from_blob(logits, {wanted, config_.vocab_size}, at::kFloat).copy_(scores);
}

model::Engine* make_torch_engine(const EngineOptions& options, const model::Weights& weights, at::Device device) {
  return new TorchEngine(weights, options, device, options.dtype == "bf16" ? at::kBFloat16 : at::kFloat);
}

}  // namespace ipr::train
