// The forward pass against transformers' numbers (shared/data/tiny-llama/README.md).
#include <cmath>

#include "core/model/checkpoint.h"
#include "core/model/engine.h"
#include "core/model/score.h"
#include "tests/model/kv_memory.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::model;

namespace {

double largest_difference(const std::vector<float>& ours, const std::vector<double>& theirs) {
  REQUIRE(ours.size() == theirs.size());
  double largest = 0;
  for (std::size_t i = 0; i < ours.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(ours[i]) - theirs[i]));
  return largest;
}

}  // namespace

TEST_CASE("logits and log-probs are those of transformers, tied and untied, in every kernel family",
          "[model][golden]") {
  const auto file = test::shared_file("data/tiny-llama/forward_golden.json.gz");
  if (file.empty()) return;
  const Json golden = test::load_json(file);
  for (const char* name : {"tied", "untied"}) {
    const auto weights = load_checkpoint(test::shared_file(std::string("data/tiny-llama/") + name));
    REQUIRE(weights.ok());
    for (const Kernels* kernels : available_kernels()) {
      const CpuEngine engine(*weights, 2, *kernels);
      for (const Json& item : golden["forward"][name]) {
        CAPTURE(name, kernels->family, item["text"].get<std::string>());
        const auto ids = item["ids"].get<std::vector<std::int32_t>>();
        const std::vector<float> logits = test::logits_alone(engine, ids, ids.size());
        const auto vocab = static_cast<std::size_t>(engine.config().vocab_size);
        CHECK(largest_difference({logits.end() - static_cast<std::ptrdiff_t>(vocab), logits.end()},
                                 item["last_logits"]) < 1e-4);
        double sum = 0;
        double abs_sum = 0;
        for (const float logit : logits) {
          sum += static_cast<double>(logit);
          abs_sum += std::abs(static_cast<double>(logit));
        }
        CHECK(sum == Approx(item["logits_sum"].get<double>()).margin(0.02));
        CHECK(abs_sum == Approx(item["logits_abs_sum"].get<double>()).epsilon(2e-6));
        const auto reply = score(engine, {{ids.front()}, {ids.begin() + 1, ids.end()}, 0});
        REQUIRE(reply.ok());
        CHECK(largest_difference(reply->token_logprobs, item["token_logprobs"]) < 1e-4);
      }
    }
  }
}
