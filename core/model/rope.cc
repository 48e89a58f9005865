#include "core/model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ipr::model {
namespace {

// Llama 3.1's rule for one frequency, in f32 like its source.
float llama3_frequency(float frequency, const RopeScaling& scaling) {
  const auto original = static_cast<double>(scaling.original_positions);
  const auto low = static_cast<float>(scaling.low_frequency_factor);
  const auto high = static_cast<float>(scaling.high_frequency_factor);
  const auto factor = static_cast<float>(scaling.factor);
  const float wavelength = static_cast<float>(2 * std::numbers::pi) / frequency;
  if (wavelength > static_cast<float>(original / scaling.low_frequency_factor)) return frequency / factor;
  if (wavelength < static_cast<float>(original / scaling.high_frequency_factor)) return frequency;
  const float smooth = (static_cast<float>(original) / wavelength - low) / (high - low);
  return (1 - smooth) * frequency / factor + smooth * frequency;
}

}  // namespace

std::vector<float> rope_frequencies(const LlamaConfig& config) {
  std::vector<float> frequencies(static_cast<std::size_t>(config.head_dim / 2));
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const auto exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim);
    float frequency = 1.0f / static_cast<float>(std::pow(config.rope_theta, static_cast<double>(exponent)));
    switch (config.rope_scaling.kind) {
      case RopeScaling::Kind::kNone:
      case RopeScaling::Kind::kDynamic:
        break;
      case RopeScaling::Kind::kLinear:
        frequency /= static_cast<float>(config.rope_scaling.factor);
        break;
      case RopeScaling::Kind::kLlama3:
        frequency = llama3_frequency(frequency, config.rope_scaling);
        break;
    }
    frequencies[i] = frequency;
  }
  return frequencies;
}

void RopeTable::reserve(std::int64_t count) {
  if (count <= made_) return;
  const std::int64_t wanted = std::max({count, 2 * made_, std::int64_t{256}});
  cos_.resize(index(wanted));
  sin_.resize(index(wanted));
  for (std::int64_t p = made_; p < wanted; ++p) {
    for (std::size_t i = 0; i < frequencies_.size(); ++i) {
      const float angle = static_cast<float>(p) * frequencies_[i];
      cos_[index(p) + i] = static_cast<float>(std::cos(static_cast<double>(angle)));
      sin_[index(p) + i] = static_cast<float>(std::sin(static_cast<double>(angle)));
    }
  }
  made_ = wanted;
}

}  // namespace ipr::model
