#include "prompts.h"

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <utility>

#include "ipr/plugin.hpp"
#include "json_records.h"

namespace webshop {
namespace {

using ipr::sdk::Failure;

constexpr const char* kOwnWords =
    "You are shopping in a small web shop. Each message shows you a page; its parts are separated by [SEP].\n"
    "Find a product that fits the instruction, choose its options and buy it.\n"
    "Answer with one action at a time, in this form:\n\n"
    "Thought: why you do it\n"
    "Action: search[words] or click[text on the page]";

struct TextFile {
  std::string name, text;
};

// The first of these files that the folder has.
TextFile read_first(const std::string& folder, std::initializer_list<const char*> names) {
  std::string tried;
  for (const char* name : names) {
    std::ifstream file(std::filesystem::path(folder) / name, std::ios::binary);
    if (file) return {name, std::string(std::istreambuf_iterator<char>(file), {})};
    tried += (tried.empty() ? "" : " or ") + std::string(name);
  }
  throw Failure(IPR_DATA_LOSS, "webshop: setting \"prompts\": no " + tried + " in \"" + folder + "\"");
}

void add_example(const Record& turns, const std::string& file, std::vector<PromptMessage>& messages) {
  const auto wrong = [&] {
    return Failure(IPR_DATA_LOSS, "webshop: " + file + ": expected lists of {\"role\",\"content\"}");
  };
  if (!turns.is_array()) throw wrong();
  for (const Record& turn : turns) {
    if (!turn.is_object() || !turn.contains("role") || !turn.contains("content")) throw wrong();
    if (!turn["role"].is_string() || !turn["content"].is_string()) throw wrong();
    messages.push_back({turn["role"] == "assistant", true, turn["content"].get<std::string>()});
  }
}

}  // namespace

std::vector<PromptMessage> own_prompt() {
  return {{false, false, kOwnWords}, {true, false, "OK"}};
}

std::vector<PromptMessage> published_prompt(const std::string& folder, int examples) {
  std::vector<PromptMessage> messages;
  messages.push_back({false, false, read_first(folder, {"webshop_inst.txt", "prompt_instruction.txt"}).text});
  messages.push_back({true, false, "OK"});
  if (examples == 0) return messages;
  const TextFile file = read_first(folder, {"webshop_icl.json", "prompt_icl.json"});
  for_each_in_array(file.text, file.name, [&](std::size_t i, const std::string&, const Record& turns) {
    if (i < static_cast<std::size_t>(examples)) add_example(turns, file.name, messages);
  });
  return messages;
}

}  // namespace webshop
