#define IPR_SIMD_WIDTH 16
#define IPR_SIMD_ROWS 6
#define IPR_SIMD_BF16
#include "core/model/kernels_bf16_simd.h"
#include "core/model/kernels_table.h"

namespace ipr::model {

extern const Kernels kernels_bf16_avx512bf16 = make_bf16_kernels("bf16-avx512bf16");

}  // namespace ipr::model
