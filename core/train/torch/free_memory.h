// How much memory a device can still give.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace ipr::train {

// Bytes: on the CPU available_memory(), on a GPU what is free or kept by LibTorch without use. 0 where the
// system does not tell. A figure of the moment: nothing that changes a result may depend on it.
[[nodiscard]] std::int64_t free_memory(c10::Device device);

}  // namespace ipr::train
