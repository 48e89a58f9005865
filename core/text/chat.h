// Chat messages to token ids with a training mask, one turn at a time.
//
// Ids are only ever appended: what a model sampled stays as the ids that were sampled, and training sees the same ids.
// (The released code counts tokens by tokenizing again and drops an example when the sums differ: ipr-pipeline.md
// section 3.)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"

namespace ipr::text {

enum class Role { kSystem = 0, kUser = 1, kAssistant = 2 };

struct Message {
  Role role = Role::kUser;
  std::string text;
};

// Token ids and, for each, whether it is trained on: the assistant's reply and what ends its turn.
struct TokenizedChat {
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> mask;
  // The last message was the system's, in a template where it is the start of the user's turn (Llama 2).
  bool user_turn_open = false;
};

// How turns become text around the control tokens: one of the forms of chat_form.h. Chosen by name, never guessed from
// a model's path. Immutable and safe to use from many threads at once; holds no reference to the tokenizer it was made
// with, but must be used with that one only.
class ChatTemplate {
 public:
  // "plain" (the embedded mini models), "chatml", "smollm2", "qwen2", "qwen2.5", "qwen3", "llama-2", "llama-3",
  // "llama-3.1", "mistral", "mistral-v3", "zephyr". A template with a system message of its own puts it in front of a
  // chat that does not begin with one. Code::kUsage for another name, which names the choices; Code::kData if the
  // tokenizer lacks a control token.
  [[nodiscard]] static Result<ChatTemplate> make(const std::string& name, const Tokenizer& tokenizer);

  // A whole message: header, text, end of turn, and what the template puts behind it. Control tokens inside the text
  // of a message are NOT recognized as control tokens (an observation cannot end a turn). The ids of an assistant's
  // message are those of append_generation_prompt and append_reply(reply_ids(text)): the reply is never merged with its
  // header.
  void append_message(const Tokenizer& tokenizer, const Message& message, TokenizedChat& chat) const;
  // The assistant's header: what stands before a reply. Nothing in some templates.
  void append_generation_prompt(const Tokenizer& tokenizer, TokenizedChat& chat) const;
  // A sampled reply behind its generation prompt. `ids` without the end of turn, which is added (and trained on)
  // together with what the template puts around it (in Llama 2 a blank before, unless `ids` end with it, and a BOS
  // behind, trained on as well; in ChatML a line end, not trained on).
  void append_reply(const std::vector<std::int32_t>& ids, TokenizedChat& chat) const;

  // The one tokenization of a reply that no model sampled, and the text of a sampled one (without the blank that Llama
  // 2 puts before the end of turn).
  [[nodiscard]] std::vector<std::int32_t> reply_ids(const Tokenizer& tokenizer, const std::string& text) const;
  [[nodiscard]] std::string reply_text(const Tokenizer& tokenizer, std::vector<std::int32_t> ids) const;

  // The token that ends every turn: sampling stops at it.
  [[nodiscard]] std::int32_t end_of_turn() const { return end_of_turn_; }
  // It and the control tokens by which models of these families end a text of another kind: an agent that says one of
  // them has nothing more to say either.
  [[nodiscard]] const std::vector<std::int32_t>& ends() const { return ends_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // The control tokens a new tokenizer needs for this template, in id order: the first is padding, the last ends a
  // turn. Empty for an unknown name.
  [[nodiscard]] static std::vector<std::string> special_tokens(const std::string& name);
  // The Jinja source for tokenizer_config.json, so that Hugging Face renders the same text.
  [[nodiscard]] std::string jinja() const;

 private:
  // A control token's id, or ordinary text where there is none.
  struct Part {
    std::int32_t control = -1;
    std::string text;
  };
  using Parts = std::vector<Part>;
  struct Around {
    Parts before, after;
  };

  // Appends parts of a turn. Neighbouring texts are tokenized as one.
  void append_parts(const Tokenizer& tokenizer, const Parts& parts, bool trained_on, TokenizedChat& chat) const;
  void append_user(const Tokenizer& tokenizer, const std::string& text, TokenizedChat& chat) const;
  void append_system(const Tokenizer& tokenizer, const std::string& text, TokenizedChat& chat) const;
  void begin(const Tokenizer& tokenizer, Role first, TokenizedChat& chat) const;

  std::string name_;
  std::vector<std::int32_t> bos_;
  Around system_, user_;
  Parts reply_before_;
  std::string reply_lead_;
  Place reply_place_ = Place::kInside;
  std::vector<std::int32_t> reply_blank_;  // ordinary text before the end of turn
  std::vector<std::int32_t> reply_close_;  // from the end of turn on, trained on
  std::vector<std::int32_t> reply_after_;  // behind it, not trained on
  std::int32_t end_of_turn_ = -1;
  std::vector<std::int32_t> ends_;
  bool trims_ = false;
  bool system_opens_user_turn_ = false;
  bool always_system_ = false;
  std::string default_system_;
  std::string system_lead_;
};

// A whole conversation, `mask` as above; no generation prompt.
[[nodiscard]] TokenizedChat tokenize_chat(const Tokenizer& tokenizer, const ChatTemplate& chat_template,
                                          const std::vector<Message>& messages);

}  // namespace ipr::text
