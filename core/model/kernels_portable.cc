#define IPR_SIMD_WIDTH 4
#define IPR_SIMD_ROWS 3
#include "core/model/kernels_simd.h"
#include "core/model/kernels_table.h"

namespace ipr::model {

extern const Kernels kernels_portable = make_kernels("portable");

}  // namespace ipr::model
