// Broken model files by the thousand: well-formed ones, changed at random places, loaded, and the answer judged.
//
// Every answer must be a model or one line of Code::kData, and memory must stay near the file's size. Deterministic: a
// run is named by its kind, seed and number.
#pragma once

#include <cstdint>
#include <string>

namespace ipr::test {

enum class HostileKind { kSafetensors, kGguf, kPeft };

struct HostileTally {
  std::uint64_t loaded = 0, refused = 0;
  std::uint64_t most_bytes = 0;  // asked for in one load, all allocations together
};

// Loads the file of run `number`. Returns what was wrong with the answer; empty: nothing.
[[nodiscard]] std::string try_hostile_file(HostileKind kind, std::uint64_t seed, std::uint64_t number,
                                           const std::string& folder, HostileTally& tally);

}  // namespace ipr::test
