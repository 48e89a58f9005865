#define IPR_SIMD_WIDTH 16
#define IPR_SIMD_ROWS 8
#define IPR_SIMD_BF16
#include "core/train/torch/kernels_simd.h"
#include "core/train/torch/kernels_table.h"

namespace ipr::train {

extern const Kernels kernels_avx512bf16 = make_kernels("avx512bf16");

}  // namespace ipr::train
