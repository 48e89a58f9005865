#include "core/rollout/dialogue.h"

namespace ipr::rollout {

Dialogue::Dialogue(const text::Tokenizer& tokenizer, const text::ChatTemplate& chat_template, env::Prompts prompts,
                   ReplyRules rules)
    : tokenizer_(tokenizer),
      chat_template_(chat_template),
      prompts_(std::move(prompts)),
      stop_texts_(tokenizer, std::move(rules.stop)),
      overflow_(rules.overflow) {}

text::TokenizedChat Dialogue::start(const Trajectory& trajectory, bool examples) const {
  text::TokenizedChat chat;
  for (const env::PromptMessage& message : prompts_.of(task_id(trajectory))) {
    if (message.example && !examples) continue;
    chat_template_.append_message(tokenizer_, {static_cast<text::Role>(message.role), message.text}, chat);
  }
  append_observation(trajectory.first_message, chat);
  return chat;
}

text::TokenizedChat Dialogue::history(const Trajectory& trajectory, std::size_t keep, bool examples) const {
  text::TokenizedChat chat = start(trajectory, examples);
  for (std::size_t i = 0; i < keep; ++i) {
    append_generation_prompt(chat);
    append_reply(trajectory.turns[i].reply_ids, chat);
    append_observation(trajectory.turns[i].observation, chat);
  }
  return chat;
}

void Dialogue::append_generation_prompt(text::TokenizedChat& chat) const {
  chat_template_.append_generation_prompt(tokenizer_, chat);
}

void Dialogue::append_reply(const std::vector<std::int32_t>& reply_ids, text::TokenizedChat& chat) const {
  chat_template_.append_reply(reply_ids, chat);
}

void Dialogue::append_observation(const std::string& observation, text::TokenizedChat& chat) const {
  chat_template_.append_message(tokenizer_, {text::Role::kUser, observation}, chat);
}

std::vector<std::int32_t> Dialogue::reply_ids(const std::string& message) const {
  return chat_template_.reply_ids(tokenizer_, message);
}

std::string Dialogue::reply_text(const std::vector<std::int32_t>& ids) const {
  return chat_template_.reply_text(tokenizer_, ids);
}

GenerateRequest Dialogue::request(const text::TokenizedChat& chat) const {
  GenerateRequest request;
  request.prompt = chat.ids;
  request.stop_ids = chat_template_.ends();
  request.stop_texts = &stop_texts_;
  request.overflow = overflow_;
  return request;
}

}  // namespace ipr::rollout
