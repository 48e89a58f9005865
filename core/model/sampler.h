// Chooses a token from logits: greedy, or by temperature, top-k and top-p with a seed of its own for every token.
//
// Pure functions; the same logits, settings, seed and index give the same token and bits, whatever else is sampled.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/model/kernels.h"

namespace ipr::model {

struct SamplingSettings {
  double temperature = 1;  // 0: the largest logit, ties to the lowest id
  double top_p = 1;        // nucleus sampling (Holtzman et al. 2020), after the temperature; 1: off
  std::int64_t top_k = 0;  // only the most likely ids, ties to the lowest; top_p is then of their share; 0: off
};

struct SampledToken {
  std::int32_t id = 0;
  float logprob = 0;  // at temperature 1, over the whole vocabulary
};

// Lowest id of the largest logit.
[[nodiscard]] std::int32_t argmax(const Kernels& kernels, std::span<const float> logits);

// log sum over i of exp(logits[i]).
[[nodiscard]] double log_sum_exp(const Kernels& kernels, std::span<const float> logits);

// Token `index` of a reply with seed `seed`: u = Rng(mix(seed, index)).uniform() picks from the cumulated probabilities
// in id order (with top-k or top-p: from the most likely down). `scratch` is grown to the vocabulary and may be reused.
[[nodiscard]] SampledToken sample(const Kernels& kernels, std::span<const float> logits,
                                  const SamplingSettings& settings, std::uint64_t seed, std::uint64_t index,
                                  std::vector<float>& scratch);

}  // namespace ipr::model
