#include "core/text/chat_form.h"

#include <algorithm>

namespace ipr::text {
namespace {

ChatPart control(std::string text) {
  return {true, std::move(text)};
}

ChatPart plain(std::string text) {
  return {false, std::move(text)};
}

// `<|user|>text<|end|>`: the embedded mini models.
ChatForm plain_form() {
  ChatForm form;
  form.name = "plain";
  form.system_before = {control("<|system|>")};
  form.user_before = {control("<|user|>")};
  form.system_after = form.user_after = {control("<|end|>")};
  form.reply_before = {control("<|assistant|>")};
  form.reply_close = {control("<|end|>")};
  form.end_of_turn = "<|end|>";
  form.special_tokens = {"<|pad|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"};
  return form;
}

// `<|im_start|>role\ntext<|im_end|>\n`.
ChatForm chatml_form(const std::string& name, const std::string& default_system) {
  ChatForm form;
  form.name = name;
  form.system_before = {control("<|im_start|>"), plain("system\n")};
  form.user_before = {control("<|im_start|>"), plain("user\n")};
  form.system_after = form.user_after = {control("<|im_end|>"), plain("\n")};
  form.reply_before = {control("<|im_start|>"), plain("assistant\n")};
  form.reply_close = {control("<|im_end|>")};
  form.reply_after = {plain("\n")};
  form.end_of_turn = "<|im_end|>";
  form.default_system = default_system;
  form.special_tokens = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
  return form;
}

// ChatML whose replies begin with the empty block of a model that is told not to think. Qwen's own template leaves the
// block out of earlier turns; here it stays, since a conversation is only ever appended to.
ChatForm qwen3_form() {
  ChatForm form = chatml_form("qwen3", "");
  form.reply_before.back().text += "<think>\n\n</think>\n\n";
  return form;
}

// `[INST] text [/INST] reply </s><s>`. The separator behind a reply is trained on with the next turn's BOS, as in the
// released code.
ChatForm llama2_form() {
  ChatForm form;
  form.name = "llama-2";
  form.bos = "<s>";
  form.system_before = {plain("[INST] <<SYS>>\n")};
  form.system_after = {plain("\n<</SYS>>\n\n")};
  form.system_opens_user_turn = true;
  form.user_before = {plain("[INST] ")};
  form.user_after = {plain(" [/INST]")};
  form.reply_lead = " ";
  form.reply_close = {plain(" "), control("</s>"), control("<s>")};
  form.end_of_turn = "</s>";
  form.trims = true;
  form.special_tokens = {"<unk>", "<s>", "</s>"};
  return form;
}

// `[INST] text [/INST] reply</s>`. A system message stands before the user's, as in Mistral's own later templates.
ChatForm mistral_form() {
  ChatForm form = llama2_form();
  form.name = "mistral";
  form.system_before = {plain("[INST] ")};
  form.system_after = {plain("\n\n")};
  form.reply_close = {control("</s>")};
  form.trims = false;
  return form;
}

// Mistral 0.3: the tags are control tokens.
ChatForm mistral_v3_form() {
  ChatForm form = mistral_form();
  form.name = "mistral-v3";
  form.system_before = form.user_before = {control("[INST]"), plain(" ")};
  form.user_after = {control("[/INST]")};
  form.special_tokens = {"<unk>", "<s>", "[INST]", "[/INST]", "</s>"};
  return form;
}

// `<|start_header_id|>role<|end_header_id|>\n\ntext<|eot_id|>`. The released code trains on the header's last two line
// ends as well and doubles the BOS; here a header is never trained on, and there is one BOS, as in the model's own
// template.
ChatForm llama3_form(const std::string& name) {
  const auto header = [](const char* role) {
    return ChatParts{control("<|start_header_id|>"), plain(role), control("<|end_header_id|>"), plain("\n\n")};
  };
  ChatForm form;
  form.name = name;
  form.bos = "<|begin_of_text|>";
  form.system_before = header("system");
  form.user_before = header("user");
  form.system_after = form.user_after = {control("<|eot_id|>")};
  form.reply_before = header("assistant");
  form.reply_close = {control("<|eot_id|>")};
  form.end_of_turn = "<|eot_id|>";
  form.trims = true;
  form.special_tokens = {"<|end_of_text|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
                         "<|eot_id|>"};
  return form;
}

// Llama 3.1 and 3.2 always have a system turn, which begins with two dates; the second is the template's own default,
// so that a text does not depend on the day.
ChatForm llama31_form() {
  ChatForm form = llama3_form("llama-3.1");
  form.system_lead = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n";
  return form;
}

// `<|user|>\ntext</s>\n` with tags of ordinary text: TinyLlama's.
ChatForm zephyr_form() {
  ChatForm form;
  form.name = "zephyr";
  form.system_before = {plain("<|system|>\n")};
  form.user_before = {plain("<|user|>\n")};
  form.system_after = form.user_after = {control("</s>"), plain("\n")};
  form.reply_before = {plain("<|assistant|>\n")};
  form.reply_close = {control("</s>")};
  form.reply_after = {plain("\n")};
  form.end_of_turn = "</s>";
  form.special_tokens = {"<unk>", "<s>", "</s>"};
  return form;
}

// A Jinja literal.
std::string quoted(const std::string& text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\n') {
      literal += "\\n";
      continue;
    }
    if (c == '\'' || c == '\\') literal += '\\';
    literal += c;
  }
  return literal + "'";
}

