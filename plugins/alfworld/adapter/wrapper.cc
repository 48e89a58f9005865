#include "adapter/wrapper.h"

#include "engine/white_space.h"

namespace alfworld {
namespace {

constexpr std::string_view kAction = "Action:", kObservation = "Observation: ", kArrival = "You arrive at ",
                           kBlankLine = "\n\n", kSentenceEnd = ". ";

}  // namespace

std::optional<std::string_view> parse_message(std::string_view message) {
  message = engine::stripped(message);
  const auto at = message.find(kAction);
  if (at == std::string_view::npos) return std::nullopt;
  return engine::stripped(message.substr(at + kAction.size()));
}

std::string error_message() {
  return std::string(kObservation) + "Error Input. Your input must contains 'Action: '";
}

std::string task_message(std::string_view intro) {
  const auto welcome_end = intro.find(kBlankLine);
  if (welcome_end == std::string_view::npos) return {};
  intro.remove_prefix(welcome_end + kBlankLine.size());
  std::string message;
  for (;;) {
    const auto end = intro.find(kBlankLine);
    message += intro.substr(0, end);
    if (end == std::string_view::npos) return message;
    message += '\n';
    intro.remove_prefix(end + kBlankLine.size());
  }
}

std::string step_message(std::string_view feedback, bool strip_arrival) {
  if (strip_arrival && feedback.starts_with(kArrival)) {
    const auto end = feedback.find(kSentenceEnd);
    if (end != std::string_view::npos) feedback.remove_prefix(end + kSentenceEnd.size());
  }
  return std::string(kObservation).append(feedback);
}

}  // namespace alfworld
