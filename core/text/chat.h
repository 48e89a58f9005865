// Chat messages to token ids with a training mask, one turn at a time.
//
// Ids are only ever appended: what a model sampled stays as the ids that were sampled, and training sees the same ids.
// (The released code counts tokens by tokenizing again and drops an example when the sums differ: ipr-pipeline.md
// section 3.)
#pragma once

#include <array>
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

// Token ids and, for each, whether it is trained on: the assistant's reply and its end-of-turn token.
struct TokenizedChat {
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> mask;
};

// How turns become text around the control tokens. Chosen by name, never guessed from a model's path.
// Immutable and safe to use from many threads at once; holds no reference to the tokenizer it was made with, but must
// be used with that one only.
class ChatTemplate {
 public:
  // "plain": `<|user|>text<|end|>`, `<|assistant|>reply<|end|>` (mini), `<|system|>` likewise.
  // "chatml": `<|im_start|>role\ntext<|im_end|>\n`.
  // "smollm2": chatml, and a chat that does not begin with a system message gets SmolLM2's own in front.
  // Code::kUsage for another name; Code::kData if the tokenizer lacks a control token.
  [[nodiscard]] static Result<ChatTemplate> make(const std::string& name, const Tokenizer& tokenizer);

  // A whole message: header, text, end of turn, and what the template puts behind it. Control tokens inside the text
  // of a message are NOT recognized as control tokens (an observation cannot end a turn). The ids of an assistant's
  // message are those of append_generation_prompt and append_reply(encode_ordinary(text)): the reply is never merged
  // with its header.
  void append_message(const Tokenizer& tokenizer, const Message& message, TokenizedChat& chat) const;
  // The assistant's header: what stands before a reply.
  void append_generation_prompt(const Tokenizer& tokenizer, TokenizedChat& chat) const;
  // A sampled reply behind its generation prompt. `ids` without the end of turn, which is added (and trained on)
  // together with what the template puts behind it (not trained on).
  void append_reply(const std::vector<std::int32_t>& ids, TokenizedChat& chat) const;

  // The token that ends every turn: sampling stops at it.
  [[nodiscard]] std::int32_t end_of_turn() const { return end_of_turn_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // The control tokens a new tokenizer needs for this template, in id order: the first is padding, the last ends a
  // turn. Empty for an unknown name.
  [[nodiscard]] static std::vector<std::string> special_tokens(const std::string& name);
  // The Jinja source for tokenizer_config.json, so that Hugging Face renders the same text.
  [[nodiscard]] std::string jinja() const;

 private:
  // A turn opens with a control token; what follows it in the header (chatml's `role\n`) is ordinary text.
  struct Header {
    std::int32_t open = -1;
    std::string text;
  };

  [[nodiscard]] const Header& header(Role role) const { return headers_[static_cast<std::size_t>(role)]; }
  void begin(Role first, TokenizedChat& chat) const;

  std::string name_;
  std::int32_t end_of_turn_ = -1;
  std::array<Header, 3> headers_;               // per Role
  std::vector<std::int32_t> assistant_header_;  // ids of the whole header
  std::vector<std::int32_t> trailer_;           // behind the end of turn
  std::vector<std::int32_t> default_system_;    // the system turn of a chat that brings none; empty in most templates
};

// A whole conversation, `mask` as above; no generation prompt.
[[nodiscard]] TokenizedChat tokenize_chat(const Tokenizer& tokenizer, const ChatTemplate& chat_template,
                                          const std::vector<Message>& messages);

}  // namespace ipr::text
