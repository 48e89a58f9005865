#include "core/loop/panel.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/strings.h"

namespace ipr::loop {
namespace {

constexpr const char* kRoles[] = {"", "train", "dev", "test"};

Status check_families(const env::Environment& environment, std::uint32_t role, const std::set<std::string>& known,
                      const std::vector<std::string>& wanted) {
  const std::string flag = role == IPR_SPLIT_TRAIN ? "--train-families " : "--test-families ";
  for (const std::string& family : wanted) {
    if (known.empty())
      return usage(flag + family + ": environment \"" + environment.id() + "\" tells no family of its tasks");
    if (known.count(family) == 0)
      return usage(flag + family + ": no " + kRoles[role] + " task of \"" + environment.id() +
                   "\" is of this family; " + "they are of " + join({known.begin(), known.end()}, ", "));
  }
  return {};
}

}  // namespace

Result<Panel> make_panel(const env::Environment& environment, std::uint32_t role, const TaskChoice& choice) {
  const int limit = role == IPR_SPLIT_TRAIN ? choice.limit_train : choice.limit_test;
  const std::vector<std::string>& wanted = role == IPR_SPLIT_TEST ? choice.test_families : choice.train_families;
  Panel panel;
  panel.role = kRoles[role];
  std::set<std::string> known;                     // families
  std::map<const env::Environment*, int> of_each;  // tasks taken
  for (std::size_t split = 0; split < environment.splits().size(); ++split) {
    if (environment.splits()[split].role != role) continue;
    for (std::uint64_t i = 0; i < environment.splits()[split].task_count; ++i) {
      IPR_ASSIGN(env::Task task, environment.task_at(split, i));
      int& count = of_each[&environment.home(task.id)];
      const bool full = limit > 0 && count >= limit;
      if (full && wanted.empty()) break;  // else the rest is looked at for its families
      if (!wanted.empty()) {
        const std::string family = task.meta.value("family", "");
        if (!family.empty()) known.insert(family);
        if (full || std::find(wanted.begin(), wanted.end(), family) == wanted.end()) continue;
      }
      ++count;
      panel.tasks.push_back(std::move(task));
      panel.splits.push_back(environment.splits()[split].name);
    }
  }
  if (role != IPR_SPLIT_DEV) IPR_TRY(check_families(environment, role, known, wanted));
  return panel;
}

}  // namespace ipr::loop
