// The arms of the comparison: IPR and its controls, as words for ipr-host.
//
// A cell is one arm on one world and seed. Seed s is `--seed s --set env.world_seed=s`: another world, other goals,
// other weights. The arm `ipr` trains the SFT model of its cell and runs three iterations, one in other worlds than the
// default one, whose episodes are long; every control starts from that SFT model and runs one iteration with as many
// optimizer steps as IPR's first, so that arms are compared at equal iterations and equal updates. Arms with one kind
// of pairs give it the weight of both.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ipr::bench {

inline constexpr const char* kIprArm = "ipr";

struct Arm {
  std::string name, title;
  std::vector<std::string> words;
  bool more_goals = false;  // on as many train goals as IPR's rollouts would pay for
};

// In the order of the table; the first is kIprArm.
[[nodiscard]] const std::vector<Arm>& all_arms();

struct Cell {
  std::string world;
  std::uint64_t seed = 0;
  const Arm* arm = nullptr;
  [[nodiscard]] bool is_ipr() const { return arm->name == kIprArm; }
};

// What a control takes from the IPR run of its world and seed.
struct Given {
  std::string start_from;  // that run's folder
  std::int64_t steps = 0;  // optimizer steps of its first iteration
  std::int64_t goals = 0;  // train goals that its trajectories and rollouts would pay for
};

// The command line of a cell without the program and without --out. `given` is not read for an IPR cell. `tiny`: the
// quick preset on the tiny world, for tests.
[[nodiscard]] std::vector<std::string> words_of(const Cell& cell, const Given& given, bool tiny);

}  // namespace ipr::bench
