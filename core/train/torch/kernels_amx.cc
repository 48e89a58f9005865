#define IPR_SIMD_WIDTH 16
#define IPR_SIMD_ROWS 8
#define IPR_SIMD_BF16
#define IPR_SIMD_AMX
#include "core/train/torch/kernels_simd.h"
#include "core/train/torch/kernels_table.h"

namespace ipr::train {

extern const Kernels kernels_amx = make_kernels("amx");

}  // namespace ipr::train
