// Which pairs count more, or come first, by how clear they are: a step pair whose step rewards are far apart is seldom
// one of Monte Carlo's mistakes.
//
// Pure functions over value types: no host, no model.
#pragma once

#include <vector>

#include "pairs.h"

namespace ipr_optimizer {

enum class Curriculum {
  kOff,
  kWeight,  // a step pair weighs as its gap, 1 on average; outcome pairs weigh 1
  kOrder    // the pair of the largest gap first, of either kind; equal ones keep their order
};

// The weight of each pair, in their order.
[[nodiscard]] std::vector<double> weights_of(const std::vector<Pair>& pairs, Curriculum curriculum);

// Puts the pairs into the order in which they are trained on.
void arrange(std::vector<Pair>& pairs, Curriculum curriculum);

}  // namespace ipr_optimizer
