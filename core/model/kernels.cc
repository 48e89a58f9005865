#include "core/model/kernels.h"

#include <vector>

#include "core/model/kernels_table.h"

namespace ipr::model {
namespace {

std::vector<const Kernels*> detect() {
  std::vector<const Kernels*> found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2 && __builtin_cpu_supports("avx512f")) found.push_back(&kernels_avx512);
  if (avx2) found.push_back(&kernels_avx2);
#endif
  found.push_back(&kernels_portable);
  return found;
}

const std::vector<const Kernels*>& detected() {
  static const std::vector<const Kernels*> found = detect();
  return found;
}

}  // namespace

const Kernels& best_kernels() {
  return *detected().front();
}

std::span<const Kernels* const> available_kernels() {
  return detected();
}

}  // namespace ipr::model
