#include "core/model/sampler.h"

#include <cmath>
#include <limits>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::model;

namespace {

SampledToken draw(const std::vector<float>& logits, const SamplingSettings& settings, std::uint64_t seed,
                  std::uint64_t index = 0) {
  std::vector<float> scratch;
  return sample(best_kernels(), logits, settings, seed, index, scratch);
}

std::vector<double> shares(const std::vector<float>& logits, const SamplingSettings& settings, int draws) {
  std::vector<double> counts(logits.size());
  for (int i = 0; i < draws; ++i)
    counts[static_cast<std::size_t>(draw(logits, settings, 9, static_cast<std::uint64_t>(i)).id)] += 1.0 / draws;
  return counts;
}

}  // namespace

TEST_CASE("greedy takes the largest logit, the lowest id of equals", "[model][sampler]") {
  CHECK(draw({0, 3, 1, 3}, {0, 1}, 5).id == 1);
  const auto token = draw({std::log(1.0f), std::log(3.0f)}, {0, 1}, 5);
  CHECK(token.id == 1);
  CHECK(token.logprob == Approx(std::log(0.75)));
}

TEST_CASE("samples follow the probabilities at their temperature", "[model][sampler]") {
  const std::vector<float> logits = {std::log(1.0f), std::log(2.0f), std::log(5.0f),
                                     -std::numeric_limits<float>::infinity()};
  const auto plain = shares(logits, {1, 1}, 20000);
  CHECK(plain[0] == Approx(0.125).margin(0.01));
  CHECK(plain[1] == Approx(0.25).margin(0.01));
  CHECK(plain[2] == Approx(0.625).margin(0.01));
  CHECK(plain[3] == 0);
  const auto sharp = shares(logits, {0.5, 1}, 20000);  // squares: 1, 4, 25
  CHECK(sharp[0] == Approx(1.0 / 30).margin(0.01));
  CHECK(sharp[2] == Approx(25.0 / 30).margin(0.01));
}

TEST_CASE("top-p keeps the smallest set of likely tokens that reaches it", "[model][sampler]") {
  const std::vector<float> logits = {std::log(1.0f), std::log(2.0f), std::log(5.0f), std::log(2.0f)};
  const auto nucleus = shares(logits, {1, 0.6}, 20000);  // 0.5, then the lower id of the two 0.2
  CHECK(nucleus[0] == 0);
  CHECK(nucleus[1] == Approx(2.0 / 7).margin(0.01));
  CHECK(nucleus[2] == Approx(5.0 / 7).margin(0.01));
  CHECK(nucleus[3] == 0);
  CHECK(shares(logits, {1, 1e-9}, 100)[2] == Approx(1));
  // The log-prob is that of the model, not of the cut distribution.
  CHECK(draw(logits, {1, 1e-9}, 3).logprob == Approx(std::log(0.5)));
}

TEST_CASE("top-k keeps the most likely tokens, and top-p is of their share", "[model][sampler]") {
  const std::vector<float> logits = {std::log(1.0f), std::log(2.0f), std::log(5.0f), std::log(2.0f)};
  const auto two = shares(logits, {1, 1, 2}, 20000);  // the lower id of the two 0.2
  CHECK(two[0] == 0);
  CHECK(two[1] == Approx(2.0 / 7).margin(0.01));
  CHECK(two[2] == Approx(5.0 / 7).margin(0.01));
  CHECK(two[3] == 0);
  // 5 of 7 reach 0.6 of what top-k left, though not 0.6 of all.
  CHECK(shares(logits, {1, 0.6, 2}, 100)[2] == Approx(1));
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CHECK(draw(logits, {1, 1, 1}, seed).id == 2);
    // As many as there are, or more: nothing is cut.
    CHECK(draw(logits, {1, 0.9, 4}, seed).id == draw(logits, {1, 0.9}, seed).id);
    CHECK(draw(logits, {1, 0.9, 100}, seed).id == draw(logits, {1, 0.9}, seed).id);
  }
  // The log-prob is that of the model, not of the cut distribution.
  CHECK(draw(logits, {1, 1, 1}, 3).logprob == Approx(std::log(0.5)));
}

TEST_CASE("a draw is fixed by seed and index", "[model][sampler]") {
  const std::vector<float> logits(500, 0.0f);
  CHECK(draw(logits, {1, 1}, 4, 7).id == draw(logits, {1, 1}, 4, 7).id);
  CHECK(draw(logits, {1, 1}, 4, 7).id == static_cast<std::int32_t>(500 * Rng(mix(4, 7)).uniform()));
  CHECK(draw(logits, {1, 1}, 4, 7).id != draw(logits, {1, 1}, 4, 8).id);
}

TEST_CASE("extreme settings and broken logits still give a token", "[model][sampler]") {
  CHECK(draw({1, 2, 3}, {1e-300, 1}, 1).id == 2);
  CHECK(draw({1, 2, 3}, {1e300, 1}, 1).id < 3);
  const std::vector<float> broken(20, std::numeric_limits<float>::quiet_NaN());
  for (const double temperature : {0.0, 1.0}) {
    for (const SamplingSettings& settings :
         {SamplingSettings{temperature, 0.5}, SamplingSettings{temperature, 1}, SamplingSettings{temperature, 1, 3}}) {
      const std::int32_t id = draw(broken, settings, 2).id;
      CHECK(id >= 0);
      CHECK(id < 20);
    }
  }
}
