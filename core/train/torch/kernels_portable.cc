#define IPR_SIMD_WIDTH 4
#define IPR_SIMD_ROWS 4
#include "core/train/torch/kernels_simd.h"
#include "core/train/torch/kernels_table.h"

namespace ipr::train {

extern const Kernels kernels_portable = make_kernels("portable");

}  // namespace ipr::train
