#include "core/text/chat.h"

#include "core/base/strings.h"

namespace ipr::text {
namespace {

constexpr std::array<const char*, 3> kRoleNames = {"system", "user", "assistant"};
constexpr const char* kSmolLm2System = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";

void append(const std::vector<std::int32_t>& ids, bool trained_on, TokenizedChat& chat) {
  chat.ids.insert(chat.ids.end(), ids.begin(), ids.end());
  chat.mask.insert(chat.mask.end(), ids.size(), trained_on ? 1 : 0);
}

}  // namespace

std::vector<std::string> ChatTemplate::special_tokens(const std::string& name) {
  if (name == "plain") return {"<|pad|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"};
  if (name == "chatml" || name == "smollm2") return {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
  return {};
}

Result<ChatTemplate> ChatTemplate::make(const std::string& name, const Tokenizer& tokenizer) {
  if (special_tokens(name).empty()) {
    return usage("chat template \"" + name + "\" is not known" + did_you_mean(name, {"plain", "chatml", "smollm2"}));
  }
  const bool plain = name == "plain";
  ChatTemplate made;
  made.name_ = name;
  const auto control = [&](const std::string& token, std::int32_t& id) -> Status {
    const auto found = tokenizer.token_id(token);
    if (!found) return bad_data("chat template \"" + name + "\": the tokenizer has no token \"" + token + "\"");
    id = *found;
    return {};
  };
  for (std::size_t role = 0; role < made.headers_.size(); ++role) {
    const std::string role_name = kRoleNames[role];
    IPR_TRY(control(plain ? "<|" + role_name + "|>" : "<|im_start|>", made.headers_[role].open));
    if (!plain) made.headers_[role].text = role_name + "\n";
  }
  IPR_TRY(control(plain ? "<|end|>" : "<|im_end|>", made.end_of_turn_));
  if (!plain) made.trailer_ = tokenizer.encode_ordinary("\n");

  const Header& assistant = made.header(Role::kAssistant);
  made.assistant_header_ = tokenizer.encode_ordinary(assistant.text);
  made.assistant_header_.insert(made.assistant_header_.begin(), assistant.open);
  if (name == "smollm2") {
    TokenizedChat system;
    made.append_message(tokenizer, {Role::kSystem, kSmolLm2System}, system);
    made.default_system_ = system.ids;
  }
  return made;
}

void ChatTemplate::begin(Role first, TokenizedChat& chat) const {
  if (chat.ids.empty() && first != Role::kSystem) append(default_system_, false, chat);
}

void ChatTemplate::append_message(const Tokenizer& tokenizer, const Message& message, TokenizedChat& chat) const {
  if (message.role == Role::kAssistant) {
    append_generation_prompt(tokenizer, chat);
    append_reply(tokenizer.encode_ordinary(message.text), chat);
    return;
  }
  begin(message.role, chat);
  const Header& header = this->header(message.role);
  append({header.open}, false, chat);
  // In one go, as Hugging Face sees it: blank lines at the start of a text merge with the header's line end.
  append(tokenizer.encode_ordinary(header.text + message.text), false, chat);
  append({end_of_turn_}, false, chat);
  append(trailer_, false, chat);
}

void ChatTemplate::append_generation_prompt(const Tokenizer& /*tokenizer*/, TokenizedChat& chat) const {
  begin(Role::kAssistant, chat);
  append(assistant_header_, false, chat);
}

void ChatTemplate::append_reply(const std::vector<std::int32_t>& ids, TokenizedChat& chat) const {
  append(ids, true, chat);
  append({end_of_turn_}, true, chat);
  append(trailer_, false, chat);
}

std::string ChatTemplate::jinja() const {
  if (name_ == "plain") {
    return "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
           "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";
  }
  const std::string turn = "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}";
  const std::string system =
      std::string("{% if loop.first and message['role'] != 'system' %}{{ '<|im_start|>system\\n") + kSmolLm2System +
      "<|im_end|>\\n' }}{% endif %}";
  return "{% for message in messages %}" + (name_ == "smollm2" ? system : std::string()) + turn +
         "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
}

TokenizedChat tokenize_chat(const Tokenizer& tokenizer, const ChatTemplate& chat_template,
                            const std::vector<Message>& messages) {
  TokenizedChat chat;
  for (const Message& message : messages) chat_template.append_message(tokenizer, message, chat);
  return chat;
}

}  // namespace ipr::text
