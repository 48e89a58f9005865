#define IPR_SIMD_WIDTH 8
#define IPR_SIMD_ROWS 6
#include "core/model/kernels_simd.h"
#include "core/model/kernels_table.h"

namespace ipr::model {

extern const Kernels kernels_avx2 = make_kernels("avx2");

}  // namespace ipr::model
