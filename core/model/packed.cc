#include "core/model/packed.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace ipr::model {

AlignedFloats::AlignedFloats(std::size_t size) : size_(size) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  const std::size_t bytes = size * sizeof(float);
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : 64;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  auto* memory = static_cast<float*>(std::aligned_alloc(alignment, rounded > 0 ? rounded : alignment));
  if (memory == nullptr) throw std::bad_alloc();
  if (alignment == kHugePage) (void)::madvise(memory, rounded, MADV_HUGEPAGE);  // a hint; small pages work too
  std::memset(memory, 0, rounded > 0 ? rounded : alignment);
  values_.reset(memory);
}

void AlignedFloats::Free::operator()(float* values) const {
  std::free(values);
}

}  // namespace ipr::model
