// The mean log-prob as a loss, with a gradient of the wrong sign.
#include "ipr/plugin.hpp"

namespace {
using namespace ipr::sdk;

class Backwards final : public Optimizer {
 public:
  Backwards(const Host&, std::string_view) {}
  std::uint32_t needs() const override { return IPR_NEED_LOGP; }
  std::string_view train_defaults(std::uint64_t) const override { return "{}"; }
  bool plan(const ipr_ctx*, std::uint64_t, std::size_t, ipr_collect&) override { return false; }
  void absorb(std::size_t, const ipr_trajectory&) override {}
  void emit(const ipr_ctx*, const ipr_example_sink&) override {}
  double loss(ipr_batch& batch) override {
    const auto* logp = static_cast<const float*>(batch.logp->data);
    const auto* mask = static_cast<const float*>(batch.mask->data);
    auto* gradient = static_cast<float*>(batch.d_logp->data);
    std::uint64_t tokens = 0;
    for (std::size_t i = 0; i < batch.total_count; ++i) tokens += batch.totals[i].tokens;
    double sum = 0;
    for (std::size_t i = 0; i < batch.rows * batch.tokens; ++i) {
      sum -= static_cast<double>(mask[i]) * logp[i] / static_cast<double>(tokens);
      gradient[i] = mask[i] / static_cast<float>(tokens);  // should be negative
    }
    return sum;
  }
};

constexpr Info kInfo = {"wrong-gradient",
                        "Backwards",
                        "0.1.0",
                        "Apache-2.0",
                        "Climbs where it should descend",
                        R"({"type": "object", "additionalProperties": false, "properties": {}})"};
}  // namespace

IPR_PLUGIN_LIBRARY(optimizer<Backwards>(kInfo))
