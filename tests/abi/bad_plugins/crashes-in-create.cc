// Loads well and ends the process when an instance is made.
#include <cstdlib>

#include "counter.h"

namespace {
class Crasher final : public counter::Counter {
 public:
  Crasher(const ipr::sdk::Host& host, std::string_view config) : Counter(host, config) { std::abort(); }
};
constexpr ipr::sdk::Info kInfo = counter::info("crashes-in-create");
}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::environment<Crasher>(kInfo))
