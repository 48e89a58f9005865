// Exports more than the entry point.
#include "counter.h"

extern "C" __attribute__((visibility("default"))) int a_second_symbol(void);
int a_second_symbol(void) {
  return 2;
}

namespace {
constexpr ipr::sdk::Info kInfo = counter::info("second-export");
}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::environment<counter::Counter>(kInfo))
