#include "curriculum.h"

#include <algorithm>

namespace ipr_optimizer {

std::vector<double> weights_of(const std::vector<Pair>& pairs, Curriculum curriculum) {
  std::vector<double> weights(pairs.size(), 1.0);
  if (curriculum != Curriculum::kWeight) return weights;
  double sum = 0, count = 0;
  for (const Pair& pair : pairs) {
    if (pair.tag != kStepPair) continue;
    sum += pair.gap;
    ++count;
  }
  if (sum <= 0) return weights;  // a threshold below 0 lets pairs in that are not ahead
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i].tag == kStepPair) weights[i] = std::max(0.0, pairs[i].gap) * count / sum;
  }
  return weights;
}

void arrange(std::vector<Pair>& pairs, Curriculum curriculum) {
  if (curriculum != Curriculum::kOrder) return;
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.gap > b.gap; });
}

}  // namespace ipr_optimizer
