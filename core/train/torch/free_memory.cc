#include "core/train/torch/free_memory.h"

#include <c10/core/CachingDeviceAllocator.h>

#include <fstream>
#include <string>

namespace ipr::train {
namespace {

std::int64_t available_on_host() {
  std::ifstream facts("/proc/meminfo");
  std::string name, unit;
  for (std::int64_t kib = 0; facts >> name >> kib && std::getline(facts, unit);) {
    if (name == "MemAvailable:") return kib * 1024;
  }
  return 0;
}

}  // namespace

std::int64_t free_memory(c10::Device device) {
  if (device.is_cpu()) return available_on_host();
  c10::DeviceAllocator* const allocator = c10::getDeviceAllocator(device.type());
  const auto sum_of = [](const c10::CachingDeviceAllocator::StatArray& stats) {
    return stats[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)].current;
  };
  const auto stats = allocator->getDeviceStats(device.index());
  return static_cast<std::int64_t>(allocator->getMemoryInfo(device.index()).first) + sum_of(stats.reserved_bytes) -
         sum_of(stats.allocated_bytes);
}

}  // namespace ipr::train
