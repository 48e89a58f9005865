#include "core/text/chat_match.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/files.h"
#include "core/base/strings.h"
#include "core/text/chat_form.h"
#include "core/text/json_section.h"

namespace ipr::text {
namespace {

// A template's source as far as it is compared: escaped line ends as line ends, one kind of quote, and literals that
// are only put together from parts (`'a' + 'b'`) as one.
std::string comparable(std::string_view jinja) {
  std::string text;
  for (std::size_t i = 0; i < jinja.size(); ++i) {
    if (jinja.substr(i).starts_with("\\n")) {
      text += '\n';
      ++i;
    } else {
      text += jinja[i] == '"' ? '\'' : jinja[i];
    }
  }
  std::string joined;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') {
      std::size_t next = text.find_first_not_of(' ', i + 1);
      if (next != std::string::npos && text[next] == '+') {
        next = text.find_first_not_of(' ', next + 1);
        // A quote in front of a `+` ends a literal, so that the next one begins another.
        if (next != std::string::npos && text[next] == '\'') {
          i = next;
          continue;
        }
      }
    }
    joined += text[i];
  }
  return joined;
}

class Source {
 public:
  explicit Source(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] bool has(std::string_view part) const { return text_.find(part) != std::string::npos; }

  // Every `<|…|>` in it.
  [[nodiscard]] std::set<std::string> controls() const {
    std::set<std::string> found;
    for (std::size_t at = text_.find("<|"); at != std::string::npos; at = text_.find("<|", at + 2)) {
      const std::size_t end = text_.find("|>", at + 2);
      const std::string name = text_.substr(at, end == std::string::npos ? end : end + 2 - at);
      if (end != std::string::npos && name.find_first_of("' \n+{}") == std::string::npos) found.insert(name);
    }
    return found;
  }

  // The texts that follow `opening` in a literal, up to `closing` or the literal's end; without empty ones.
  [[nodiscard]] std::set<std::string> texts_after(std::string_view opening, std::string_view closing) const {
    std::set<std::string> found;
    for (std::size_t at = text_.find(opening); at != std::string::npos; at = text_.find(opening, at + 1)) {
      const std::size_t begin = at + opening.size();
      const std::size_t end = std::min(text_.find(closing, begin), text_.find('\'', begin));
      if (const std::string text = text_.substr(begin, end - begin); !text.empty()) found.insert(text);
    }
    return found;
  }

 private:
  std::string text_;
};

// A name, or why there is none.
struct Guess {
  std::string name, reason;
};

Guess none(std::string reason) {
  return {"", std::move(reason)};
}

// Why the template's control tokens are not all known; empty if they are.
std::string strange_control(const Source& source, const std::set<std::string>& known) {
  for (const std::string& token : source.controls()) {
    if (!known.contains(token)) return "it uses " + dump_brief(token);
  }
  return {};
}

Guess guess_chatml(const Source& source) {
  if (const std::string strange = strange_control(source, {"<|im_start|>", "<|im_end|>"}); !strange.empty()) {
    return none(strange);
  }
  if (source.has("bos_token")) return none("it is ChatML behind a BOS");
  if (!source.has("<|im_end|>\n") || !source.has("<|im_start|>assistant\n")) {
    return none("it is ChatML with other line ends");
  }
  const std::set<std::string> system = source.texts_after("<|im_start|>system\n", "<|im_end|>");
  if (source.has("<think>")) {
    return source.has("enable_thinking") && system.empty() ? Guess{"qwen3", ""}
                                                           : none("it is ChatML with other <think> blocks");
  }
  if (system.empty()) return {"chatml", ""};
  for (const ChatForm& form : chat_forms()) {
    if (system == std::set<std::string>{form.default_system}) return {form.name, ""};
  }
  return none("it is ChatML with the system message " + dump_brief(*system.begin()));
}

Guess guess_llama3(const Source& source) {
  const std::string strange = strange_control(source, {"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
                                                       "<|eot_id|>", "<|eom_id|>", "<|python_tag|>"});
  if (!strange.empty()) return none(strange);
  if (!source.has("<|end_header_id|>\n\n") || !source.has("<|eot_id|>"))
    return none("it is Llama 3's with other line ends");
  if (!source.has("bos_token") && !source.has("<|begin_of_text|>")) return none("it is Llama 3's without a BOS");
  if (!source.has("Cutting Knowledge Date")) return {"llama-3", ""};
  return source.has("December 2023") ? Guess{"llama-3.1", ""} : none("it is Llama 3.1's with another date");
}

