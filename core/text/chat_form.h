// The built-in chat templates as data: what stands around the texts of a conversation.
//
// Sources: the chat_template of the models' tokenizer_config.json, and for Llama 2 and Mistral the templates that the
// released IPR code trains with (ipr-pipeline.md section 3).
#pragma once

#include <array>
#include <string>
#include <vector>

namespace ipr::text {

// A control token, named by its text, or ordinary text.
struct ChatPart {
  bool control = false;
  std::string text;
};
using ChatParts = std::vector<ChatPart>;

struct ChatForm {
  std::string name;
  // The BOS of a conversation; empty: it has none.
  std::string bos;
  // Around the text of a system and of a user message. Ordinary text next to the message is tokenized with it.
  ChatParts system_before, system_after;
  ChatParts user_before, user_after;
  // A system message is part of the user's turn: system_after is followed by the text of the user's message.
  bool system_opens_user_turn = false;
  // Before a reply: the generation prompt; part of the reply's own tokens; behind it, trained on and not.
  ChatParts reply_before;
  std::string reply_lead;
  ChatParts reply_close;
  ChatParts reply_after;
  // The control token of reply_close that ends a turn: sampling stops at it.
  std::string end_of_turn;
  // Messages lose their outer white space.
  bool trims = false;
  // The system message of a conversation that brings none; empty: there is none.
  std::string default_system;
  // In front of the text of every system message.
  std::string system_lead;
  // The control tokens a new tokenizer needs: the first is padding, the last ends a turn.
  std::vector<std::string> special_tokens;
};

// All of them, in the order in which they are named to users.
[[nodiscard]] const std::vector<ChatForm>& chat_forms();

// Null if there is none of that name.
[[nodiscard]] const ChatForm* find_chat_form(const std::string& name);

[[nodiscard]] std::vector<std::string> chat_form_names();

// The Jinja source that renders a form.
[[nodiscard]] std::string jinja_of(const ChatForm& form);

}  // namespace ipr::text
