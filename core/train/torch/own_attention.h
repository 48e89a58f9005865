// Attention by our kernels: f32 on the CPU, short heads (has_own_attention). The first of the ways of attention.h.
#pragma once

#include "core/train/torch/attention.h"

namespace ipr::train {

[[nodiscard]] at::Tensor own_attention(const at::Tensor& qkv, const Packing& packing, const Attention& layer,
                                       AttentionTape* tape);
[[nodiscard]] at::Tensor own_attention_backward(const AttentionTape& tape, const at::Tensor& d_out,
                                                const Packing& packing, const Attention& layer);

}  // namespace ipr::train
