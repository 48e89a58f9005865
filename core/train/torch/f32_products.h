// How f32 matrices are multiplied on the CPU: by MKL or by oneDNN, and what may be rounded on the way.
//
// MKL is LibTorch's own choice, but runs its AVX2 code on processors of other makers: on a Zen 5, oneDNN is 2.3 times
// as fast. LibTorch asks oneDNN where the factors of f32 products may be rounded to bf16. oneDNN makes use of that
// leave on AMX alone; everywhere else its products are f32 throughout, as exact as MKL's. With AVX-512-BF16 and no AMX
// the leave is taken here, for the products of backward: twice as fast again, and log-probs stay f32.
#pragma once

#include <ATen/core/Tensor.h>

namespace ipr::train {

// The setting of the process from here on. `may_round`: products may take their factors rounded to bf16 where that is
// fast. Not thread-safe against products that run.
void choose_f32_products(bool may_round);

// x in the type that backward multiplies in: x itself, or f32 as bf16 where it may be rounded and that is fast.
[[nodiscard]] at::Tensor backward_factor(const at::Tensor& x);

}  // namespace ipr::train
