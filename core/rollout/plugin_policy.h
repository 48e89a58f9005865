// A policy plugin as the core sees it: a chat in, a message out. No tokens, no model.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/plugin/instance.h"
#include "core/rollout/player.h"

namespace ipr::rollout {

// What the policy reads before it speaks: prompt, task message, and the turns so far.
using Chat = std::vector<env::PromptMessage>;
[[nodiscard]] Chat chat_before(const env::Prompts& prompts, const Trajectory& trajectory, std::size_t turn);

struct Choice {
  std::string reply;
  double probability = 0;
};

// Any thread.
class PluginPolicy {
 public:
  [[nodiscard]] static Result<std::unique_ptr<PluginPolicy>> make(std::unique_ptr<plugin::Instance> instance);

  [[nodiscard]] const plugin::Manifest& manifest() const { return instance_->manifest(); }
  [[nodiscard]] const Json& settings() const { return instance_->config(); }
  // The same for the same arguments.
  [[nodiscard]] Result<std::string> reply(const Chat& chat, const Sampling& sampling, std::uint64_t seed) const;
  // Whether its distribution is known.
  [[nodiscard]] bool knows_choices() const { return choices_ != nullptr; }
  // All replies with a positive probability. Code::kUsage where it is not known; Code::kPlugin if they do not add up
  // to 1.
  [[nodiscard]] Result<std::vector<Choice>> choices(const Chat& chat, const Sampling& sampling) const;

 private:
  explicit PluginPolicy(std::unique_ptr<plugin::Instance> instance);
  std::unique_ptr<plugin::Instance> instance_;
  const ipr_policy_v1* table_ = nullptr;
  const ipr_policy_choices_v1* choices_ = nullptr;
};

}  // namespace ipr::rollout
