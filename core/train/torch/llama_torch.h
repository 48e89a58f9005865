// A Llama-architecture model on LibTorch, forward and backward written out by hand, on packed rows.
//
// Rows of different lengths stand one behind the other in [tokens, hidden] (no padding between them): every matrix
// product runs over all of them, attention over each row for itself. So a row's log-probs do not depend on its company;
// a packing is never shorter than 16 tokens because shorter f32 products of LibTorch round differently (product.md 3).
// The head runs on the scored positions only. Gradients are added straight into one flat buffer.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/model/weights.h"
#include "core/train/rows.h"
#include "core/train/torch/operators.h"

namespace ipr::train {

// One parameter of the checkpoint inside the flat buffer.
struct Parameter {
  std::string name;
  std::vector<std::int64_t> shape;
  std::int64_t offset = 0, size = 0;
};

// Where each parameter lies in one flat f32 buffer. q, k, v and gate, up are neighbours: each group is one product.
// Tensors start at multiples of 16 floats; the gaps hold zeros, also in gradients and moments.
class Layout {
 public:
  explicit Layout(const model::LlamaConfig& config);
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
  [[nodiscard]] std::int64_t size() const { return size_; }
  // `rows` rows from the parameter `name` on.
  [[nodiscard]] at::Tensor view(const at::Tensor& flat, const std::string& name, std::int64_t rows) const;

 private:
  std::vector<Parameter> parameters_;
  std::map<std::string, std::size_t> index_;
  std::int64_t size_ = 0;
};

// Views into a flat buffer: of the weights, or of their gradients.
struct LayerViews {
  at::Tensor input_norm, qkv, output, post_norm, gate_up, down;
};
struct ModelViews {
  at::Tensor embedding, head, norm;  // head is the embedding where they are tied
  std::vector<LayerViews> layers;
};
[[nodiscard]] ModelViews views_of(const Layout& layout, const model::LlamaConfig& config, const at::Tensor& flat);

// Rows that run together, with the positions whose next token is scored.
struct Packed {
  Packing packing;
  at::Tensor ids;     // int64 [tokens]
  at::Tensor scored;  // int64 [n]: positions; a multiple of 16, filled up with position 0
  at::Tensor target;  // int64 [n]
  // Entry i scores token `token` of row `row` of the list that was packed; filling has none.
  struct Place {
    std::size_t row = 0, token = 0;
  };
  std::vector<Place> places;
  std::int64_t longest = 0;
};

// Scores ids[t] where mask[t] is not 0, t >= 1. `indices` names the rows to take.
[[nodiscard]] Packed pack_rows(std::span<const TrainRow* const> rows, std::span<const std::size_t> indices,
                               at::Device device);

struct LayerTape {
  at::Tensor input, middle, gate_up;
  AttentionTape attention;
};
// What backward needs of a forward; used up by it.
struct Tape {
  std::vector<LayerTape> layers;
  at::Tensor last;                        // [n, hidden]: scored positions before the last norm
  std::vector<at::Tensor> probabilities;  // per chunk; empty: computed again
};

class LlamaTorch {
 public:
  // `own_kernels` only with a CPU device.
  LlamaTorch(const model::LlamaConfig& config, at::Device device, bool own_kernels);

  [[nodiscard]] const model::LlamaConfig& config() const { return config_; }
  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] bool own_kernels() const { return own_; }
  // True where several threads may run forward and backward of this model at once: nothing in it starts an autograd
  // graph.
  [[nodiscard]] bool may_run_replicas() const { return own_ && has_own_attention(heads_); }

  // Makes the rotary tables long enough. Not to be called while another thread runs the model.
  void reserve_positions(std::int64_t positions);

  // Log-probs of the scored tokens, [n] (filling included). With a tape, backward may follow.
  [[nodiscard]] at::Tensor forward(const ModelViews& weights, const Packed& rows, Tape* tape) const;
  // Adds the gradient of sum(d_logp * logp) to `gradients`.
  void backward(const ModelViews& weights, const Packed& rows, Tape& tape, const at::Tensor& d_logp,
                ModelViews& gradients) const;
  // Logits of every position, [tokens, vocab].
  [[nodiscard]] at::Tensor logits(const ModelViews& weights, const Packed& rows) const;

 private:
  [[nodiscard]] at::Tensor hidden_states(const ModelViews& weights, const Packed& rows, Tape* tape) const;
  void layer_backward(const LayerViews& weights, const Packed& rows, LayerTape& tape, at::Tensor& d_x,
                      LayerViews& gradients) const;
  at::Tensor head_backward(const ModelViews& weights, const Packed& rows, Tape& tape, const at::Tensor& d_logp,
                           ModelViews& gradients) const;

  model::LlamaConfig config_;
  Layout layout_;
  HeadShape heads_;
  at::Device device_;
  bool own_;
  at::Tensor cos_, sin_;  // [positions, head_dim / 2]
};

}  // namespace ipr::train
