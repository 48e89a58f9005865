#include "data/scan.h"

#include <algorithm>
#include <array>

#include "ipr/plugin.hpp"
#include "source_text.h"

namespace alfworld {
namespace {

// Walks over JSON without building values.
class Scanner {
 public:
  explicit Scanner(const SourceText& source) : source_(source), text_(source.text) {}

  bool take(char c) {
    blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void need(char c, const char* what) {
    if (!take(c)) fail(what);
  }
  bool at_end() {
    blanks();
    return at_ == text_.size();
  }
  bool next_is(char c) {
    blanks();
    return at_ < text_.size() && text_[at_] == c;
  }

  // What stands between the quotes, escapes and all.
  std::string_view string() {
    need('"', "expected a text in quotes");
    const std::size_t begin = at_;
    at_ = text_.find('"', begin);
    while (at_ != std::string_view::npos && is_escaped(begin)) at_ = text_.find('"', at_ + 1);
    if (at_ == std::string_view::npos) {
      at_ = begin - 1;
      fail("the text that begins here does not end; the file may be cut short");
    }
    return text_.substr(begin, at_++ - begin);
  }

  // A value of any kind. Of lists and objects only the brackets are checked.
  std::string_view value() {
    blanks();
    const std::size_t begin = at_;
    std::string open;  // the brackets that must still come, innermost last
    do {
      blanks();
      if (at_ >= text_.size()) fail(open.empty() ? "expected a value" : "the file ends inside a list or an object");
      part_of_value(open);
    } while (!open.empty());
    return text_.substr(begin, at_ - begin);
  }

  [[noreturn]] void fail(const std::string& what) const { source_.fail(at_, what); }

 private:
  void blanks() {
    while (at_ < text_.size() && std::string_view(" \n\r\t").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  // Whether an odd number of backslashes stands before at_, back to `begin` at most.
  [[nodiscard]] bool is_escaped(std::size_t begin) const {
    std::size_t first = at_;
    while (first > begin && text_[first - 1] == '\\') --first;
    return (at_ - first) % 2 == 1;
  }
  void part_of_value(std::string& open) {
    const char c = text_[at_];
    if (c == '"') {
      string();
      return;
    }
    const bool closes = c == ']' || c == '}', joins = c == ',' || c == ':';
    if (closes && (open.empty() || open.back() != c)) fail("a bracket closes what is not open");
    if (joins && open.empty()) fail("expected a value");
    if (c == '[' || c == '{') open += c == '[' ? ']' : '}';
    if (closes) open.pop_back();
    if (closes || joins || c == '[' || c == '{') {
      ++at_;
    } else {
      word();
    }
  }
  // A number, true, false or null.
  void word() {
    constexpr std::string_view kLetters = "+-.0123456789abcdefghijklmnopqrstuvwxyzE";
    const std::size_t begin = at_;
    while (at_ < text_.size() && kLetters.find(text_[at_]) != std::string_view::npos) ++at_;
    if (at_ == begin) fail("expected a value");
  }

  const SourceText& source_;
  std::string_view text_;
  std::size_t at_ = 0;
};

// A JSON string's plain text; empty where it has an escape other than \" \\ \/ \n \r \t.
std::string plain(std::string_view escaped) {
  constexpr std::string_view kNames = "\"\\/nrt", kValues = "\"\\/\n\r\t";
  std::string text;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '\\') {
      text += escaped[i];
      continue;
    }
    const auto known = i + 1 < escaped.size() ? kNames.find(escaped[++i]) : std::string_view::npos;
    if (known == std::string_view::npos) return {};
    text += kValues[known];
  }
  return text;
}

// What follows `mark` in `text`, after blanks; empty if `mark` is not there.
std::string_view behind(std::string_view text, std::string_view mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + mark.size());
  return text.substr(std::min(text.find_first_not_of(" \n\r\t"), text.size()));
}

// The sentence of  "task": [ { "rhs": "Your task is to: put a hot apple in fridge." } ]  in a grammar that still has
// its JSON escapes.
std::string task_sentence(std::string_view grammar) {
  constexpr std::size_t kMostCharacters = 2000;  // of the rule
  const std::string rule = plain(behind(grammar, "\\\"task\\\"").substr(0, kMostCharacters));
  std::string_view rest = behind(behind(rule, "\"rhs\""), ":");
  if (!rest.starts_with('"')) return {};
  const auto end = rest.find_first_of("\"\\", 1);
  if (end == std::string_view::npos || rest[end] == '\\') return {};
  return std::string(behind(rest.substr(0, end), "Your task is to:"));
}

}  // namespace

GameFacts scan_game(std::string_view json, const std::string& file) {
  constexpr std::array<std::string_view, 3> kNeeded = {"pddl_domain", "grammar", "pddl_problem"};
  const SourceText source{file, json};
  Scanner scanner(source);
  GameFacts facts;
  std::array<bool, kNeeded.size()> found{};
  scanner.need('{', "expected a JSON object");
  if (!scanner.next_is('}')) {
    do {
      const std::string_view key = scanner.string();
      scanner.need(':', "expected a colon");
      const auto needed = std::find(kNeeded.begin(), kNeeded.end(), key);
      if (needed != kNeeded.end()) {
        if (!scanner.next_is('"')) scanner.fail("key \"" + std::string(key) + "\": expected a text");
        found[static_cast<std::size_t>(needed - kNeeded.begin())] = true;
      }
      const std::string_view value = scanner.value();
      if (key == "grammar") facts.task = task_sentence(value);
      if (key != "solvable") continue;
      if (value != "true" && value != "false") scanner.fail("key \"solvable\": expected true or false");
      facts.solvable = value == "true" ? GameFacts::Solvable::kYes : GameFacts::Solvable::kNo;
    } while (scanner.take(','));
  }
  scanner.need('}', "expected a comma or the object's end");
  if (!scanner.at_end()) scanner.fail("something follows the object");
  for (std::size_t i = 0; i < kNeeded.size(); ++i) {
    if (found[i]) continue;
    throw ipr::sdk::Failure(IPR_DATA_LOSS, file + ": key \"" + std::string(kNeeded[i]) + "\" is missing");
  }
  return facts;
}

}  // namespace alfworld
