// Every step throws.
#include "counter.h"

namespace {
class Fragile final : public counter::Count {
 public:
  void step(std::string_view, ipr::sdk::Step&) override { throw std::out_of_range("the stairs are missing"); }
};
class Thrower final : public counter::Counter {
 public:
  using Counter::Counter;
  std::unique_ptr<ipr::sdk::Episode> new_episode() const override { return std::make_unique<Fragile>(); }
};
constexpr ipr::sdk::Info kInfo = counter::info("throws-in-step");
}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::environment<Thrower>(kInfo))
