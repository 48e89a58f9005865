#include "core/train/torch/llama_torch.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

namespace ipr::train {
namespace {

// Fewer rows than this take another path of the f32 product, with other bits.
constexpr std::int64_t kMinRows = 16;
// Scored positions per product with the head: their logits stay in the cache.
constexpr std::int64_t kHeadRows = 256;
// Probabilities are kept for backward up to this many floats per packing (64 MiB), else computed again.
constexpr std::int64_t kKeptProbabilities = std::int64_t{1} << 24;

std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

std::string layer_name(std::int64_t layer, const char* rest) {
  return "model.layers." + std::to_string(layer) + "." + rest;
}

// gradient += upstream^T input
void add_weight_gradient(at::Tensor& gradient, const at::Tensor& upstream, const at::Tensor& input) {
  gradient.addmm_(upstream.t(), input);
}

}  // namespace

Layout::Layout(const model::LlamaConfig& config) {
  const std::int64_t hidden = config.hidden_size, q = config.num_heads * config.head_dim;
  const std::int64_t kv = config.num_kv_heads * config.head_dim, middle = config.intermediate_size;
  const auto add = [this](const std::string& name, std::vector<std::int64_t> shape, bool aligned = true) {
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    if (aligned) size_ = round_up(size_, 16);
    index_[name] = parameters_.size();
    parameters_.push_back({name, std::move(shape), size_, count});
    size_ += count;
  };
  add("model.embed_tokens.weight", {config.vocab_size, hidden});
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    add(layer_name(i, "input_layernorm.weight"), {hidden});
    add(layer_name(i, "self_attn.q_proj.weight"), {q, hidden});
    add(layer_name(i, "self_attn.k_proj.weight"), {kv, hidden}, false);
    add(layer_name(i, "self_attn.v_proj.weight"), {kv, hidden}, false);
    add(layer_name(i, "self_attn.o_proj.weight"), {hidden, q});
    add(layer_name(i, "post_attention_layernorm.weight"), {hidden});
    add(layer_name(i, "mlp.gate_proj.weight"), {middle, hidden});
    add(layer_name(i, "mlp.up_proj.weight"), {middle, hidden}, false);
    add(layer_name(i, "mlp.down_proj.weight"), {hidden, middle});
  }
  add("model.norm.weight", {hidden});
  if (!config.tie_word_embeddings) add("lm_head.weight", {config.vocab_size, hidden});
  size_ = round_up(size_, 16);
}

at::Tensor Layout::view(const at::Tensor& flat, const std::string& name, std::int64_t rows) const {
  const Parameter& first = parameters_[index_.at(name)];
  if (first.shape.size() == 1) return flat.narrow(0, first.offset, rows);
  return flat.narrow(0, first.offset, rows * first.shape[1]).view({rows, first.shape[1]});
}

ModelViews views_of(const Layout& layout, const model::LlamaConfig& config, const at::Tensor& flat) {
  const std::int64_t hidden = config.hidden_size, middle = config.intermediate_size;
  const std::int64_t qkv = (config.num_heads + 2 * config.num_kv_heads) * config.head_dim;
  ModelViews views;
  views.embedding = layout.view(flat, "model.embed_tokens.weight", config.vocab_size);
  views.head = config.tie_word_embeddings ? views.embedding : layout.view(flat, "lm_head.weight", config.vocab_size);
  views.norm = layout.view(flat, "model.norm.weight", hidden);
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    const auto of = [&](const char* name, std::int64_t rows) { return layout.view(flat, layer_name(i, name), rows); };
    views.layers.push_back({of("input_layernorm.weight", hidden), of("self_attn.q_proj.weight", qkv),
                            of("self_attn.o_proj.weight", hidden), of("post_attention_layernorm.weight", hidden),
                            of("mlp.gate_proj.weight", 2 * middle), of("mlp.down_proj.weight", hidden)});
  }
  return views;
}

