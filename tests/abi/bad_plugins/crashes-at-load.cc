// Ends the process that loads it.
#include <cstdlib>

#include "counter.h"

namespace {
__attribute__((constructor)) void fall() {
  std::abort();
}
constexpr ipr::sdk::Info kInfo = counter::info("crashes-at-load");
}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::environment<counter::Counter>(kInfo))
