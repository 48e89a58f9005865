// The ReAct dialect: messages of the form `Thought: …\nAction: …`. Header only.
#pragma once

#include <string>
#include <string_view>

namespace ipr::sdk {

// What stands behind the first `Action: ` of the message, to its end and over line ends; false if there is none or
// nothing follows. Outer white space of the whole message does not count.
inline bool parse_react(std::string_view message, std::string& action) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  constexpr std::string_view kMark = "Action: ";
  const auto last = message.find_last_not_of(kBlank);
  if (last == std::string_view::npos) return false;
  message = message.substr(0, last + 1);
  const auto at = message.find(kMark);
  if (at == std::string_view::npos) return false;
  action = message.substr(at + kMark.size());
  return true;
}

// The message that parse_react reads back as `action`. Without a thought it is the action line alone.
inline std::string compose_react(std::string_view action, std::string_view thought) {
  std::string message;
  if (!thought.empty()) message.append("Thought: ").append(thought).append("\n");
  return message.append("Action: ").append(action);
}

}  // namespace ipr::sdk