Packed pack_rows(std::span<const TrainRow* const> rows, std::span<const std::size_t> indices, at::Device device) {
  Packed packed;
  std::vector<std::int64_t> ids, scored, target;
  packed.packing.begin.push_back(0);
  for (const std::size_t index : indices) {
    const TrainRow& row = *rows[index];
    const std::int64_t start = packed.packing.begin.back();
    ids.insert(ids.end(), row.ids.begin(), row.ids.end());
    for (std::size_t t = 1; t < row.ids.size(); ++t) {
      if (row.mask[t] == 0) continue;
      packed.places.push_back({index, t});
      scored.push_back(start + static_cast<std::int64_t>(t) - 1);
      target.push_back(row.ids[t]);
    }
    packed.packing.begin.push_back(static_cast<std::int64_t>(ids.size()));
  }
  // Filling on the right of the last row: causal attention keeps it out of everything before it.
  ids.resize(std::max<std::size_t>(ids.size(), kMinRows), 0);
  packed.packing.begin.back() = static_cast<std::int64_t>(ids.size());
  scored.resize(static_cast<std::size_t>(round_up(static_cast<std::int64_t>(scored.size()), kMinRows)), 0);
  target.resize(scored.size(), 0);
  for (std::size_t i = 0; i + 1 < packed.packing.begin.size(); ++i) {
    packed.longest = std::max(packed.longest, packed.packing.begin[i + 1] - packed.packing.begin[i]);
  }
  const auto to_tensor = [&](const std::vector<std::int64_t>& values) {
    at::Tensor tensor = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
    std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<std::int64_t>());
    return tensor.to(device);
  };
  packed.ids = to_tensor(ids);
  packed.scored = to_tensor(scored);
  packed.target = to_tensor(target);
  return packed;
}

LlamaTorch::LlamaTorch(const model::LlamaConfig& config, at::Device device, bool own_kernels)
    : config_(config),
      layout_(config),
      heads_{config.num_heads, config.num_kv_heads, config.head_dim},
      device_(device),
      own_(own_kernels) {
  reserve_positions(512);
}

void LlamaTorch::reserve_positions(std::int64_t positions) {
  if (cos_.defined() && cos_.size(0) >= positions) return;
  positions = round_up(positions, 512);
  const std::int64_t half = config_.head_dim / 2;
  at::Tensor cos = at::empty({positions, half}), sin = at::empty({positions, half});
  float *c = cos.mutable_data_ptr<float>(), *s = sin.mutable_data_ptr<float>();
  for (std::int64_t p = 0; p < positions; ++p) {
    for (std::int64_t i = 0; i < half; ++i) {
      // In float, as the reference implementation builds its table.
      const float frequency = 1.0f / std::pow(static_cast<float>(config_.rope_theta),
                                              static_cast<float>(2 * i) / static_cast<float>(config_.head_dim));
      const float angle = static_cast<float>(p) * frequency;
      *c++ = std::cos(angle);
      *s++ = std::sin(angle);
    }
  }
  cos_ = cos.to(device_);
  sin_ = sin.to(device_);
}

at::Tensor LlamaTorch::hidden_states(const ModelViews& weights, const Packed& rows, Tape* tape) const {
  const double eps = config_.rms_norm_eps;
  at::Tensor x = weights.embedding.index_select(0, rows.ids);
  for (const LayerViews& w : weights.layers) {
    LayerTape* const layer = tape == nullptr ? nullptr : &tape->layers.emplace_back();
    const at::Tensor qkv = at::mm(rms_norm(x, w.input_norm, eps, own_), w.qkv.t());
    const at::Tensor attended =
        attention(qkv, rows.packing, heads_, cos_, sin_, own_, layer == nullptr ? nullptr : &layer->attention);
    const at::Tensor middle = at::addmm(x, attended, w.output.t());
    const at::Tensor gate_up = at::mm(rms_norm(middle, w.post_norm, eps, own_), w.gate_up.t());
    if (layer != nullptr) {
      layer->input = x;
      layer->middle = middle;
      layer->gate_up = gate_up;
    }
    x = at::addmm(middle, swiglu(gate_up, own_), w.down.t());
  }
  return x;
}

at::Tensor LlamaTorch::forward(const ModelViews& weights, const Packed& rows, Tape* tape) const {
  const at::Tensor last = hidden_states(weights, rows, tape).index_select(0, rows.scored);
  const at::Tensor normed = rms_norm(last, weights.norm, config_.rms_norm_eps, own_);
  const std::int64_t count = last.size(0);
  const bool keep = tape != nullptr && count * config_.vocab_size <= kKeptProbabilities;
  std::vector<at::Tensor> logps;
  for (std::int64_t i = 0; i < count; i += kHeadRows) {
    const std::int64_t size = std::min(kHeadRows, count - i);
    at::Tensor scores = at::mm(normed.narrow(0, i, size), weights.head.t());
    logps.push_back(softmax_pick(scores, rows.target.narrow(0, i, size), own_));
    if (keep) tape->probabilities.push_back(scores);
  }
  if (tape != nullptr) tape->last = last;
  return logps.empty() ? at::empty({0}, last.options()) : at::cat(logps, 0);
}

