#include "adapter/ipr.h"

#include <algorithm>

#include "adapter/text.h"

namespace intercodesql {
namespace {

constexpr std::string_view kMark = "Action:", kFence = "```sql", kFenceEnd = "```", kObservation = "Observation: ";
constexpr std::size_t kMostCharacters = 350;

constexpr std::string_view kFallback =
    "I don't understand your input.\n Your input shoud include the key world \"Action:\".\n If you want to perform a "
    "query operation, please use the following format:\n Action: \n```sql\nthe mysql code\n```. And the action should "
    "be executable and should not contain natural language.\n If you have got the final answer, please use the "
    "following format:\n Action: submit. Remember your output should contain only one \"Action:\" part.";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

// What stands in the first complete block; `found` tells an empty block from none.
std::string_view fenced(std::string_view text, bool& found) {
  const auto start = text.find(kFence);
  const auto end = start == std::string_view::npos ? start : text.find(kFenceEnd, start + kFence.size());
  found = end != std::string_view::npos;
  return found ? text.substr(start + kFence.size(), end - start - kFence.size()) : std::string_view();
}

}  // namespace

AgentAction parse_ipr(Dialect dialect, std::string_view message) {
  const auto mark = message.find(kMark);
  if (mark == std::string_view::npos) return {};
  const std::string_view action = message.substr(mark + kMark.size());
  if (contains(action, kSubmit)) return {true, std::string(kSubmit)};
  bool found = false;
  std::string_view statement = fenced(action, found);
  if (!found && dialect == Dialect::kFigure8) statement = action;
  statement = first_line(strip(statement));
  return {!statement.empty(), std::string(statement)};
}

std::string compose_ipr(Dialect dialect, std::string_view action, std::string_view thought) {
  std::string message;
  if (!thought.empty()) message.append("Thought: ").append(thought).append("\n");
  message.append(kMark).append(" ");
  if (action == kSubmit) return message.append(kSubmit);
  std::string line(action);
  std::replace(line.begin(), line.end(), '\n', ' ');
  if (dialect == Dialect::kFigure8) return message.append(line);
  return message.append("\n").append(kFence).append("\n").append(line).append("\n").append(kFenceEnd);
}

std::string ipr_feedback() {
  return std::string(kObservation).append(kFallback);
}

std::string ipr_answer(const Observation& observation, bool submitted) {
  if (!submitted && observation.kind == Observation::Kind::kNone) return ipr_feedback();
  std::string text = text_of(observation);
  if (submitted) return std::string(kObservation).append(text);
  const bool error = observation.kind == Observation::Kind::kError;
  if (error && contains(text, "Error") && !contains(text, "Unknown")) text += '\n';
  const std::string_view shown = first_code_points(text, kMostCharacters);
  return std::string(kObservation).append(shown).append(shown.size() < text.size() ? "..." : "");
}

}  // namespace intercodesql
