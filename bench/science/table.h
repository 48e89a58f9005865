// The tables: per world, IPR against its SFT start, and the controls.
//
// The unit is the seed: a mean over seeds has Student's t interval over the seeds' values, a difference of two arms is
// taken seed by seed. A single seed's gain has its own interval over test goals. No correction for the number of arms
// is made; the table says so.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/science/outcome.h"
#include "core/base/json.h"

namespace ipr::bench {

struct WorldOutcomes {
  std::string world;
  std::vector<std::uint64_t> seeds;
  std::vector<std::string> arms;                                   // names, in the order of the table
  std::map<std::string, std::map<std::uint64_t, CellOutcome>> of;  // arm -> seed
  [[nodiscard]] const CellOutcome& at(const std::string& arm, std::uint64_t seed) const { return of.at(arm).at(seed); }
};

// One value per seed.
[[nodiscard]] std::vector<double> gains(const WorldOutcomes& world, const std::string& arm);
// The gain of one arm minus that of the other, after one iteration each, per seed.
[[nodiscard]] std::vector<double> differences(const WorldOutcomes& world, const std::string& arm,
                                              const std::string& other);

[[nodiscard]] std::string to_text(const WorldOutcomes& world);
[[nodiscard]] Json to_json(const WorldOutcomes& world);

}  // namespace ipr::bench
