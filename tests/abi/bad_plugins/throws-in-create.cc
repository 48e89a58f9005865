// Its constructor throws what the SDK must turn into an error.
#include "counter.h"

namespace {
class Thrower final : public counter::Counter {
 public:
  Thrower(const ipr::sdk::Host& host, std::string_view config) : Counter(host, config) {
    throw std::runtime_error("the cellar is flooded");
  }
};
constexpr ipr::sdk::Info kInfo = counter::info("throws-in-create");
}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::environment<Thrower>(kInfo))
