// Rotary positions: the angle by which each pair of a head's values is turned at each position.
//
// Frequencies and angles are rounded to f32 as Hugging Face and the trainer round them (the models are trained with
// those angles); the sine and cosine themselves are computed in f64.
#pragma once

#include <cstdint>
#include <vector>

#include "core/model/config.h"

namespace ipr::model {

// Angle per position of pair i < head_dim / 2, with the config's scaling: divided by the factor (linear); slow ones
// divided, fast ones kept and those between blended (llama3, as in Llama 3.1). Dynamic scaling changes nothing up to
// max_positions, and no position beyond is ever run: what it would change there depends on a text's whole length, and
// a row's bits here depend on nothing behind it.
[[nodiscard]] std::vector<float> rope_frequencies(const LlamaConfig& config);

// Cosines and sines, [position][head_dim / 2], made as far as they are needed: a context of 128 k positions would
// otherwise cost more than a small model.
class RopeTable {
 public:
  explicit RopeTable(const LlamaConfig& config) : frequencies_(rope_frequencies(config)) {}

  // Makes the positions below `count`, and some more. Invalidates what cos() and sin() have returned.
  void reserve(std::int64_t count);
  // Precondition: position is below what reserve() was asked for.
  [[nodiscard]] const float* cos(std::int64_t position) const { return &cos_[index(position)]; }
  [[nodiscard]] const float* sin(std::int64_t position) const { return &sin_[index(position)]; }

 private:
  [[nodiscard]] std::size_t index(std::int64_t position) const {
    return static_cast<std::size_t>(position) * frequencies_.size();
  }

  std::vector<float> frequencies_;
  std::int64_t made_ = 0;  // positions
  std::vector<float> cos_, sin_;
};

}  // namespace ipr::model
