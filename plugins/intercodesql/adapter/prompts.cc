#include "adapter/prompts.h"

#include <nlohmann/json.hpp>

#include "ipr/plugin.hpp"
#include "json_records.h"

namespace intercodesql {
namespace {

using ipr::sdk::Failure;

constexpr const char* kTask =
    "You answer questions about a MySQL database. You cannot see it: run a query, read its result, and go on until one "
    "result is the answer.\nAnswer with one action at a time, in this form:\n\n";

const char* form(Runner runner, Dialect dialect) {
  if (runner == Runner::kTryAgain) return "```sql\none query\n```\nEach result comes with its reward; 1 ends the task.";
  if (runner == Runner::kReact) {
    return "Thought: why you do it\nAction: execute[one query], or submit when the last result is the answer";
  }
  if (dialect == Dialect::kFigure8) {
    return "Thought: why you do it\nAction: one query, on one line; or, when the last result is the answer: submit";
  }
  return "Thought: why you do it\nAction: \n```sql\none query, on one line\n```\n\n"
         "When the last result is the answer:\n\nThought: why it is\nAction: submit";
}

void add_example(const Record& turns, const std::string& where, std::vector<PromptMessage>& messages) {
  if (!turns.is_array()) {
    throw Failure(IPR_DATA_LOSS, "intercodesql: " + where + ": expected a list of {\"role\",\"content\"}");
  }
  for (const Record& turn : turns) {
    messages.push_back({text_member(turn, "role", where) == "assistant", true, text_member(turn, "content", where)});
  }
}

std::size_t count_examples(const std::vector<PromptMessage>& messages) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool begins = messages[i].example && !messages[i].assistant && !messages[i].text.starts_with("Observation: ");
    count += begins ? 1 : 0;
  }
  return count;
}

}  // namespace

std::vector<PromptMessage> own_prompt(Runner runner, Dialect dialect) {
  return {{false, false, std::string(kTask) + form(runner, dialect)}, {true, false, "OK"}};
}

std::vector<PromptMessage> published_prompt(const std::string& folder, int examples) {
  std::vector<PromptMessage> messages;
  messages.push_back({false, false, read_text(folder + "/intercode_sql_inst.txt")});
  messages.push_back({true, false, "OK"});
  if (examples == 0) return messages;
  const std::string path = folder + "/intercode_sql_icl.json";
  const Record list = parse_document(read_text(path), path);
  if (!list.is_array()) throw Failure(IPR_DATA_LOSS, "intercodesql: " + path + ": expected an array of examples");
  for (std::size_t i = 0; i < list.size() && i < static_cast<std::size_t>(examples); ++i) {
    add_example(list[i], path + ": example " + std::to_string(i + 1), messages);
  }
  return messages;
}

std::string prompt_in_one(const std::vector<PromptMessage>& messages) {
  if (messages.empty()) return {};
  const std::size_t examples = count_examples(messages);
  std::string text = messages.front().text + "\n---\n";
  if (examples > 0)
    text += examples > 1 ? "Here are " + std::to_string(examples) + " examples.\n\n" : "Here is an example.\n\n";
  std::size_t number = 0;
  for (const PromptMessage& message : messages) {
    if (!message.example) continue;
    const bool answer = !message.assistant && message.text.starts_with("Observation: ");
    if (!message.assistant && !answer) {
      if (number++ > 0) text += '\n';
      if (examples > 1) text += "Example task " + std::to_string(number) + ":\n";
    }
    text += message.text + (answer ? "\n\n" : "\n");
  }
  return text + (examples > 0 ? "\n---\n\n" : "\n") + "Now, it's your turn and here is the task.\n";
}

}  // namespace intercodesql
