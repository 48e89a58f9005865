// Built for the next minor version of the contract.
#include "counter.h"

extern "C" __attribute__((visibility("default"))) const ipr_library* ipr_library_v0(void) {
  static constexpr ipr::sdk::Info kInfo = counter::info("wrong-abi");
  static const ipr_plugin_desc* const plugins[] = {ipr::sdk::environment<counter::Counter>(kInfo)};
  static const ipr_library library = {sizeof(ipr_library), IPR_ABI_MAJOR, IPR_ABI_MINOR + 1, 1, plugins};
  return &library;
}
