#define IPR_SIMD_WIDTH 16
#define IPR_SIMD_ROWS 6
#include "core/model/kernels_simd.h"
#include "core/model/kernels_table.h"

namespace ipr::model {

extern const Kernels kernels_avx512 = make_kernels("avx512");

}  // namespace ipr::model
