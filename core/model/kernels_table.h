// The kernel sets that this build holds; internal to kernels*.cc. Callers use best_kernels().
#pragma once

#include "core/model/kernels.h"

namespace ipr::model {

extern const Kernels kernels_portable;
extern const Kernels kernels_avx2;    // x86-64 builds only
extern const Kernels kernels_avx512;  // x86-64 builds only

}  // namespace ipr::model
