#include "core/loop/json_records.h"

#include <sstream>

#include "core/base/files.h"

namespace ipr::loop {
namespace {

Status take_object(const Json& record, const std::string& where,
                   const std::function<Status(const Json&, const std::string&)>& take) {
  return record.is_object() ? take(record, where) : bad_data(where + ": expected a JSON object");
}

}  // namespace

Status each_record(const std::string& path, const std::function<Status(const Json&, const std::string&)>& take) {
  IPR_ASSIGN(const std::string text, read_file(path));
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '[') {
    IPR_ASSIGN(const Json list, parse_json(text, path));
    for (std::size_t i = 0; i < list.size(); ++i)
      IPR_TRY(take_object(list[i], path + ": record " + std::to_string(i), take));
    return {};
  }
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = path + ": line " + std::to_string(number);
    Result<Json> record = parse_json_line(line, where);
    if (!record.ok()) return record.status();
    IPR_TRY(take_object(*record, where, take));
  }
  return {};
}

Result<std::vector<text::Message>> messages_from_json(const Json& list, const std::string& where) {
  if (!list.is_array()) return bad_data(where + ": expected a list of messages");
  std::vector<text::Message> messages;
  for (const Json& item : list) {
    const bool sharegpt = item.is_object() && item.contains("from");
    const Json role = item.is_object() ? item.value(sharegpt ? "from" : "role", Json()) : Json();
    const Json content = item.is_object() ? item.value(sharegpt ? "value" : "content", Json()) : Json();
    if (!role.is_string() || !content.is_string())
      return bad_data(where + ": expected messages of {\"role\",\"content\"} or {\"from\",\"value\"}");
    const auto name = role.get<std::string>();
    text::Message message{text::Role::kUser, content.get<std::string>()};
    if (name == "assistant" || name == "gpt") {
      message.role = text::Role::kAssistant;
    } else if (name == "system") {
      message.role = text::Role::kSystem;
    } else if (name != "user" && name != "human") {
      return bad_data(where + ": message role \"" + name + "\": expected system, user (human) or assistant (gpt)");
    }
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace ipr::loop
