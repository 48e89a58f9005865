// Which of LibTorch's two libraries multiplies f32 matrices on the CPU: MKL or oneDNN.
//
// MKL is LibTorch's own choice, but runs its AVX2 code on processors of other makers: on a Zen 5, oneDNN is 2.3 times as
// fast. LibTorch asks oneDNN where the factors of f32 products may be rounded to bf16. oneDNN makes use of that leave on
// AMX alone; everywhere else its products are f32 throughout, as exact as MKL's.
#pragma once

namespace ipr::train {

// LibTorch's setting for the process from here on. `may_round`: products may take their factors rounded to bf16, and
// add up in f32, where that is fast. Not thread-safe against products that run.
void choose_f32_products(bool may_round);

}  // namespace ipr::train