Guess guess_inst(const Source& source) {
  if (source.has("[SYSTEM_PROMPT]")) return none("it uses [SYSTEM_PROMPT]");
  if (!source.has("bos_token") && !source.has("<s>")) return none("it uses [INST] without a BOS");
  if (!source.has("[INST] ")) return none("it uses [INST] with other blanks");
  if (source.has("<<SYS>>\n"))
    return source.has(" [/INST]") ? Guess{"llama-2", ""} : none("it is Llama 2's with other blanks");
  if (source.has(" [/INST]")) return {"mistral", ""};
  return source.has("[/INST]") ? Guess{"mistral-v3", ""} : none("it uses [INST] without [/INST]");
}

Guess guess(const Source& source) {
  if (source.has("<|im_start|>")) return guess_chatml(source);
  if (source.has("<|start_header_id|>")) return guess_llama3(source);
  if (source.has("[INST]")) return guess_inst(source);
  if (source.has("<|user|>\n") && (source.has("eos_token") || source.has("</s>")) && !source.has("<|end|>")) {
    const std::string strange = strange_control(source, {"<|system|>", "<|user|>", "<|assistant|>"});
    return strange.empty() ? Guess{"zephyr", ""} : none(strange);
  }
  if (source.has("<|end|>") && source.has("<|assistant|>'") && !source.has("<|assistant|>\n")) return {"plain", ""};
  return none("it has no control tokens that are known here");
}

std::string choices() {
  return join(chat_form_names(), ", ");
}

}  // namespace

Result<std::string> match_chat_template(const std::string& jinja, const std::string& source) {
  for (const ChatForm& form : chat_forms()) {
    if (jinja == jinja_of(form)) return form.name;
  }
  const Guess found = guess(Source(comparable(jinja)));
  if (!found.name.empty()) return found.name;
  return bad_data(source + ": chat_template: none of the built-in ones (" + found.reason +
                  "); choose the one that fits by name: " + choices());
}

Result<std::string> jinja_of_config(const Json& config, const std::string& source) {
  const Json& value = member(config, "chat_template");
  if (value.is_null()) return std::string();
  if (value.is_string()) return value.get<std::string>();
  for (const Json& entry : value) {
    const Json& jinja = member(entry, "template");
    if (member(entry, "name") == "default" && jinja.is_string()) return jinja.get<std::string>();
  }
  return expected(source + ": chat_template", "a text, or a list of named templates with a default", value);
}

Result<ChatTemplate> choose_chat_template(const std::string& chosen, const std::string& jinja,
                                          const std::string& source, const Tokenizer& tokenizer) {
  if (!chosen.empty()) return ChatTemplate::make(chosen, tokenizer);
  if (!jinja.empty()) {
    IPR_ASSIGN(const std::string name, match_chat_template(jinja, source));
    return ChatTemplate::make(name, tokenizer);
  }
  for (const char* name : {"plain", "chatml", "llama-3"}) {
    Result<ChatTemplate> made = ChatTemplate::make(name, tokenizer);
    if (made.ok()) return made;
  }
  return bad_data(
      source +
      ": no chat_template, and the tokenizer has no control tokens that tell; choose a chat template by name: " +
      choices());
}

Result<Tokenizer> load_tokenizer(const std::string& folder) {
  const std::string json = folder + "/tokenizer.json";
  const std::string model = folder + "/tokenizer.model";
  const bool only_model = !std::filesystem::exists(json) && std::filesystem::exists(model);
  return Tokenizer::load(only_model ? model : json);
}

bool has_tokenizer(const std::string& folder) {
  return std::filesystem::exists(folder + "/tokenizer.json") || std::filesystem::exists(folder + "/tokenizer.model");
}

Result<ChatTemplate> load_chat_template(const std::string& folder, const std::string& chosen,
                                        const Tokenizer& tokenizer) {
  const std::string file = folder + "/chat_template.jinja";
  const std::string config_file = folder + "/tokenizer_config.json";
  if (!chosen.empty()) return choose_chat_template(chosen, "", folder, tokenizer);
  if (std::filesystem::exists(file)) {
    IPR_ASSIGN(const std::string jinja, read_file(file));
    return choose_chat_template("", jinja, file, tokenizer);
  }
  if (!std::filesystem::exists(config_file)) return choose_chat_template("", "", folder, tokenizer);
  IPR_ASSIGN(const Json config, read_json(config_file));
  IPR_ASSIGN(const std::string jinja, jinja_of_config(config, config_file));
  return choose_chat_template("", jinja, config_file, tokenizer);
}

}  // namespace ipr::text
