#include "core/text/chat.h"

#include <algorithm>

#include "core/base/strings.h"
#include "core/text/chat_form.h"

namespace ipr::text {
namespace {

void append(const std::vector<std::int32_t>& ids, bool trained_on, TokenizedChat& chat) {
  chat.ids.insert(chat.ids.end(), ids.begin(), ids.end());
  chat.mask.insert(chat.mask.end(), ids.size(), trained_on ? 1 : 0);
}

bool ends_with(const std::vector<std::int32_t>& ids, const std::vector<std::int32_t>& end) {
  return ids.size() >= end.size() && std::equal(end.rbegin(), end.rend(), ids.rbegin());
}

constexpr const char* kEnds[] = {"</s>", "<|endoftext|>", "<|end_of_text|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>"};

}  // namespace

std::vector<std::string> ChatTemplate::special_tokens(const std::string& name) {
  const ChatForm* form = find_chat_form(name);
  return form == nullptr ? std::vector<std::string>() : form->special_tokens;
}

Result<ChatTemplate> ChatTemplate::make(const std::string& name, const Tokenizer& tokenizer) {
  const ChatForm* form = find_chat_form(name);
  if (form == nullptr) {
    return usage("chat template \"" + name + "\" is not known" + did_you_mean(name, chat_form_names()));
  }
  ChatTemplate made;
  made.name_ = name;
  const auto control = [&](const std::string& token) -> Result<std::int32_t> {
    const auto found = tokenizer.token_id(token);
    if (!found) return bad_data("chat template \"" + name + "\": the tokenizer has no token \"" + token + "\"");
    return *found;
  };
  for (const auto& [from, to] : {std::pair(&form->system_before, &made.system_.before),
                                 {&form->system_after, &made.system_.after},
                                 {&form->user_before, &made.user_.before},
                                 {&form->user_after, &made.user_.after},
                                 {&form->reply_before, &made.reply_before_}}) {
    for (const ChatPart& part : *from) {
      Part known{-1, part.control ? std::string() : part.text};
      if (part.control) {
        IPR_ASSIGN(known.control, control(part.text));
      }
      to->push_back(std::move(known));
    }
  }
  if (!form->bos.empty()) {
    made.bos_ = tokenizer.prefix_ids();
    if (made.bos_.empty()) {
      IPR_ASSIGN(const std::int32_t bos, control(form->bos));
      made.bos_ = {bos};
    }
  }
  for (const ChatPart& part : form->reply_close) {
    if (part.control) {
      IPR_ASSIGN(const std::int32_t id, control(part.text));
      made.reply_close_.push_back(id);
    } else {
      made.reply_blank_ = tokenizer.encode_ordinary(part.text, Place::kInside);
    }
  }
  IPR_ASSIGN(made.end_of_turn_, control(form->end_of_turn));
  made.ends_ = {made.end_of_turn_};
  for (const char* const token : kEnds) {
    const auto id = tokenizer.token_id(token);
    if (id && *id != made.end_of_turn_ && tokenizer.is_control(*id)) made.ends_.push_back(*id);
  }
  for (const ChatPart& part : form->reply_after)
    made.reply_after_ = tokenizer.encode_ordinary(part.text, Place::kAfterToken);
  made.reply_lead_ = form->reply_lead;
  const Parts& last = made.reply_before_.empty() ? made.user_.after : made.reply_before_;
  made.reply_place_ = last.back().control >= 0 ? Place::kAfterToken : Place::kInside;
  made.trims_ = form->trims;
  made.system_opens_user_turn_ = form->system_opens_user_turn;
  made.always_system_ = !form->default_system.empty() || !form->system_lead.empty();
  made.default_system_ = form->default_system;
  made.system_lead_ = form->system_lead;
  return made;
}

void ChatTemplate::begin(const Tokenizer& tokenizer, Role first, TokenizedChat& chat) const {
  if (!chat.ids.empty()) return;
  append(bos_, false, chat);
  if (first != Role::kSystem && always_system_) append_system(tokenizer, default_system_, chat);
}

void ChatTemplate::append_parts(const Tokenizer& tokenizer, const Parts& parts, bool trained_on,
                                TokenizedChat& chat) const {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].control >= 0) {
      append({parts[i].control}, trained_on, chat);
      continue;
    }
    std::string text = parts[i].text;
    for (; i + 1 < parts.size() && parts[i + 1].control < 0; ++i) text += parts[i + 1].text;
    // Hugging Face sees the text behind the BOS as the start of a whole text.
    const Place place = chat.ids.size() <= bos_.size()          ? Place::kStart
                        : tokenizer.is_control(chat.ids.back()) ? Place::kAfterToken
                                                                : Place::kInside;
    append(tokenizer.encode_ordinary(text, place), trained_on, chat);
  }
}

