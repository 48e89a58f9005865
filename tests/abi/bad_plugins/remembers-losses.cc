// The mean log-prob as a loss, smaller with each call: a run that goes on has forgotten how many there were.
#include "ipr/batch.hpp"
#include "ipr/plugin.hpp"

namespace {
using namespace ipr::sdk;

class Cooling final : public Optimizer {
 public:
  Cooling(const Host&, std::string_view) {}
  std::uint32_t needs() const override { return IPR_NEED_LOGP; }
  std::string_view train_defaults(std::uint64_t) const override { return "{}"; }
  bool plan(const ipr_ctx*, std::uint64_t, std::size_t, ipr_collect&) override { return false; }
  void absorb(std::size_t, const ipr_trajectory&) override {}
  void emit(const ipr_ctx*, const ipr_example_sink&) override {}
  double loss(ipr_batch& batch) override {
    const Matrix<const float> logp(*batch.logp), mask(*batch.mask);
    const Matrix<float> gradient(*batch.d_logp);
    const double share = 1 / (++calls_ * static_cast<double>(1 + total(batch, 0, IPR_ROLE_PLAIN).tokens));
    double sum = 0;
    for (std::size_t row = 0; row < batch.rows; ++row) {
      for (std::size_t t = 0; t < batch.tokens; ++t) {
        sum -= share * mask.at(row, t) * logp.at(row, t);
        gradient.at(row, t) = static_cast<float>(-share * mask.at(row, t));
      }
    }
    return sum;
  }

 private:
  double calls_ = 0;
};

constexpr Info kInfo = {"remembers-losses",
                        "Cooling",
                        "0.1.0",
                        "Apache-2.0",
                        "Descends less with each step",
                        R"({"type": "object", "additionalProperties": false, "properties": {}})"};
}  // namespace

IPR_PLUGIN_LIBRARY(optimizer<Cooling>(kInfo))