at::Tensor LlamaTorch::head_backward(const ModelViews& weights, const Packed& rows, Tape& tape,
                                     const at::Tensor& d_logp, ModelViews& gradients) const {
  const at::Tensor normed = rms_norm(tape.last, weights.norm, config_.rms_norm_eps, own_);
  at::Tensor d_normed = at::empty_like(normed);
  for (std::int64_t i = 0, chunk = 0; i < normed.size(0); i += kHeadRows, ++chunk) {
    const std::int64_t size = std::min(kHeadRows, normed.size(0) - i);
    const at::Tensor input = normed.narrow(0, i, size), target = rows.target.narrow(0, i, size);
    at::Tensor scores;
    if (tape.probabilities.empty()) {
      scores = at::mm(input, weights.head.t());
      (void)softmax_pick(scores, target, own_);
    } else {
      scores = std::move(tape.probabilities[static_cast<std::size_t>(chunk)]);
    }
    softmax_pick_backward(scores, target, d_logp.narrow(0, i, size), own_);
    at::Tensor part = d_normed.narrow(0, i, size);
    at::mm_out(part, scores, weights.head);
    add_weight_gradient(gradients.head, scores, input);
  }
  at::Tensor d_last = at::zeros_like(tape.last);
  rms_norm_backward(tape.last, weights.norm, config_.rms_norm_eps, d_normed, own_, d_last, gradients.norm);
  return d_last;
}

// d_x comes in as the gradient at the layer's output and goes out as the one at its input.
void LlamaTorch::layer_backward(const LayerViews& weights, const Packed& rows, LayerTape& tape, at::Tensor& d_x,
                                LayerViews& gradients) const {
  const double eps = config_.rms_norm_eps;
  at::Tensor d_gate_up = std::move(tape.gate_up);
  const at::Tensor activated = swiglu_backward(d_gate_up, at::mm(d_x, weights.down), own_);
  add_weight_gradient(gradients.down, d_x, activated);
  add_weight_gradient(gradients.gate_up, d_gate_up, rms_norm(tape.middle, weights.post_norm, eps, own_));
  rms_norm_backward(tape.middle, weights.post_norm, eps, at::mm(d_gate_up, weights.gate_up), own_, d_x,
                    gradients.post_norm);

  const at::Tensor attended = tape.attention.out.detach();
  const at::Tensor d_qkv =
      attention_backward(tape.attention, at::mm(d_x, weights.output), rows.packing, heads_, cos_, sin_);
  add_weight_gradient(gradients.output, d_x, attended);
  add_weight_gradient(gradients.qkv, d_qkv, rms_norm(tape.input, weights.input_norm, eps, own_));
  rms_norm_backward(tape.input, weights.input_norm, eps, at::mm(d_qkv, weights.qkv), own_, d_x, gradients.input_norm);
  tape = {};
}

void LlamaTorch::backward(const ModelViews& weights, const Packed& rows, Tape& tape, const at::Tensor& d_logp,
                          ModelViews& gradients) const {
  if (tape.last.size(0) == 0) return;
  at::Tensor d_x = at::zeros({rows.ids.size(0), config_.hidden_size}, tape.last.options());
  add_rows(d_x, rows.scored, head_backward(weights, rows, tape, d_logp, gradients), -1, own_);
  for (std::size_t i = weights.layers.size(); i-- > 0;) {
    layer_backward(weights.layers[i], rows, tape.layers[i], d_x, gradients.layers[i]);
  }
  // As in Hugging Face's embedding, the padding token's row takes no gradient from the input (a tied head gives it
  // one).
  add_rows(gradients.embedding, rows.ids, d_x, config_.pad_token_id, own_);
}

at::Tensor LlamaTorch::logits(const ModelViews& weights, const Packed& rows) const {
  const at::Tensor last = hidden_states(weights, rows, nullptr);
  return at::mm(rms_norm(last, weights.norm, config_.rms_norm_eps, own_), weights.head.t());
}

}  // namespace ipr::train
