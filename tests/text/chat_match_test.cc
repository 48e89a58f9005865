#include "core/text/chat_match.h"

#include "core/base/files.h"
#include "core/text/chat_form.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "tests/text/texts.h"

using namespace ipr;
using namespace ipr::text;

namespace {

std::string matched(const std::string& jinja) {
  const auto name = match_chat_template(jinja, "f");
  if (name.ok()) return *name;
  CHECK(name.status().code() == Code::kData);
  CHECK(name.status().message().find("f: chat_template: none of the built-in ones (") == 0);
  CHECK(name.status().message().find("llama-2, llama-3") != std::string::npos);  // the choices
  return "no: " + name.status().message();
}

bool refused(const std::string& jinja, const std::string& reason) {
  return matched(jinja).find(reason) != std::string::npos;
}

// ChatML in the manner of models' own templates, with `system` in front of a chat that brings no system message.
std::string chatml(const std::string& system) {
  const std::string first = system.empty()
                                ? ""
                                : "{% if loop.first and message.role != 'system' %}{{ '<|im_start|>system\\n" + system +
                                      "<|im_end|>\\n' }}{% endif %}";
  return "{% for message in messages %}" + first +
         "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
         "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
}

}  // namespace

TEST_CASE("what we write is what we find again", "[text][chat][match]") {
  for (const ChatForm& form : chat_forms()) CHECK(matched(jinja_of(form)) == form.name);
}

TEST_CASE("models' ChatML is told apart by its system message", "[text][chat][match]") {
  CHECK(matched(chatml("")) == "chatml");
  CHECK(matched(chatml("You are a helpful AI assistant named SmolLM, trained by Hugging Face")) == "smollm2");
  CHECK(matched(chatml("You are a helpful assistant.")) == "qwen2");
  CHECK(matched(chatml("You are Qwen, created by Alibaba Cloud. You are a helpful assistant.")) == "qwen2.5");
  CHECK(refused(chatml("You are a pirate."), "with the system message \"You are a pirate.\""));
  CHECK(refused("{{ bos_token }}" + chatml(""), "behind a BOS"));
  CHECK(refused(chatml("") + "{{ '<|im_sep|>' }}", "it uses \"<|im_sep|>\""));
  CHECK(matched("{% if enable_thinking is false %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}" + chatml("")) ==
        "qwen3");
  CHECK(refused("{{ '<think>\\n' }}" + chatml(""), "other <think> blocks"));
  CHECK(refused("{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>' }}{% endfor %}",
                "other line ends"));
}

TEST_CASE("quotes, blanks and real line ends make no difference", "[text][chat][match]") {
  std::string jinja = chatml("You are a helpful assistant.");
  std::replace(jinja.begin(), jinja.end(), '\'', '"');
  CHECK(matched(jinja) == "qwen2");
  for (std::size_t at = jinja.find("\\n"); at != std::string::npos; at = jinja.find("\\n")) jinja.replace(at, 2, "\n");
  CHECK(matched(jinja) == "qwen2");
}

TEST_CASE("tags in brackets are Llama 2's with a system block, Mistral's without", "[text][chat][match]") {
  const std::string system = "{% set text = '<<SYS>>\\n' + messages[0].content + '\\n<</SYS>>\\n\\n' %}";
  const auto tags = [](const std::string& before, const std::string& after) {
    return "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '" + before + "' + m.content + '" +
           after + "' }}{% else %}{{ ' ' + m.content + ' ' + eos_token }}{% endif %}{% endfor %}";
  };
  CHECK(matched(system + tags("[INST] ", " [/INST]")) == "llama-2");
  CHECK(matched(tags("[INST] ", " [/INST]")) == "mistral");
  CHECK(matched(tags("[INST] ", "[/INST]")) == "mistral-v3");
  CHECK(refused(tags("[INST]", "[/INST]"), "with other blanks"));
  CHECK(refused("{{ '[SYSTEM_PROMPT]' }}" + tags("[INST] ", "[/INST]"), "[SYSTEM_PROMPT]"));
}

TEST_CASE("Llama 3 and its later dates", "[text][chat][match]") {
  const std::string turns =
      "{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m.content | trim + "
      "'<|eot_id|>' }}{% endfor %}";
  CHECK(matched("{{ bos_token }}" + turns) == "llama-3");
  CHECK(matched("{{ bos_token }}{{ 'Cutting Knowledge Date: December 2023\\n' }}" + turns) == "llama-3.1");
  CHECK(refused(turns, "without a BOS"));
  CHECK(refused("{{ bos_token }}{{ '<|reserved_special_token_7|>' }}" + turns, "<|reserved_special_token_7|>"));
}

TEST_CASE("TinyLlama's, and what is nothing known", "[text][chat][match]") {
  CHECK(matched("{% for m in messages %}{% if m.role == 'user' %}{{ '<|user|>\n' + m.content + eos_token }}\n{% else %}"
                "{{ '<|assistant|>\n' + m.content + eos_token }}{% endif %}{% endfor %}") == "zephyr");
  CHECK(refused("{{ '<|user|>\\n' + messages[0].content + '<|end|>\\n<|assistant|>\\n' }}",
                "no control tokens that are known"));
  CHECK(refused("USER: {{ messages[0].content }} ASSISTANT:", "no control tokens that are known"));
  CHECK(refused("", "no control tokens that are known"));
}

TEST_CASE("a folder's own template counts, then a name, then the control tokens", "[text][chat][match]") {
  const test::TempFolder folder;
  TrainOptions options;
  options.special_tokens = ChatTemplate::special_tokens("chatml");
  const Tokenizer tokenizer = Tokenizer::train(test::shop_texts(1, 20), options);
  const auto name_in = [&](const std::string& chosen) -> std::string {
    const auto made = load_chat_template(folder.path(), chosen, tokenizer);
    return made.ok() ? made->name() : made.status().message();
  };
  CHECK(name_in("") == "chatml");
  REQUIRE(write_file(folder.file("tokenizer_config.json"), "{}").ok());
  CHECK(name_in("") == "chatml");
  const std::string qwen2 = jinja_of(*find_chat_form("qwen2"));
  REQUIRE(write_file(folder.file("tokenizer_config.json"), Json{{"chat_template", qwen2}}.dump()).ok());
  CHECK(name_in("") == "qwen2");
  CHECK(name_in("smollm2") == "smollm2");
  CHECK(name_in("llama-2").find("no token \"<s>\"") != std::string::npos);
  const Json list =
      Json::array({{{"name", "tool_use"}, {"template", "?"}}, {{"name", "default"}, {"template", qwen2}}});
  REQUIRE(write_file(folder.file("tokenizer_config.json"), Json{{"chat_template", list}}.dump()).ok());
  CHECK(name_in("") == "qwen2");
  REQUIRE(write_file(folder.file("tokenizer_config.json"), R"({"chat_template": 3})").ok());
  CHECK(name_in("").find("tokenizer_config.json: chat_template: expected") != std::string::npos);
  REQUIRE(write_file(folder.file("chat_template.jinja"), chatml("")).ok());
  CHECK(name_in("") == "chatml");
  options.special_tokens = {"<|x|>"};
  const Tokenizer bare = Tokenizer::train(test::shop_texts(1, 20), options);
  const test::TempFolder empty;
  const auto none = load_chat_template(empty.path(), "", bare);
  REQUIRE_FALSE(none.ok());
  CHECK(none.status().code() == Code::kData);
  CHECK(none.status().message().find("choose a chat template by name: plain, chatml") != std::string::npos);
}
