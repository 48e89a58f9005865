#define IPR_SIMD_WIDTH 16
#define IPR_SIMD_ROWS 8
#include "core/train/torch/kernels_simd.h"
#include "core/train/torch/kernels_table.h"

namespace ipr::train {

extern const Kernels kernels_avx512 = make_kernels("avx512");

}  // namespace ipr::train
