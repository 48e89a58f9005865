// A Llama-like model on LibTorch, forward and backward written out by hand, on packed rows.
//
// Rows of different lengths stand one behind the other in [tokens, hidden] (no padding between them): every matrix
// product runs over all of them, attention over each row for itself. So a row's log-probs do not depend on its company;
// a packing is never shorter than 16 tokens because shorter f32 products of LibTorch round differently (product.md 3).
// The head, of the vocabulary or of values, runs on the scored positions only. Gradients are added straight into
// buffers of the caller.
//
// The type of the weights decides that of the products: f32, or bf16 with a residual stream in f32 (operators.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/model/config.h"
#include "core/train/torch/model_views.h"
#include "core/train/torch/operators.h"
#include "core/train/torch/packed_rows.h"

namespace ipr::train {

struct LayerTape {
  at::Tensor input;            // the rest is undefined where only this was kept
  at::Tensor qkv;              // before the norms of its heads, where there are some
  at::Tensor middle, gate_up;  // after attention; before the activation
  AttentionTape attention;
};
// What backward needs of a forward; used up by it.
struct Tape {
  // Set before forward: so many of the first layers keep their input alone, and backward runs them again. Same bits.
  std::size_t recomputed_layers = 0;
  std::vector<LayerTape> layers;
  at::Tensor last;                 // [n, hidden]: scored positions before the last norm
  at::Tensor logp;                 // [n]
  std::vector<at::Tensor> scores;  // what softmax_pick left of each chunk's logits; empty: computed again
};

class LlamaTorch {
 public:
  // `own_kernels` only with a CPU device.
  LlamaTorch(const model::LlamaConfig& config, at::Device device, bool own_kernels);

  [[nodiscard]] const model::LlamaConfig& config() const { return config_; }
  [[nodiscard]] bool own_kernels() const { return own_; }
  // True where several threads may run forward and backward of this model in f32 at once: nothing in it starts an
  // autograd graph.
  [[nodiscard]] bool may_run_replicas() const { return own_ && has_own_attention(shape_); }

  // Makes the rotary tables long enough. Not to be called while another thread runs the model.
  void reserve_positions(std::int64_t positions);

  // The rows' outputs (Packed::output), f32 [n] (filling included). With a tape, backward may follow.
  [[nodiscard]] at::Tensor forward(const ModelViews& weights, const Packed& rows, Tape* tape) const;
  // Adds the gradient of sum(d_output * output) to those tensors of `gradients` that are defined.
  void backward(const ModelViews& weights, const Packed& rows, Tape& tape, const at::Tensor& d_output,
                ModelViews& gradients) const;
  // Logits of every position, f32 [tokens, vocab].
  [[nodiscard]] at::Tensor logits(const ModelViews& weights, const Packed& rows) const;

 private:
  [[nodiscard]] Attention attention_of(std::size_t layer) const;
  [[nodiscard]] at::Tensor hidden_states(const ModelViews& weights, const Packed& rows, Tape* tape) const;
  // residual + layer(x), of which dropout leaves out a share. `place`: of the branch in the model.
  [[nodiscard]] at::Tensor add_branch(const at::Tensor& residual, const at::Tensor& x, const Linear& layer,
                                      const Packed& rows, std::size_t place) const;
  // A layer up to its activation: what backward starts from. A layer is done with
  // add_branch(residual, swiglu(gate_up), down).
  struct Middle {
    at::Tensor residual, gate_up;
  };
  Middle first_half(std::size_t index, const LayerViews& weights, const at::Tensor& x, const Packed& rows,
                    LayerTape* tape) const;
  void layer_backward(std::size_t index, const LayerViews& weights, const Packed& rows, LayerTape& tape,
                      at::Tensor& d_x, LayerViews& gradients) const;
  [[nodiscard]] at::Tensor logps(const at::Tensor& last, const ModelViews& weights, const Packed& rows,
                                 Tape* tape) const;
  // Both return the gradient at tape.last.
  at::Tensor head_backward(const ModelViews& weights, const Packed& rows, Tape& tape, const at::Tensor& d_logp,
                           ModelViews& gradients) const;
  at::Tensor value_backward(const ModelViews& weights, Tape& tape, const at::Tensor& d_value,
                            ModelViews& gradients) const;

  model::LlamaConfig config_;
  HeadShape shape_;
  at::Device device_;
  bool own_;
  std::vector<float> frequencies_;  // rotary
  at::Tensor cos_, sin_;            // [positions, head_dim / 2]
};

}  // namespace ipr::train
