// Documents that are JSON and yet not what a reader expects.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/base/json.h"
#include "core/base/rng.h"

namespace ipr::test {

inline Json awkward_value(Rng& rng) {
  switch (rng.below(9)) {
    case 0:
      return nullptr;
    case 1: {
      const std::int64_t kNumbers[] = {0,         1,         -1,        2,         255,           65536,
                                       INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 10'000'000'000};
      return kNumbers[rng.below(std::size(kNumbers))];
    }
    case 2:
      return rng.below(2) == 0 ? Json(UINT64_MAX) : Json(rng.below(1000));
    case 3: {
      const double kNumbers[] = {0.5, -0.0, 1e308, -1e308, 1e-308, 3.0};
      return kNumbers[rng.below(std::size(kNumbers))];
    }
    case 4:
      return rng.below(2) == 0;
    case 5: {
      const char* const kTexts[] = {"",       " ",   "a", "\xE2\x96\x81", "é",      "\\p{L}+",
                                    "(a+)+$", "(?=", "[", "BPE",          "Digits", "<s>"};
      return kTexts[rng.below(std::size(kTexts))];
    }
    case 6:
      return std::string(1 + rng.below(3000), static_cast<char>('a' + rng.below(3))) + std::string(rng.below(2), '\0');
    case 7:
      return rng.below(2) == 0 ? Json::array() : Json::object();
    default: {
      Json deep = rng.below(2) == 0 ? Json::array() : Json(7);
      for (std::uint64_t left = rng.below(150); left > 0; --left)
        deep = rng.below(2) == 0 ? Json::array({deep}) : Json::object({{"a", deep}});
      return deep;
    }
  }
}

// Somewhere below `json`; the more likely the higher up, so that long lists do not take all.
inline Json& random_node(Json& json, Rng& rng) {
  Json* node = &json;
  while (node->is_structured() && !node->empty() && rng.below(4) != 0) {
    auto child = node->begin();
    std::advance(child, static_cast<std::ptrdiff_t>(rng.below(node->size())));
    node = &*child;
  }
  return *node;
}

// One change: a value becomes an awkward one, or that of another place, goes, or comes under a new name too.
inline void damage_json(Json& json, Rng& rng) {
  Json& node = random_node(json, rng);
  const auto any_child = [&] {
    auto child = node.begin();
    std::advance(child, static_cast<std::ptrdiff_t>(rng.below(node.size())));
    return child;
  };
  switch (rng.below(4)) {
    case 0:
      node = awkward_value(rng);
      return;
    case 1:
      node = Json(random_node(json, rng));
      return;
    case 2:
      if (node.is_structured() && !node.empty()) node.erase(any_child());
      return;
    default:
      if (!node.is_structured() || node.empty()) return;
      if (node.is_array()) {
        node.push_back(rng.below(2) == 0 ? Json(*any_child()) : awkward_value(rng));
      } else {
        const Json copy = *any_child();
        node[std::string(1 + rng.below(3), 'x')] = rng.below(2) == 0 ? copy : awkward_value(rng);
      }
  }
}

inline std::string damaged_json(Json json, Rng& rng) {
  for (std::uint64_t left = 1 + rng.below(3); left > 0; --left) damage_json(json, rng);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ipr::test
