// The kernel sets that this build holds; internal to kernels*.cc.
#pragma once

#include "core/train/torch/kernels.h"

namespace ipr::train {

extern const Kernels kernels_portable;
extern const Kernels kernels_avx2;    // x86-64 builds only
extern const Kernels kernels_avx512;  // x86-64 builds only

}  // namespace ipr::train
