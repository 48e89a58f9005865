#include "core/train/torch/free_memory.h"

#include <c10/core/CachingDeviceAllocator.h>

#include "core/base/host_memory.h"

namespace ipr::train {
std::int64_t free_memory(c10::Device device) {
  if (device.is_cpu()) return available_memory();
  c10::DeviceAllocator* const allocator = c10::getDeviceAllocator(device.type());
  const auto sum_of = [](const c10::CachingDeviceAllocator::StatArray& stats) {
    return stats[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)].current;
  };
  const auto stats = allocator->getDeviceStats(device.index());
  return static_cast<std::int64_t>(allocator->getMemoryInfo(device.index()).first) + sum_of(stats.reserved_bytes) -
         sum_of(stats.allocated_bytes);
}

}  // namespace ipr::train
