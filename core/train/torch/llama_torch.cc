#include "core/train/torch/llama_torch.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "core/model/rope.h"
#include "core/train/torch/value_operator.h"

namespace ipr::train {
namespace {

// Scored positions per product with the head: their logits stay in the cache.
constexpr std::int64_t kHeadRows = 256;
// What the head's backward wants is kept up to this many bytes per packing, else computed again.
constexpr std::int64_t kKeptScores = std::int64_t{1} << 27;

// The two residual branches of a layer.
std::size_t attention_branch(std::size_t layer) {
  return 2 * layer;
}
std::size_t mlp_branch(std::size_t layer) {
  return 2 * layer + 1;
}
// The gradient at a branch, as the products of its last layer take it.
at::Tensor branch_gradient(const at::Tensor& d_x, const Linear& layer, const Packed& rows, std::size_t place) {
  return upstream_factor(rows.dropout.on() ? rows.dropout.drop(d_x, place) : d_x, layer.weight);
}

}  // namespace

LlamaTorch::LlamaTorch(const model::LlamaConfig& config, at::Device device, bool own_kernels)
    : config_(config),
      shape_{config.num_heads, config.num_kv_heads, config.head_dim},
      device_(device),
      own_(own_kernels),
      frequencies_(model::rope_frequencies(config)) {
  reserve_positions(512);
}

void LlamaTorch::reserve_positions(std::int64_t positions) {
  if (cos_.defined() && cos_.size(0) >= positions) return;
  positions = (positions + 511) / 512 * 512;
  const auto half = static_cast<std::int64_t>(frequencies_.size());
  at::Tensor cos = at::empty({positions, half}), sin = at::empty({positions, half});
  float *c = cos.mutable_data_ptr<float>(), *s = sin.mutable_data_ptr<float>();
  for (std::int64_t p = 0; p < positions; ++p) {
    for (const float frequency : frequencies_) {
      // In float, as the reference implementation builds its table.
      const float angle = static_cast<float>(p) * frequency;
      *c++ = std::cos(angle);
      *s++ = std::sin(angle);
    }
  }
  cos_ = cos.to(device_);
  sin_ = sin.to(device_);
}

Attention LlamaTorch::attention_of(std::size_t layer) const {
  return {shape_, config_.window(static_cast<std::int64_t>(layer)), cos_, sin_, own_};
}

at::Tensor LlamaTorch::add_branch(const at::Tensor& residual, const at::Tensor& x, const Linear& layer,
                                  const Packed& rows, std::size_t place) const {
  if (!rows.dropout.on()) return add_linear(residual, x, layer);
  return add(residual, rows.dropout.drop(linear(x, layer), place), own_);
}

LlamaTorch::Middle LlamaTorch::first_half(std::size_t index, const LayerViews& weights, const at::Tensor& x,
                                          const Packed& rows, LayerTape* tape) const {
  const double eps = config_.rms_norm_eps;
  at::Tensor qkv = linear(rms_norm(x, weights.input_norm, eps, own_), weights.qkv);
  if (weights.q_norm.defined()) {
    if (tape != nullptr) tape->qkv = qkv;
    qkv = norm_heads(qkv, weights.q_norm, weights.k_norm, shape_, eps, own_);
  }
  const at::Tensor attended =
      attention(qkv, rows.packing, attention_of(index), tape == nullptr ? nullptr : &tape->attention);
  const at::Tensor middle = add_branch(x, attended, weights.output, rows, attention_branch(index));
  const at::Tensor gate_up = linear(rms_norm(middle, weights.post_norm, eps, own_), weights.gate_up);
  if (tape != nullptr) {
    tape->input = x;
    tape->middle = middle;
    tape->gate_up = gate_up;
  }
  return {middle, gate_up};
}

at::Tensor LlamaTorch::hidden_states(const ModelViews& weights, const Packed& rows, Tape* tape) const {
  at::Tensor x = weights.embedding.index_select(0, rows.ids).to(at::kFloat);
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    LayerTape* layer = tape == nullptr ? nullptr : &tape->layers.emplace_back();
    if (layer != nullptr && i < tape->recomputed_layers) {
      layer->input = x;
      layer = nullptr;
    }
    const Middle half = first_half(i, weights.layers[i], x, rows, layer);
    x = add_branch(half.residual, swiglu(half.gate_up, own_), weights.layers[i].down, rows, mlp_branch(i));
  }
  return x;
}