void ChatTemplate::append_system(const Tokenizer& tokenizer, const std::string& text, TokenizedChat& chat) const {
  Parts parts = system_.before;
  parts.push_back({-1, system_lead_ + text});
  parts.insert(parts.end(), system_.after.begin(), system_.after.end());
  append_parts(tokenizer, parts, false, chat);
  chat.user_turn_open = system_opens_user_turn_;
}

void ChatTemplate::append_user(const Tokenizer& tokenizer, const std::string& text, TokenizedChat& chat) const {
  // In one go, as Hugging Face sees it: blank lines at the start of a text merge with the header's line end.
  Parts parts = chat.user_turn_open ? Parts() : user_.before;
  parts.push_back({-1, text});
  parts.insert(parts.end(), user_.after.begin(), user_.after.end());
  append_parts(tokenizer, parts, false, chat);
  chat.user_turn_open = false;
}

void ChatTemplate::append_message(const Tokenizer& tokenizer, const Message& message, TokenizedChat& chat) const {
  if (message.role == Role::kAssistant) {
    append_generation_prompt(tokenizer, chat);
    append_reply(reply_ids(tokenizer, message.text), chat);
    return;
  }
  begin(tokenizer, message.role, chat);
  const std::string text = trims_ ? std::string(trim(message.text)) : message.text;
  if (message.role == Role::kSystem) {
    append_system(tokenizer, text, chat);
  } else {
    append_user(tokenizer, text, chat);
  }
}

void ChatTemplate::append_generation_prompt(const Tokenizer& tokenizer, TokenizedChat& chat) const {
  begin(tokenizer, Role::kAssistant, chat);
  if (chat.user_turn_open) append_user(tokenizer, "", chat);
  append_parts(tokenizer, reply_before_, false, chat);
}

void ChatTemplate::append_reply(const std::vector<std::int32_t>& ids, TokenizedChat& chat) const {
  append(ids, true, chat);
  if (!ends_with(ids, reply_blank_)) append(reply_blank_, true, chat);
  append(reply_close_, true, chat);
  append(reply_after_, false, chat);
}

std::vector<std::int32_t> ChatTemplate::reply_ids(const Tokenizer& tokenizer, const std::string& text) const {
  return tokenizer.encode_ordinary(reply_lead_ + (trims_ ? std::string(trim(text)) : text), reply_place_);
}

std::string ChatTemplate::reply_text(const Tokenizer& tokenizer, std::vector<std::int32_t> ids) const {
  if (ends_with(ids, reply_blank_)) ids.resize(ids.size() - reply_blank_.size());
  return tokenizer.decode(ids);
}

std::string ChatTemplate::jinja() const {
  return jinja_of(*find_chat_form(name_));
}

TokenizedChat tokenize_chat(const Tokenizer& tokenizer, const ChatTemplate& chat_template,
                            const std::vector<Message>& messages) {
  TokenizedChat chat;
  for (const Message& message : messages) chat_template.append_message(tokenizer, message, chat);
  return chat;
}

}  // namespace ipr::text
