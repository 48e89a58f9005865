// How f32 matrices are multiplied on the CPU: by MKL, by oneDNN, or with rounded factors.
//
// MKL is LibTorch's own choice, but runs its AVX2 code on processors of other makers: on a Zen 5, oneDNN is 2.3 times
// as fast. LibTorch asks oneDNN where the factors of f32 products may be rounded to bf16. oneDNN makes use of that
// leave on AMX alone, where it is therefore not asked; everywhere else its products are f32 throughout, as exact as
// MKL's. Where factors may indeed be rounded and the processor multiplies bf16 itself, rounded_products.h does it.
#pragma once

#include <ATen/core/Tensor.h>

namespace ipr::train {

// The setting of the process from here on. `may_round`: products may take their factors rounded to bf16 where that is
// fast. Not thread-safe against products that run.
void choose_f32_products(bool may_round);

// Shall a product of this factor, of its gradient or with it, go to rounded_products.h?
[[nodiscard]] bool may_round_product(const at::Tensor& factor);

}  // namespace ipr::train