std::string text_of(const ChatParts& parts) {
  std::string text;
  for (const ChatPart& part : parts) text += part.text;
  return text;
}

std::string output(const std::string& expression) {
  return "{{ " + expression + " }}";
}

}  // namespace

const std::vector<ChatForm>& chat_forms() {
  static const std::vector<ChatForm> kForms = {
      plain_form(),
      chatml_form("chatml", ""),
      chatml_form("smollm2", "You are a helpful AI assistant named SmolLM, trained by Hugging Face"),
      chatml_form("qwen2", "You are a helpful assistant."),
      chatml_form("qwen2.5", "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."),
      qwen3_form(),
      llama2_form(),
      llama3_form("llama-3"),
      llama31_form(),
      mistral_form(),
      mistral_v3_form(),
      zephyr_form(),
  };
  return kForms;
}

const ChatForm* find_chat_form(const std::string& name) {
  const auto& forms = chat_forms();
  const auto found = std::find_if(forms.begin(), forms.end(), [&](const ChatForm& form) { return form.name == name; });
  return found == forms.end() ? nullptr : &*found;
}

std::vector<std::string> chat_form_names() {
  std::vector<std::string> names;
  for (const ChatForm& form : chat_forms()) names.push_back(form.name);
  return names;
}

std::string jinja_of(const ChatForm& form) {
  const std::string content = form.trims ? "message['content'] | trim" : "message['content']";
  const auto turn = [&](const ChatParts& before, const std::string& lead, const ChatParts& after) {
    return output(quoted(text_of(before) + lead) + " + (" + content + ") + " + quoted(text_of(after)));
  };
  std::string jinja;
  if (!form.bos.empty()) jinja += output(quoted(form.bos));
  if (!form.default_system.empty() || !form.system_lead.empty()) {
    jinja += "{% if messages and messages[0]['role'] != 'system' %}" +
             output(quoted(text_of(form.system_before) + form.system_lead + form.default_system +
                           text_of(form.system_after))) +
             "{% endif %}";
  }
  ChatParts close = form.reply_close;
  close.insert(close.end(), form.reply_after.begin(), form.reply_after.end());
  jinja += "{% for message in messages %}{% if message['role'] == 'system' %}" +
           turn(form.system_before, form.system_lead, form.system_after);
  if (form.system_opens_user_turn) {
    jinja +=
        "{% elif message['role'] == 'user' and loop.index0 > 0 and messages[loop.index0 - 1]['role'] == 'system' %}" +
        turn({}, "", form.user_after);
  }
  jinja += "{% elif message['role'] == 'user' %}" + turn(form.user_before, "", form.user_after) + "{% else %}" +
           turn(form.reply_before, form.reply_lead, close) + "{% endif %}{% endfor %}";
  if (!form.reply_before.empty()) {
    jinja += "{% if add_generation_prompt %}" + output(quoted(text_of(form.reply_before))) + "{% endif %}";
  }
  return jinja;
}

}  // namespace ipr::text