at::Tensor LlamaTorch::forward(const ModelViews& weights, const Packed& rows, Tape* tape) const {
  const at::Tensor last = hidden_states(weights, rows, tape).index_select(0, rows.scored);
  if (tape != nullptr) tape->last = last;
  if (rows.output == Output::kLogp) return logps(last, weights, rows, tape);
  return values_of(rms_norm(last, weights.norm, config_.rms_norm_eps, own_), weights.value_weight, weights.value_bias);
}

at::Tensor LlamaTorch::logps(const at::Tensor& last, const ModelViews& weights, const Packed& rows, Tape* tape) const {
  const at::Tensor normed = rms_norm(last, weights.norm, config_.rms_norm_eps, own_);
  const std::int64_t count = last.size(0);
  const bool keep = tape != nullptr && count * config_.vocab_size * std::int64_t{sizeof(float)} <= kKeptScores;
  std::vector<at::Tensor> logps;
  for (std::int64_t i = 0; i < count; i += kHeadRows) {
    const std::int64_t size = std::min(kHeadRows, count - i);
    at::Tensor logits = product_f32(normed.narrow(0, i, size), weights.head);
    logps.push_back(softmax_pick(logits, rows.target.narrow(0, i, size), own_));
    if (keep) tape->scores.push_back(logits);
  }
  const at::Tensor logp = logps.empty() ? at::empty({0}, last.options()) : at::cat(logps, 0);
  if (tape != nullptr) tape->logp = logp;
  return logp;
}

at::Tensor LlamaTorch::head_backward(const ModelViews& weights, const Packed& rows, Tape& tape,
                                     const at::Tensor& d_logp, ModelViews& gradients) const {
  const at::Tensor normed = rms_norm(tape.last, weights.norm, config_.rms_norm_eps, own_);
  at::Tensor d_normed = at::empty_like(normed);
  for (std::int64_t i = 0, chunk = 0; i < normed.size(0); i += kHeadRows, ++chunk) {
    const std::int64_t size = std::min(kHeadRows, normed.size(0) - i);
    const at::Tensor input = normed.narrow(0, i, size), target = rows.target.narrow(0, i, size);
    at::Tensor logits;
    if (tape.scores.empty()) {
      logits = product_f32(input, weights.head);
      if (!own_) (void)softmax_pick(logits, target, own_);
    } else {
      logits = std::move(tape.scores[static_cast<std::size_t>(chunk)]);
    }
    softmax_pick_backward(logits, target, tape.logp.narrow(0, i, size), d_logp.narrow(0, i, size), own_);
    const at::Tensor d_scores = upstream_factor(logits, weights.head);
    at::Tensor part = d_normed.narrow(0, i, size);
    part.copy_(input_gradient(d_scores, weights.head));
    if (gradients.head.defined()) add_weight_gradient(gradients.head, d_scores, input);
  }
  at::Tensor d_last = at::zeros_like(tape.last);
  rms_norm_backward(tape.last, weights.norm, config_.rms_norm_eps, d_normed, own_, d_last, gradients.norm);
  return d_last;
}

at::Tensor LlamaTorch::value_backward(const ModelViews& weights, Tape& tape, const at::Tensor& d_value,
                                      ModelViews& gradients) const {
  const at::Tensor normed = rms_norm(tape.last, weights.norm, config_.rms_norm_eps, own_);
  const at::Tensor d_normed =
      values_backward(normed, weights.value_weight, d_value, gradients.value_weight, gradients.value_bias);
  at::Tensor d_last = at::zeros_like(tape.last);
  rms_norm_backward(tape.last, weights.norm, config_.rms_norm_eps, d_normed, own_, d_last, gradients.norm);
  return d_last;
}

