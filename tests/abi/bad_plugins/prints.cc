// Talks on standard output, where only answers belong.
#include <cstdio>

#include "counter.h"

namespace {
class Talker final : public counter::Counter {
 public:
  Talker(const ipr::sdk::Host& host, std::string_view config) : Counter(host, config) {
    std::puts("hello");
    std::fflush(stdout);
  }
};
constexpr ipr::sdk::Info kInfo = counter::info("prints");
}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::environment<Talker>(kInfo))
