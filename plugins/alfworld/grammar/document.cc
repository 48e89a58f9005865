#include "grammar/document.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "grammar/scanner.h"

namespace alfworld::grammar {
namespace {

class DocumentReader {
 public:
  explicit DocumentReader(const SourceText& source) : source_(source) {}

  Document read() {
    for (skip(); at_ < source_.text.size(); skip()) {
      const std::size_t begin = at_;
      const std::string_view word = name();
      if (word == "grammar") {
        expect("::");
        read_rules(block());
        expect(";");
      } else if (word == "action") {
        read_action();
      } else {
        source_.fail(begin, "expected \"grammar\" or \"action\"");
      }
    }
    return std::move(document_);
  }

 private:
  // A part of the source between quotes.
  struct Quoted {
    std::size_t begin;
    std::string_view text;
  };

  [[nodiscard]] std::string_view rest() const { return source_.text.substr(at_); }

  void skip() {
    while (at_ < source_.text.size()) {
      if (is_blank(source_.text[at_])) {
        ++at_;
      } else if (source_.text[at_] == '#') {
        at_ = std::min(source_.text.find('\n', at_), source_.text.size());
      } else {
        return;
      }
    }
  }

  void expect(std::string_view token) {
    skip();
    if (!rest().starts_with(token)) source_.fail(at_, "expected \"" + std::string(token) + "\"");
    at_ += token.size();
  }

  std::string_view name() {
    skip();
    const std::size_t begin = at_;
    while (at_ < source_.text.size() &&
           (is_word(source_.text[at_]) || source_.text[at_] == '/' || source_.text[at_] == '-')) {
      ++at_;
    }
    if (at_ == begin) source_.fail(at_, "expected a name");
    return source_.text.substr(begin, at_ - begin);
  }

  Quoted quoted(std::string_view quotes) {
    expect(quotes);
    const std::size_t begin = at_;
    const std::size_t end = source_.text.find(quotes, begin);
    if (end == std::string_view::npos) source_.fail(begin, "the text after these quotes never ends");
    at_ = end + quotes.size();
    return {begin, source_.text.substr(begin, end - begin)};
  }
  Quoted block() { return quoted("\"\"\""); }

  void read_action() {
    std::string action_name(name());
    for (char& c : action_name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    const std::size_t begin = at_;
    WrittenAction action;
    bool has_template = false;
    bool has_feedback = false;
    expect("{");
    for (skip(); !rest().starts_with("}"); skip()) {
      const std::size_t field_begin = at_;
      const std::string_view field = name();
      expect("::");
      if (field == "template") {
        action.command = quoted("\"").text;
        has_template = true;
      } else if (field == "feedback") {
        action.feedback = quoted("\"").text;
        has_feedback = true;
      } else if (field == "grammar") {
        read_rules(without_comments(block()));
      } else if (field == "pddl") {
        block();
      } else {
        source_.fail(field_begin, "expected template, feedback or grammar");
      }
      expect(";");
    }
    expect("}");
    if (!has_template || !has_feedback) {
      source_.fail(begin, "action " + excerpt(action_name) + " needs a template and a feedback");
    }
    document_.actions[action_name] = std::move(action);
  }

  // Lines that begin with "#" become blanks, so that positions stay. The result lives until the next call.
  Quoted without_comments(Quoted block) {
    uncommented_ = block.text;
    for (std::size_t line = 0; line < uncommented_.size();) {
      const std::size_t end = std::min(uncommented_.find('\n', line), uncommented_.size());
      const std::size_t first = uncommented_.find_first_not_of(" \t\r", line);
      if (first < end && uncommented_[first] == '#') {
        std::fill(uncommented_.begin() + static_cast<std::ptrdiff_t>(line),
                  uncommented_.begin() + static_cast<std::ptrdiff_t>(end), ' ');
      }
      line = end + 1;
    }
    return {block.begin, uncommented_};
  }

  void read_rules(Quoted block) {
    nlohmann::json json;
    try {
      json = nlohmann::json::parse(block.text);
    } catch (const nlohmann::json::parse_error& error) {
      source_.fail(block.begin + (error.byte > 0 ? error.byte - 1 : 0), "no JSON: something is wrong here");
    }
    const auto fail = [&](const std::string& what) { source_.fail(block.begin, what); };
    if (!json.is_object()) fail("expected a JSON object of rules");
    for (const auto& [rule_name, alternatives] : json.items()) {
      const std::string rule = "rule " + excerpt(rule_name) + ": ";
      if (!alternatives.is_array()) fail(rule + "expected a list of alternatives");
      auto& written = document_.rules[rule_name];
      written.clear();
      for (const auto& alternative : alternatives) {
        const auto symbols = alternative.find("rhs");
        const auto condition = alternative.find("condition");
        const bool has_condition = condition != alternative.end();
        if (!alternative.is_object() || symbols == alternative.end() || !symbols->is_string() ||
            (has_condition && !condition->is_string())) {
          fail(rule + "expected {\"rhs\": \"…\", \"condition\": \"…\"}");
        }
        written.push_back({has_condition ? condition->get<std::string>() : std::string(), symbols->get<std::string>()});
      }
    }
  }

  const SourceText& source_;
  std::size_t at_ = 0;
  Document document_;
  std::string uncommented_;
};

}  // namespace

Document read_document(const SourceText& source) {
  return DocumentReader(source).read();
}

}  // namespace alfworld::grammar