// d_x comes in as the gradient at the layer's output and goes out as the one at its input.
void LlamaTorch::layer_backward(std::size_t index, const LayerViews& weights, const Packed& rows, LayerTape& tape,
                                at::Tensor& d_x, LayerViews& gradients) const {
  const double eps = config_.rms_norm_eps;
  at::Tensor upstream = branch_gradient(d_x, weights.down, rows, mlp_branch(index));
  at::Tensor d_gate_up = std::move(tape.gate_up);
  InputGradients below = linear_input_gradients(upstream, weights.down);
  add_linear_gradients(swiglu_backward(d_gate_up, below.x, own_), upstream, below.low, weights.down, gradients.down);
  d_gate_up = upstream_factor(d_gate_up, weights.gate_up.weight);
  below = linear_input_gradients(d_gate_up, weights.gate_up);
  add_linear_gradients(rms_norm(tape.middle, weights.post_norm, eps, own_), d_gate_up, below.low, weights.gate_up,
                       gradients.gate_up);
  rms_norm_backward(tape.middle, weights.post_norm, eps, below.x, own_, d_x, gradients.post_norm);

  upstream = branch_gradient(d_x, weights.output, rows, attention_branch(index));
  const at::Tensor attended = tape.attention.out.detach().view({d_x.size(0), -1});
  below = linear_input_gradients(upstream, weights.output);
  at::Tensor d_qkv = attention_backward(tape.attention, below.x, rows.packing, attention_of(index));
  add_linear_gradients(attended, upstream, below.low, weights.output, gradients.output);
  if (weights.q_norm.defined()) {
    d_qkv = norm_heads_backward(tape.qkv, weights.q_norm, weights.k_norm, shape_, eps, d_qkv, own_, gradients.q_norm,
                                gradients.k_norm);
  }
  d_qkv = upstream_factor(d_qkv, weights.qkv.weight);
  below = linear_input_gradients(d_qkv, weights.qkv);
  add_linear_gradients(rms_norm(tape.input, weights.input_norm, eps, own_), d_qkv, below.low, weights.qkv,
                       gradients.qkv);
  rms_norm_backward(tape.input, weights.input_norm, eps, below.x, own_, d_x, gradients.input_norm);
  tape = {};
}

void LlamaTorch::backward(const ModelViews& weights, const Packed& rows, Tape& tape, const at::Tensor& d_output,
                          ModelViews& gradients) const {
  if (tape.last.size(0) == 0) return;
  at::Tensor d_x = at::zeros({rows.ids.size(0), config_.hidden_size}, tape.last.options());
  const at::Tensor d_last = rows.output == Output::kLogp ? head_backward(weights, rows, tape, d_output, gradients)
                                                         : value_backward(weights, tape, d_output, gradients);
  add_rows(d_x, rows.scored, d_last, -1, own_);
  for (std::size_t i = weights.layers.size(); i-- > 0;) {
    LayerTape& layer = tape.layers[i];
    if (!layer.gate_up.defined()) (void)first_half(i, weights.layers[i], layer.input, rows, &layer);
    layer_backward(i, weights.layers[i], rows, layer, d_x, gradients.layers[i]);
  }
  // As in Hugging Face's embedding, the padding token's row takes no gradient from the input (a tied head gives it
  // one).
  if (gradients.embedding.defined()) add_rows(gradients.embedding, rows.ids, d_x, config_.pad_token_id, own_);
}

at::Tensor LlamaTorch::logits(const ModelViews& weights, const Packed& rows) const {
  const at::Tensor last = hidden_states(weights, rows, nullptr);
  return product_f32(rms_norm(last, weights.norm, config_.rms_norm_eps, own_), weights.head);
}

}  // namespace ipr::train
