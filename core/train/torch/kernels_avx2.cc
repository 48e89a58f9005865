#define IPR_SIMD_WIDTH 8
#define IPR_SIMD_ROWS 4
#include "core/train/torch/kernels_simd.h"
#include "core/train/torch/kernels_table.h"

namespace ipr::train {

extern const Kernels kernels_avx2 = make_kernels("avx2");

}  // namespace ipr::train
