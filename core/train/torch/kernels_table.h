// The kernel sets that this build holds; internal to kernels*.cc.
#pragma once

#include "core/train/torch/kernels.h"

namespace ipr::train {

extern const Kernels kernels_portable;
// x86-64 builds only
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
extern const Kernels kernels_avx512bf16;
extern const Kernels kernels_amx;

}  // namespace ipr::train
