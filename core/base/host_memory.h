// How much memory the machine can still give this process.
#pragma once

#include <cstdint>

namespace ipr {

// Bytes: what the system calls available, or what is left of the limit of the container that the process is in, if that
// is less. 0 where the system does not tell. A figure of the moment: nothing that changes a result may depend on it.
[[nodiscard]] std::int64_t available_memory();

}  // namespace ipr
