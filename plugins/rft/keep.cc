#include "keep.h"

#include <algorithm>
#include <set>
#include <utility>

#include "ipr/paths.hpp"

namespace rft_optimizer {

Kept keep_successes(const std::vector<Attempt>& experts, const std::vector<Attempt>& sampled, double least) {
  std::set<std::pair<std::string, std::vector<std::string>>> known;
  for (const Attempt& expert : experts) known.emplace(expert.task, expert.actions);
  std::vector<const Attempt*> in_order;
  in_order.reserve(sampled.size());
  for (const Attempt& attempt : sampled) in_order.push_back(&attempt);
  std::sort(in_order.begin(), in_order.end(), [](const Attempt* a, const Attempt* b) { return a->id < b->id; });
  Kept kept;
  for (const Attempt* attempt : in_order) {
    if (!attempt->ended || !ipr::sdk::exceeds(attempt->outcome, least)) {
      ++kept.failed;
    } else if (known.emplace(attempt->task, attempt->actions).second) {
      kept.attempts.push_back(attempt);
    } else {
      ++kept.repeated;
    }
  }
  return kept;
}

}  // namespace rft_optimizer
