// Forward and backward of the model's operators that are not matrix products, on LibTorch tensors.
//
// With `own` (CPU only) they run our kernels.h; without, ATen operators alone: the path of a GPU, and the reference our
// kernels are tested against. All tensors are contiguous float32 on one device and carry no autograd history.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ipr::train {

// y = x / sqrt(mean(x^2) + eps) * w, over the last dimension.
[[nodiscard]] at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& w, double eps, bool own);
// Adds to gx and gw.
void rms_norm_backward(const at::Tensor& x, const at::Tensor& w, double eps, const at::Tensor& gy, bool own,
                       at::Tensor& gx, at::Tensor& gw);

// y [n, f] = silu(gate) * up of gate_up [n, 2 f].
[[nodiscard]] at::Tensor swiglu(const at::Tensor& gate_up, bool own);
// Returns y again and replaces gate_up by its gradient.
[[nodiscard]] at::Tensor swiglu_backward(at::Tensor& gate_up, const at::Tensor& gy, bool own);

// Replaces logits [n, vocab] by probabilities; returns log p of `target` [n].
[[nodiscard]] at::Tensor softmax_pick(at::Tensor& logits, const at::Tensor& target, bool own);
// Replaces probabilities by the gradient at the logits.
void softmax_pick_backward(at::Tensor& probabilities, const at::Tensor& target, const at::Tensor& d_logp, bool own);

// out[index[i]] += rows[i], but for index[i] == skip.
void add_rows(at::Tensor& out, const at::Tensor& index, const at::Tensor& rows, std::int64_t skip, bool own);

// Sequences one behind the other in the rows of a tensor: sequence i is [begin[i], begin[i + 1]).
struct Packing {
  std::vector<std::int64_t> begin;
};

struct HeadShape {
  std::int64_t heads = 0, kv_heads = 0, head_dim = 0;
  [[nodiscard]] std::int64_t qkv_size() const { return (heads + 2 * kv_heads) * head_dim; }
};

// What backward needs of a forward.
struct AttentionTape {
  at::Tensor qkv;
  at::Tensor out;
  at::Tensor
      lse;  // own kernels: [heads * tokens], sequence by sequence. Else undefined, and qkv -> out carries a graph
};

// Causal attention of each sequence for itself, rotary positions counted from the sequence's start. qkv [n, qkv_size]:
// query heads, key heads, value heads. cos, sin: [positions, head_dim / 2]. `tape` may be null.
[[nodiscard]] at::Tensor attention(const at::Tensor& qkv, const Packing& packing, const HeadShape& shape,
                                   const at::Tensor& cos, const at::Tensor& sin, bool own, AttentionTape* tape);
[[nodiscard]] at::Tensor attention_backward(const AttentionTape& tape, const at::Tensor& d_out, const Packing& packing,
                                            const HeadShape& shape, const at::Tensor& cos, const at::Tensor& sin);

// True where attention() runs our kernels if asked to.
[[nodiscard]] bool has_own_attention(const HeadShape& shape);

// Sum of squares in double, the same for equal values and thread count.
[[nodiscard]] double sum_of_squares(const at::Tensor& values, bool own);

}  // namespace ipr::train
