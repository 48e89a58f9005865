#include "bench/support/own_process.h"

#include <fstream>
#include <string>

namespace ipr::bench {

std::int64_t peak_memory() {
  std::ifstream facts("/proc/self/status");
  for (std::string name, rest; facts >> name && std::getline(facts, rest);) {
    if (name == "VmHWM:") return std::stoll(rest) * 1024;  // KiB
  }
  return 0;
}

}  // namespace ipr::bench
