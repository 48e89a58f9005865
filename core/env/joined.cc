// Several environments as one.
#include <algorithm>

#include "core/base/strings.h"
#include "core/env/environment.h"

namespace ipr::env {

std::unique_ptr<Environment> Environment::join(std::vector<std::unique_ptr<Environment>> members) {
  std::unique_ptr<Environment> joined(new Environment());
  Defaults& defaults = joined->defaults_;
  defaults.expert_min_outcome = members.front()->defaults().expert_min_outcome;
  std::vector<std::string> ids;
  for (const std::unique_ptr<Environment>& member : members) {
    ids.push_back(member->id());
    for (std::size_t split = 0; split < member->splits().size(); ++split) {
      joined->splits_.push_back(member->splits()[split]);
      joined->split_homes_.emplace_back(member.get(), split);
    }
    const Defaults& its = member->defaults();
    defaults.max_steps = std::max(defaults.max_steps, its.max_steps);
    defaults.expert_min_outcome = std::min(defaults.expert_min_outcome, its.expert_min_outcome);
    for (const std::string& token : its.added_tokens) {
      if (std::find(defaults.added_tokens.begin(), defaults.added_tokens.end(), token) == defaults.added_tokens.end())
        defaults.added_tokens.push_back(token);
    }
  }
  joined->id_ = ipr::join(ids, ",");
  joined->members_ = std::move(members);
  return joined;
}

std::vector<const Environment*> Environment::members() const {
  if (members_.empty()) return {this};
  std::vector<const Environment*> all;
  for (const std::unique_ptr<Environment>& member : members_) all.push_back(member.get());
  return all;
}

const Environment& Environment::home(std::string_view task_id) const {
  if (members_.empty()) return *this;
  for (const std::unique_ptr<Environment>& member : members_) {
    if (member_prefix(task_id) == member->prefix_) return *member;
  }
  return *members_.front();  // which does not know the task either, and says so
}

bool Environment::has_expert() const {
  const auto has = [](const std::unique_ptr<Environment>& member) { return member->has_expert(); };
  return expert_ != nullptr || std::any_of(members_.begin(), members_.end(), has);
}

Result<Prompts> Environment::prompts() const {
  if (members_.empty()) {
    IPR_ASSIGN(std::vector<PromptMessage> own, prompt());
    return Prompts(std::move(own));
  }
  std::map<std::string, std::vector<PromptMessage>, std::less<>> all;
  for (const std::unique_ptr<Environment>& member : members_) {
    IPR_ASSIGN(all[member->prefix_], member->prompt());
  }
  return Prompts(std::move(all));
}

}  // namespace ipr::env
