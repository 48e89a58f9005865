#define IPR_SIMD_WIDTH 8
#define IPR_SIMD_ROWS 6
#include "core/model/kernels_bf16_simd.h"
#include "core/model/kernels_table.h"

namespace ipr::model {

extern const Kernels kernels_bf16_avx2 = make_bf16_kernels("bf16-avx2");

}  // namespace ipr::model
