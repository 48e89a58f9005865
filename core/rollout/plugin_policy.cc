#include "core/rollout/plugin_policy.h"

#include <cmath>

namespace ipr::rollout {
namespace {

// A request as the plugin reads it; points into the chat.
class Request {
 public:
  Request(const Chat& chat, const Sampling& sampling, std::uint64_t seed)
      : sampling_{sizeof(ipr_sampling), static_cast<std::uint32_t>(sampling.max_new_tokens), sampling.temperature,
                  sampling.top_p,       static_cast<std::uint32_t>(sampling.top_k),          0} {
    messages_.reserve(chat.size());
    for (const env::PromptMessage& message : chat) {
      messages_.push_back({sizeof(ipr_message), message.role, plugin::view(message.text),
                           message.example ? std::uint32_t{IPR_MESSAGE_EXAMPLE} : 0, 0});
      pointers_.push_back(&messages_.back());
    }
    raw_ = {sizeof(ipr_gen_req), 0, 0, pointers_.data(), pointers_.size(), &sampling_, seed};
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  [[nodiscard]] const ipr_gen_req* get() const { return &raw_; }

 private:
  ipr_sampling sampling_;
  std::vector<ipr_message> messages_;
  std::vector<const ipr_message*> pointers_;
  ipr_gen_req raw_{};
};

}  // namespace

Chat chat_before(const env::Prompts& prompts, const Trajectory& trajectory, std::size_t turn) {
  Chat chat = prompts.of(task_id(trajectory));
  chat.push_back({1, trajectory.first_message, false});
  for (std::size_t i = 0; i < turn; ++i) {
    chat.push_back({2, trajectory.turns[i].message, false});
    chat.push_back({1, trajectory.turns[i].observation, false});
  }
  return chat;
}

PluginPolicy::PluginPolicy(std::unique_ptr<plugin::Instance> instance)
    : instance_(std::move(instance)),
      table_(instance_->extension<ipr_policy_v1>(IPR_POLICY_V1)),
      choices_(instance_->extension<ipr_policy_choices_v1>(IPR_POLICY_CHOICES_V1)) {}

Result<std::unique_ptr<PluginPolicy>> PluginPolicy::make(std::unique_ptr<plugin::Instance> instance) {
  std::unique_ptr<PluginPolicy> made(new PluginPolicy(std::move(instance)));
  if (made->table_ == nullptr)
    return plugin_error(made->manifest().subject() + ": its table " IPR_POLICY_V1 " is too short");
  return made;
}

Result<std::string> PluginPolicy::reply(const Chat& chat, const Sampling& sampling, std::uint64_t seed) const {
  const plugin::Context context(seed);
  plugin::ErrorSlot error;
  ipr_queue* queue = nullptr;
  if (const ipr_status status = table_->open(instance_->self(), context.get(), &queue, error.get()); status != IPR_OK)
    return error.status(status, manifest().subject());
  const std::unique_ptr<ipr_queue, void (*)(ipr_queue*)> closed(queue, table_->close);
  const Request request(chat, sampling, seed);
  if (const ipr_status status = table_->submit(queue, request.get(), error.get()); status != IPR_OK)
    return error.status(status, manifest().subject());
  ipr_gen_res result{};
  result.struct_size = sizeof result;
  ipr_gen_res* const slot = &result;
  std::size_t arrived = 0;
  ipr_status status = table_->wait(queue, &slot, 1, &arrived, UINT64_MAX, error.get());
  if (status == IPR_OK && arrived == 1) status = result.status;
  if (status != IPR_OK) return error.status(status, manifest().subject());
  if (arrived != 1) return plugin_error(manifest().subject() + ": did not answer");
  return std::string(plugin::text(result.text));
}

Result<std::vector<Choice>> PluginPolicy::choices(const Chat& chat, const Sampling& sampling) const {
  if (choices_ == nullptr)
    return usage(manifest().subject() + ": does not tell its choices (" IPR_POLICY_CHOICES_V1
                                        "); exact values need a policy that does");
  const Request request(chat, sampling, 0);
  std::vector<Choice> all;
  const auto take = [](void* user, ipr_str text, double probability) {
    if (probability > 0)
      static_cast<std::vector<Choice>*>(user)->push_back({std::string(plugin::text(text)), probability});
  };
  plugin::ErrorSlot error;
  const ipr_status status = choices_->choices(instance_->self(), request.get(), &all, take, error.get());
  if (status != IPR_OK) return error.status(status, manifest().subject());
  double sum = 0;
  for (const Choice& choice : all) sum += choice.probability;
  if (std::abs(sum - 1) > 1e-9)
    return plugin_error(manifest().subject() + ": the probabilities of its choices add up to " + std::to_string(sum));
  return all;
}

}  // namespace ipr::rollout
