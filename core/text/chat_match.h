// Which built-in chat template a model's own `chat_template` is.
//
// Models' templates are programs (Jinja) and differ in what they do with tools, errors and blanks; what they write
// around the turns of a conversation tells them apart. So they are recognized by their control tokens and literals, and
// anything that would change the text of a conversation and is not known is refused, never passed over.
#pragma once

#include <string>

#include "core/text/chat.h"

namespace ipr::text {

// The name of the built-in template that `jinja` renders as. Code::kData (`source: chat_template: …`), which names the
// choices, if it is none of them.
[[nodiscard]] Result<std::string> match_chat_template(const std::string& jinja, const std::string& source);

// The `chat_template` of a tokenizer_config.json: a text, or a list of named ones, of which `default` counts. Empty if
// there is none.
[[nodiscard]] Result<std::string> jinja_of_config(const Json& config, const std::string& source);

// The template of a model: `chosen` if it is not empty; else the one that `jinja` is; else, where that is empty too,
// the first whose control tokens the tokenizer has, of those that have tokens of their own (plain, chatml, llama-3).
// Code::kData (`source: …`) names the choices.
[[nodiscard]] Result<ChatTemplate> choose_chat_template(const std::string& chosen, const std::string& jinja,
                                                        const std::string& source, const Tokenizer& tokenizer);

// The tokenizer of a checkpoint folder (tokenizer.json, else tokenizer.model), and whether there is one.
[[nodiscard]] Result<Tokenizer> load_tokenizer(const std::string& folder);
[[nodiscard]] bool has_tokenizer(const std::string& folder);

// The template of a checkpoint folder, whose own is in chat_template.jinja or in tokenizer_config.json.
[[nodiscard]] Result<ChatTemplate> load_chat_template(const std::string& folder, const std::string& chosen,
                                                      const Tokenizer& tokenizer);

}  // namespace ipr::text
