#include "adapter/prompts.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "data/file_text.h"
#include "ipr/plugin.hpp"

namespace alfworld {
namespace {

using ipr::sdk::Failure;
using Json = nlohmann::json;

constexpr std::string_view kObservation = "Observation: ";

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Failure(IPR_DATA_LOSS, where + ": " + what);
}

std::string text_of(const Json& turn, const char* key, const std::string& where) {
  const auto found = turn.find(key);
  if (found == turn.end() || !found->is_string()) fail(where, std::string("expected a text \"") + key + "\"");
  return found->get<std::string>();
}

void add_example(const Json& turns, const std::string& where, std::vector<PromptMessage>& messages) {
  if (!turns.is_array()) fail(where, "expected a list of {\"role\",\"content\"}");
  for (const Json& turn : turns) {
    if (!turn.is_object()) fail(where, "expected a list of {\"role\",\"content\"}");
    messages.push_back({text_of(turn, "role", where) == "assistant", true, text_of(turn, "content", where)});
  }
}

bool answers(const PromptMessage& message) {
  return !message.assistant && message.text.starts_with(kObservation);
}

}  // namespace

std::vector<PromptMessage> own_prompt(const std::string& put_command) {
  return {{false, false,
           "You are in a household and have a task. Give one command at a time and read what happens.\n\nCommands:\n"
           "go to {place}\nopen {place}\nclose {place}\ntake {thing} from {place}\n" +
               put_command +
               "\nclean {thing} with {place}\nheat {thing} with {place}\ncool {thing} with {place}\nuse {thing}\n"
               "slice {thing} with {thing}\nexamine {thing or place}\nlook\ninventory\n\n"
               "Call things and places as you see them, with their numbers. A command that does not work here is "
               "answered by: Nothing happens.\n\nAnswer in this form:\n\nThought: why you do it\nAction: one command"},
          {true, false, "OK"}};
}

std::vector<PromptMessage> published_prompt(const std::string& folder, Wrapper wrapper, int examples) {
  std::string instruction = folder + "/alfworld_inst.txt";
  const std::string of_eto = folder + "/alfworld_inst_eto.txt";
  if (wrapper == Wrapper::kEto && std::filesystem::exists(of_eto)) instruction = of_eto;
  std::vector<PromptMessage> messages;
  messages.push_back({false, false, read_text(instruction)});
  messages.push_back({true, false, "OK"});
  if (examples == 0) return messages;
  const std::string path = folder + "/alfworld_icl.json";
  Json list;
  try {
    list = Json::parse(read_text(path));
  } catch (const Json::exception& exception) {
    fail(path, exception.what());
  }
  if (!list.is_array()) fail(path, "expected an array of examples");
  for (std::size_t i = 0; i < std::min(list.size(), static_cast<std::size_t>(examples)); ++i)
    add_example(list[i], path + ": example " + std::to_string(i + 1), messages);
  return messages;
}

std::string prompt_in_one(const std::vector<PromptMessage>& messages) {
  if (messages.empty()) return {};
  const auto examples = std::count_if(messages.begin(), messages.end(), [](const PromptMessage& message) {
    return message.example && !message.assistant && !answers(message);
  });
  std::string text = messages.front().text + "\n---\n";
  if (examples > 0)
    text += examples > 1 ? "Here are " + std::to_string(examples) + " examples.\n\n" : "Here is an example.\n\n";
  int number = 0;
  for (const PromptMessage& message : messages) {
    if (!message.example) continue;
    if (!message.assistant && !answers(message)) {
      if (number++ > 0) text += '\n';
      if (examples > 1) text += "Example task " + std::to_string(number) + ":\n";
    }
    text += message.text + (answers(message) ? "\n\n" : "\n");
  }
  return text + (examples > 0 ? "\n---\n\n" : "\n") + "Now, it's your turn and here is the task.\n";
}

}  // namespace alfworld
