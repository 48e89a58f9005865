// ipr/draws.hpp: named random draws, for generated worlds and scripted experts. Header only.
//
//   const ipr::sdk::Draws draws(world_seed, task_id);
//   if (draws.uniform("forgets the limit", turn) < 0.4) …
//
// A draw is a pure function of (seed, key, name, index): no state, no order, the same on every machine. That makes a
// scripted agent with random habits a deterministic policy of (task, state): it draws the same number whenever it comes
// back to a decision. Only integer arithmetic and one exact division, never std:: distributions, whose results are not
// fixed. The values are part of the SDK's promise: worlds and their task ids are made of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "ipr/plugin.h"

namespace ipr::sdk {

class Draws {
 public:
  // `key` names whose draws these are: a task id, or a part of the world.
  Draws(std::uint64_t seed, std::string_view key) : state_(ipr_mix64(seed, fnv1a(key))) {}

  // 64 uniform bits for the decision `name`; `index` tells the repetitions of one decision apart.
  [[nodiscard]] std::uint64_t bits(std::string_view name, std::uint64_t index = 0) const {
    return ipr_mix64(ipr_mix64(state_, fnv1a(name)), index);
  }

  // Uniform in [0, 1) with 53 bits.
  [[nodiscard]] double uniform(std::string_view name, std::uint64_t index = 0) const {
    return static_cast<double>(bits(name, index) >> 11) * 0x1.0p-53;
  }

  // Uniform in 0..n-1, n > 0. The bias of the remainder is below n / 2^64.
  [[nodiscard]] std::size_t below(std::size_t n, std::string_view name, std::uint64_t index = 0) const {
    return static_cast<std::size_t>(bits(name, index) % n);
  }

  // Fisher-Yates, from the last element down.
  template <typename T>
  void shuffle(std::vector<T>& items, std::string_view name) const {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i, name, i)]);
  }

 private:
  static std::uint64_t fnv1a(std::string_view text) {
    std::uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * UINT64_C(0x100000001b3);
    return hash;
  }

  std::uint64_t state_;
};

}  // namespace ipr::sdk
