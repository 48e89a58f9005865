// Shows how often it was asked, which no seed decides. It cannot fork, so that copies are made by replay.
#include <atomic>

#include "counter.h"

namespace {
std::atomic<int> g_asked{0};
class Moody final : public counter::Count {
 public:
  void reset(std::string_view task, std::uint64_t seed, ipr::sdk::Step& out) override {
    Count::reset(task, seed, out);
    out.observation += " at visit " + std::to_string(++g_asked);
  }
  void step(std::string_view action, ipr::sdk::Step& out) override {
    Count::step(action, out);
    out.observation += " at visit " + std::to_string(++g_asked);
  }
};
class Forgetful final : public counter::Counter {
 public:
  using Counter::Counter;
  std::uint32_t capabilities() const override { return ipr::sdk::kActions | ipr::sdk::kExpert | ipr::sdk::kDialect; }
  std::unique_ptr<ipr::sdk::Episode> new_episode() const override { return std::make_unique<Moody>(); }
};
constexpr ipr::sdk::Info kInfo = counter::info("nondeterministic");
}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::environment<Forgetful>(kInfo))
