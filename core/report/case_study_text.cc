// A case study as two columns of plain text.

#include <algorithm>

#include "core/report/case_study.h"
#include "core/report/columns.h"
#include "core/report/format.h"

namespace ipr::report {
namespace {

constexpr std::size_t kObservation = 240;  // characters of an observation that are shown
constexpr const char* kBetween = " | ";

// Where the first `count` characters of `text` end.
std::size_t end_of(const std::string& text, std::size_t from, std::size_t count) {
  std::size_t at = from;
  while (at < text.size() && count > 0) {
    ++at;
    while (at < text.size() && (text[at] & 0xC0) == 0x80) ++at;  // the rest of a character
    --count;
  }
  return at;
}

std::size_t length(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Lines of at most `width` characters, broken at spaces where there are some; lines behind the first are indented.
std::vector<std::string> wrapped(const std::string& text, std::size_t width, std::size_t indent) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t inset = lines.empty() ? 0 : indent;
    std::size_t end = end_of(text, from, width - inset);
    if (end < text.size()) {
      const std::size_t space = text.rfind(' ', end);
      if (space != std::string::npos && space > from) end = space;
    }
    lines.push_back(std::string(inset, ' ') + text.substr(from, end - from));
    from = end;
    while (from < text.size() && text[from] == ' ') ++from;
  }
  return lines;
}

void add_lines(std::vector<std::string>& lines, const std::string& text, std::size_t width, std::size_t indent) {
  for (std::string& line : wrapped(text, width, indent)) lines.push_back(std::move(line));
}

std::string action_of(std::size_t number, const store::Turn& turn) {
  const std::string what = turn.action.empty() ? "(no action) " + printable(turn.message) : printable(turn.action);
  return std::to_string(number + 1) + "  " + what + (turn.valid ? "" : "  [invalid]");
}

std::string observation_of(const store::Turn& turn) {
  const std::string text = printable(turn.observation);
  const std::size_t end = end_of(text, 0, kObservation);
  return "   > " + text.substr(0, end) + (end < text.size() ? " …" : "");
}

// A side's lines for a turn; none where its episode is over.
std::vector<std::string> turn_lines(const store::Episode& episode, std::size_t number, std::size_t width) {
  std::vector<std::string> lines;
  if (number >= episode.turns.size()) return lines;
  add_lines(lines, action_of(number, episode.turns[number]), width, 5);
  add_lines(lines, observation_of(episode.turns[number]), width, 5);
  return lines;
}

std::string beside(const std::vector<std::string>& left, const std::vector<std::string>& right, std::size_t width) {
  std::string text;
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    std::string line = i < left.size() ? left[i] : "";
    line += std::string(width - std::min(width, length(line)), ' ') + kBetween;
    if (i < right.size()) line += right[i];
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string ending(const store::Episode& episode) {
  return "outcome " + fixed(episode.outcome) + ", " + (episode.success ? "success" : "no success") + ", " +
         std::to_string(episode.turns.size()) + " turns" +
         (episode.exit_status == "ok" ? "" : ", " + printable(episode.exit_status));
}

std::string case_text(const CaseStudy& study, const Case& shown, std::size_t width) {
  const std::size_t column = (width - length(kBetween)) / 2;
  std::string text = "task " + printable(shown.a.task_id) + " (" + printable(shown.a.split) + ")\n";
  for (const std::string& line : wrapped(printable(shown.instruction), width, 0)) text += line + "\n";
  const std::size_t both = shown.parts.value_or(shown.a.turns.size());
  if (both > 0) text += "\nthe same in both:\n";
  for (std::size_t turn = 0; turn < both; ++turn) {
    for (const std::string& line : turn_lines(shown.a, turn, width)) text += line + "\n";
  }
  const auto in_columns = [&](const std::string& left, const std::string& right) {
    text += beside(wrapped(left, column, 2), wrapped(right, column, 2), column);
  };
  text += "\n";
  in_columns("A: " + printable(study.a), "B: " + printable(study.b));
  const std::size_t turns = std::max(shown.a.turns.size(), shown.b.turns.size());
  for (std::size_t turn = both; turn < turns; ++turn) {
    text += beside(turn_lines(shown.a, turn, column), turn_lines(shown.b, turn, column), column);
  }
  in_columns(ending(shown.a), ending(shown.b));
  return text;
}

}  // namespace

std::string to_text(const CaseStudy& study, std::size_t width) {
  std::string text;
  for (const Case& shown : study.cases) text += case_text(study, shown, width) + "\n";
  return text + std::to_string(study.cases.size()) + " of " + std::to_string(study.common) +
         " tasks that both have played, by difference of outcomes\n";
}

}  // namespace ipr::report
