#include "core/model/packed.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/model/element_type.h"

namespace ipr::model {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (std::max<std::size_t>(bytes, 1) + unit - 1) / unit * unit;
}

// `bytes` (whole huge pages) of zeros at a huge page's boundary. Fresh pages are zero: whoever touches one first pays
// for it, so that the threads of the model share that work.
float* map_zeros(std::size_t bytes) {
  void* mapped = ::mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<char*>(mapped);
  const std::size_t before = (kHugePage - reinterpret_cast<std::uintptr_t>(begin) % kHugePage) % kHugePage;
  if (before > 0) ::munmap(begin, before);
  ::munmap(begin + before + bytes, kHugePage - before);
  (void)::madvise(begin + before, bytes, MADV_HUGEPAGE);  // a hint; small pages work too
  return reinterpret_cast<float*>(begin + before);
}

float* allocate_zeros(std::size_t bytes) {
  constexpr std::size_t kCacheLine = 64;
  void* const memory = std::aligned_alloc(kCacheLine, round_up(bytes, kCacheLine));
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, bytes);
  return static_cast<float*>(memory);
}

}  // namespace

void pack_block(const float* rows, int k, std::size_t stride, Width width, float* to) {
  if (width == Width::kF32) {
    for (int i = 0; i < k; ++i) {
      for (std::size_t lane = 0; lane < kLane; ++lane) *to++ = rows[lane * stride + static_cast<std::size_t>(i)];
    }
    return;
  }
  auto* pair = reinterpret_cast<std::uint16_t*>(to);
  for (int i = 0; i < k; i += 2) {
    for (std::size_t lane = 0; lane < kLane; ++lane) {
      const float* from = rows + lane * stride + static_cast<std::size_t>(i);
      *pair++ = to_bf16(from[0]);
      *pair++ = to_bf16(from[1]);
    }
  }
}

AlignedFloats::AlignedFloats(std::size_t size) : size_(size) {
  const std::size_t bytes = size * sizeof(float);
  if (bytes < kHugePage) {
    values_ = {allocate_zeros(bytes), Free()};
  } else {
    const std::size_t mapped = round_up(bytes, kHugePage);
    values_ = {map_zeros(mapped), Free(mapped)};
  }
}

void AlignedFloats::Free::operator()(float* values) const {
  if (mapped_bytes > 0) {
    ::munmap(values, mapped_bytes);
  } else {
    std::free(values);
  }
}

}  // namespace ipr::model
