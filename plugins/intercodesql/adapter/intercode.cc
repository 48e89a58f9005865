#include "adapter/intercode.h"

#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>

#include "adapter/text.h"

namespace intercodesql {
namespace {

constexpr std::string_view kFence = "```";
constexpr std::array<std::string_view, 4> kStatements = {"SHOW", "SELECT", "DESCRIBE", "DESC"};

std::string_view up_to_semicolon(std::string_view text) {
  return text.substr(0, text.find(';'));
}

// The text between the fence at `at` and the next one, at least one character; an optional `sql` or `SQL` behind the
// first fence counts as text only where nothing else would be left.
std::optional<std::string_view> block_at(std::string_view text, std::size_t at) {
  const std::size_t start = at + kFence.size();
  const std::string_view word = text.substr(start, 3);
  const auto body = [&](std::size_t from) -> std::optional<std::string_view> {
    const auto end = from < text.size() ? text.find(kFence, from + 1) : std::string_view::npos;
    if (end == std::string_view::npos) return std::nullopt;
    return text.substr(from, end - from);
  };
  if (word == "sql" || word == "SQL") {
    if (const auto found = body(start + 3)) return found;
  }
  return body(start);
}

std::optional<std::string_view> first_block(std::string_view text) {
  for (auto at = text.find(kFence); at != std::string_view::npos; at = text.find(kFence, at + 1)) {
    if (const auto found = block_at(text, at)) return found;
  }
  return std::nullopt;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

bool is_statement(std::string_view text) {
  const std::string word = upper(text.substr(0, text.find(' ')));
  for (const std::string_view known : kStatements) {
    if (word == known) return true;
  }
  return false;
}

// `\_` is how some models write an underscore.
std::string without_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '_') continue;
    out += text[i];
  }
  return out;
}

// Where the action begins, behind `Action:` or `Action 12:`.
std::optional<std::size_t> behind_mark(std::string_view message) {
  constexpr std::string_view kWord = "Action";
  for (auto at = message.find(kWord); at != std::string_view::npos; at = message.find(kWord, at + 1)) {
    std::size_t end = at + kWord.size();
    if (end < message.size() && message[end] == ' ') ++end;
    while (end < message.size() && message[end] >= '0' && message[end] <= '9') ++end;
    if (end < message.size() && message[end] == ':') return end + 1;
  }
  return std::nullopt;
}

// Errors are cut by characters, lists by rows.
std::string cut(const Observation& observation, std::size_t characters, std::size_t rows) {
  std::string text;
  append_text(observation, text, rows);
  if (observation.kind != Observation::Kind::kError) return text;
  return std::string(first_code_points(text, characters));
}

// As Python prints a reward: 0 and 1.0 are both possible there, so whole numbers get a decimal.
std::string python_number(double value) {
  char text[32];
  std::string out(text, std::to_chars(text, text + sizeof text, value).ptr);
  return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
}

std::string join(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

std::string try_again_turn(std::string_view answer, std::string_view reward, std::string_view question) {
  return join({"MySQL Database Output: ", answer, "\nReward: ", reward, "\nHere is the query again: \"", question,
               "\"\nTry something different to generate SQL command to get a reward of 1.\nDo not generate any output "
               "or reward.\n"});
}

}  // namespace

AgentAction parse_execute(std::string_view action) {
  constexpr std::string_view kExecute = "execute[";
  if (action == kSubmit) return {true, std::string(kSubmit)};
  const auto start = action.find(kExecute), end = action.rfind(']');
  if (start == std::string_view::npos || end == std::string_view::npos || end < start + kExecute.size()) return {};
  return {true, std::string(up_to_semicolon(action.substr(start + kExecute.size(), end - start - kExecute.size())))};
}

AgentAction parse_intercode_react(std::string_view message) {
  const auto start = behind_mark(message);
  return start ? parse_execute(strip(message.substr(*start))) : AgentAction();
}

std::string compose_intercode_react(std::string_view action, std::string_view thought) {
  std::string message;
  if (!thought.empty()) message = join({"Thought: ", thought, "\n"});
  if (action == kSubmit) return message.append("Action: submit");
  return message + join({"Action: execute[", action, "]"});
}

std::string react_feedback() {
  return "Observation: Error executing query: Your last `execute` action did not contain sql code";
}

std::string react_answer(const Observation& observation) {
  return "Observation: " + cut(observation, 350, 25);
}

AgentAction parse_try_again(std::string_view message) {
  constexpr std::string_view kLabel = "SQL: ";
  const std::string text = without_escapes(message);
  const std::string_view action = text;
  if (action.find(kFence) == std::string_view::npos) {
    if (action.starts_with(kLabel)) return {true, std::string(up_to_semicolon(action.substr(kLabel.size())))};
    for (const std::string_view word : kStatements) {
      const auto at = action.find(word);
      if (at != std::string_view::npos) return {true, std::string(up_to_semicolon(action.substr(at)))};
    }
    return {};
  }
  const auto block = first_block(action);
  if (!block) return {};
  const std::string words = join_words(*block);
  const std::string_view statement = up_to_semicolon(words);
  return {is_statement(statement), std::string(statement)};
}

std::string compose_try_again(std::string_view action) {
  return join({"```sql\n", action, "\n```"});
}

std::string try_again_task(std::string_view question) {
  return join({"Query: \"", question, "\".\nDo not generate any output or reward.\n"});
}

std::string try_again_feedback(std::string_view question) {
  return try_again_turn(
      "No SQL code was found in your last response.\n\nYour response should be a SQL command. Format your SQL command "
      "as follows:\n\n```SQL\nYour SQL code here\n```\n",
      "0", question);
}

std::string try_again_answer(const Observation& observation, double reward, std::string_view question) {
  const bool empty = observation.kind == Observation::Kind::kRows && observation.rows.empty();
  return try_again_turn(empty ? "No output" : cut(observation, 1000, 50), python_number(reward), question);
}

}  // namespace intercodesql
