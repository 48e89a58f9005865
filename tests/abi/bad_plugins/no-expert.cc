// A good plugin, but nobody shows how it is done.
#include "counter.h"

namespace {
class Alone final : public counter::Counter {
 public:
  using Counter::Counter;
  std::uint32_t capabilities() const override { return ipr::sdk::kActions | ipr::sdk::kSample | ipr::sdk::kDialect; }
};
constexpr ipr::sdk::Info kInfo = counter::info("no-expert");
}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::environment<Alone>(kInfo))
