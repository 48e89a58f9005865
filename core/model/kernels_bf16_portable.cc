#define IPR_SIMD_WIDTH 4
#define IPR_SIMD_ROWS 3
#include "core/model/kernels_bf16_simd.h"
#include "core/model/kernels_table.h"

namespace ipr::model {

extern const Kernels kernels_bf16_portable = make_bf16_kernels("bf16-portable");

}  // namespace ipr::model
