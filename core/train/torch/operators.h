// Forward and backward of the model's operators that are not matrix products, on LibTorch tensors.
//
// With `own` (CPU only) they run our kernels.h; without, ATen operators alone: the path of a GPU, and the reference our
// kernels are tested against. All tensors are contiguous, on one device, and carry no autograd history. The residual
// stream, logits and gradients of weights are f32, whatever the type of the weights: sums that go through all layers
// keep their digits (with a bf16 stream, log-probs of SmolLM2 are off by 0.3 instead of 0.1, llm-runtime.md section 2).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/train/torch/attention.h"

namespace ipr::train {

// y = x / sqrt(mean(x^2) + eps) * w over the last dimension: x of any float type, computed in f32, y of w's type.
[[nodiscard]] at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& w, double eps, bool own);
// Adds to gx, and to gw where it is defined.
void rms_norm_backward(const at::Tensor& x, const at::Tensor& w, double eps, const at::Tensor& gy, bool own,
                       at::Tensor& gx, at::Tensor& gw);

// y [n, f] = silu(gate) * up of gate_up [n, 2 f].
[[nodiscard]] at::Tensor swiglu(const at::Tensor& gate_up, bool own);
// Returns y again and replaces gate_up by its gradient.
[[nodiscard]] at::Tensor swiglu_backward(at::Tensor& gate_up, const at::Tensor& gy, bool own);

// Returns log p of `target` [n], f32, for logits [n, vocab]; leaves in them what softmax_pick_backward wants: with
// `own` the logits, which may be bf16, else f32 probabilities.
[[nodiscard]] at::Tensor softmax_pick(at::Tensor& logits, const at::Tensor& target, bool own);
// Replaces what softmax_pick left by the gradient at the logits; logp is what it returned.
void softmax_pick_backward(at::Tensor& logits, const at::Tensor& target, const at::Tensor& logp,
                           const at::Tensor& d_logp, bool own);

// a + b, where a [n, size] is f32 and b of any type; and the same in place.
[[nodiscard]] at::Tensor add(const at::Tensor& a, const at::Tensor& b, bool own);
void add_to(at::Tensor& sum, const at::Tensor& b, bool own);

// out[index[i]] += rows[i], but for index[i] == skip.
void add_rows(at::Tensor& out, const at::Tensor& index, const at::Tensor& rows, std::int64_t skip, bool own);

// The heads of queries and keys in qkv [n, qkv_size], each normed by itself with rms_norm's weights [head_dim]; values
// as they are.
[[nodiscard]] at::Tensor norm_heads(const at::Tensor& qkv, const at::Tensor& q_norm, const at::Tensor& k_norm,
                                    const HeadShape& shape, double eps, bool own);
// The gradient at qkv; adds to those at the norms where they are defined.
[[nodiscard]] at::Tensor norm_heads_backward(const at::Tensor& qkv, const at::Tensor& q_norm, const at::Tensor& k_norm,
                                             const HeadShape& shape, double eps, const at::Tensor& d_y, bool own,
                                             at::Tensor& d_q_norm, at::Tensor& d_k_norm);

// Sum of squares in double, the same for equal values and thread count.
[[nodiscard]] double sum_of_squares(const at::Tensor& values, bool own);

}  // namespace ipr::train
