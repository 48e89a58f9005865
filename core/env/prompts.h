// The messages before the task message: those of one environment, or of each of several that one run is over.
//
// A value; const calls from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ipr::env {

struct PromptMessage {
  std::uint32_t role = 1;  // 0 system, 1 user, 2 assistant
  std::string text;
  bool example = false;  // in-context example: in rollouts only
};

// "webshop:" of "webshop:12": which of several environments a task is of. Ids of one environment may hold colons, too:
// only for those of several.
[[nodiscard]] inline std::string_view member_prefix(std::string_view task_id) {
  const std::size_t colon = task_id.find(':');
  return colon == std::string_view::npos ? std::string_view() : task_id.substr(0, colon + 1);
}

class Prompts {
 public:
  // Of the only environment.
  Prompts(std::vector<PromptMessage> messages = {}) { by_prefix_[""] = std::move(messages); }
  // Of several, by what their task ids begin with ("webshop:").
  explicit Prompts(std::map<std::string, std::vector<PromptMessage>, std::less<>> by_prefix)
      : by_prefix_(std::move(by_prefix)) {}

  // Precondition: the task is of one of the environments.
  [[nodiscard]] const std::vector<PromptMessage>& of(std::string_view task_id) const {
    const auto found = by_prefix_.begin()->first.empty() ? by_prefix_.begin() : by_prefix_.find(member_prefix(task_id));
    return found->second;
  }
  // By prefix; "" where there is one environment.
  [[nodiscard]] const std::map<std::string, std::vector<PromptMessage>, std::less<>>& all() const { return by_prefix_; }

 private:
  std::map<std::string, std::vector<PromptMessage>, std::less<>> by_prefix_;
};

}  // namespace ipr::env
