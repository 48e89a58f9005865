#include "core/loop/train_splits.h"

#include "core/base/strings.h"

namespace ipr::loop {

bool is_split(const env::Environment& member, const std::string& split, const std::string& name) {
  return split == name || split == member.id() + "/" + name;
}

Status check_plans(OptimizerPlugin& optimizer, int iteration, const env::Environment& environment) {
  IPR_ASSIGN(const std::vector<CollectPlan> plans, optimizer.plans(static_cast<std::uint64_t>(iteration), 0));
  for (const CollectPlan& plan : plans) {
    bool found = plan.split.empty();
    std::vector<std::string> known;
    for (const env::Environment* member : environment.members()) {
      for (const env::Split& split : member->splits()) {
        if (split.role != IPR_SPLIT_TRAIN) continue;
        found = found || is_split(*member, split.name, plan.split);
        known.push_back(split.name);
      }
    }
    if (!found)
      return usage(optimizer.subject() + ": split \"" + plan.split + "\" is no train split of environment \"" +
                   environment.id() + "\"" + did_you_mean(plan.split, known));
  }
  return {};
}

}  // namespace ipr::loop
