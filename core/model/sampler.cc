#include "core/model/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "core/base/rng.h"

namespace ipr::model {
namespace {

// The id whose share of the cumulated weights holds `target`. Rounding may leave target at or behind the end: then the
// last id with any weight.
template <typename Ids>
std::int32_t pick(const std::vector<float>& weights, const Ids& id_at, std::size_t count, double target) {
  double sum = 0;
  std::int32_t last = id_at(0);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t id = id_at(i);
    const auto weight = static_cast<double>(weights[static_cast<std::size_t>(id)]);
    if (!(weight > 0)) continue;
    sum += weight;
    last = id;
    if (target < sum) return id;
  }
  return last;
}

// Ids from the most likely down (ties by id): the first top_k, cut behind the one with which top_p of their weight is
// reached. `total` is the weight of all ids.
std::vector<std::int32_t> most_likely(const std::vector<float>& weights, const SamplingSettings& settings, double total,
                                      double& kept) {
  // NaN (a diverged model) counts as 0: the order must stay an order.
  const auto usable = [&](std::int32_t id) {
    const float weight = weights[static_cast<std::size_t>(id)];
    return weight > 0 ? weight : 0.0f;
  };
  const auto likelier = [&](std::int32_t a, std::int32_t b) {
    const float wa = usable(a);
    const float wb = usable(b);
    return wa != wb ? wa > wb : a < b;
  };
  std::vector<std::int32_t> ids(weights.size());
  std::iota(ids.begin(), ids.end(), 0);
  if (settings.top_k > 0 && static_cast<std::size_t>(settings.top_k) < ids.size()) {
    std::partial_sort(ids.begin(), ids.begin() + settings.top_k, ids.end(), likelier);
    ids.resize(static_cast<std::size_t>(settings.top_k));
    total = 0;
    for (const std::int32_t id : ids) total += static_cast<double>(usable(id));
  } else {
    std::sort(ids.begin(), ids.end(), likelier);
  }
  kept = 0;
  std::size_t count = 0;
  while (count < ids.size() && (count == 0 || kept < settings.top_p * total)) {
    kept += static_cast<double>(usable(ids[count++]));
  }
  ids.resize(count);
  return ids;
}

}  // namespace

std::int32_t argmax(const Kernels& kernels, std::span<const float> logits) {
  const float max = kernels.max_value(logits.data(), logits.size());
  const auto found = std::find(logits.begin(), logits.end(), max);
  return found == logits.end() ? 0 : static_cast<std::int32_t>(found - logits.begin());
}

double log_sum_exp(const Kernels& kernels, std::span<const float> logits) {
  const float max = kernels.max_value(logits.data(), logits.size());
  return static_cast<double>(max) + std::log(kernels.exp_weights(logits.data(), logits.size(), max, 1.0f, nullptr));
}

SampledToken sample(const Kernels& kernels, std::span<const float> logits, const SamplingSettings& settings,
                    std::uint64_t seed, std::uint64_t index, std::vector<float>& scratch) {
  SampledToken token;
  std::optional<double> normalizer;  // log_sum_exp(logits), where sampling has computed it
  if (settings.temperature <= 0) {
    token.id = argmax(kernels, logits);
  } else {
    scratch.resize(logits.size());
    const float max = kernels.max_value(logits.data(), logits.size());
    const auto scale = static_cast<float>(std::min(1 / settings.temperature, 1e30));  // 0 * inf would be NaN
    const double total = kernels.exp_weights(logits.data(), logits.size(), max, scale, scratch.data());
    if (scale == 1.0f) normalizer = static_cast<double>(max) + std::log(total);
    const double u = Rng(mix(seed, index)).uniform();
    if (settings.top_p >= 1 && settings.top_k <= 0) {
      token.id = pick(
          scratch, [](std::size_t i) { return static_cast<std::int32_t>(i); }, scratch.size(), u * total);
    } else {
      double kept = 0;
      const auto ids = most_likely(scratch, settings, total, kept);
      token.id = pick(
          scratch, [&](std::size_t i) { return ids[i]; }, ids.size(), u * kept);
    }
  }
  if (!normalizer) normalizer = log_sum_exp(kernels, logits);
  token.logprob = static_cast<float>(static_cast<double>(logits[static_cast<std::size_t>(token.id)]) - *normalizer);
  return token;
}

}  // namespace ipr::model
