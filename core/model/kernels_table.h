// The kernel sets that this build holds; internal to kernels*.cc. Callers use best_kernels().
#pragma once

#include "core/model/kernels.h"

namespace ipr::model {

extern const Kernels kernels_portable, kernels_bf16_portable;
// x86-64 builds only.
extern const Kernels kernels_avx2, kernels_bf16_avx2;
extern const Kernels kernels_avx512, kernels_bf16_avx512;
extern const Kernels kernels_bf16_avx512bf16;
extern const Kernels kernels_bf16_amx;

// Asks the system for the tile registers; true where this process may use them. The same answer each time.
[[nodiscard]] bool may_use_amx();

}  // namespace ipr::model
