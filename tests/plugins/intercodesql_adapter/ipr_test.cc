// IPR's adapter: what it reads in a message and what it shows.

#include "adapter/ipr.h"

#include <string>

#include "adapter/text.h"
#include "tests/support/catch.h"

using namespace intercodesql;

namespace {

std::string fenced(const std::string& sql) {
  return "Thought: I look.\nAction: \n```sql\n" + sql + "\n```";
}
std::string read(const std::string& message, Dialect dialect = Dialect::kReact) {
  const AgentAction action = parse_ipr(dialect, message);
  return action.understood ? action.action : "<fallback>";
}
Observation rows(std::vector<std::string> texts) {
  return {Observation::Kind::kRows, std::move(texts), ""};
}
Observation error(const std::string& text) {
  return {Observation::Kind::kError, {}, "Error executing query: " + text};
}

}  // namespace

TEST_CASE("a fenced statement behind Action: is the action", "[intercodesql][adapter]") {
  CHECK(read(fenced("SHOW TABLES")) == "SHOW TABLES");
  CHECK(read("Action: ```sql SELECT 1 ```") == "SELECT 1");
  CHECK(read("Action:```sql\n\n  SELECT 1  \n\n```") == "SELECT 1");
  CHECK(read("  \n Action: ```sqlSELECT 1``` and ```sql SELECT 2```") == "SELECT 1");
}

TEST_CASE("of a statement over several lines only the first is read", "[intercodesql][adapter]") {
  CHECK(read(fenced("SELECT name\nFROM country")) == "SELECT name");
  CHECK(read(fenced("SELECT name \nFROM country")) == "SELECT name ");
  CHECK(read(fenced("SELECT name\r\nFROM country")) == "SELECT name\r");
}

TEST_CASE("the word submit anywhere behind Action: submits", "[intercodesql][adapter]") {
  CHECK(read("Action: submit.") == "submit");
  CHECK(read("Action: I submit") == "submit");
  CHECK(read(fenced("SELECT * FROM t WHERE x = 'submitted'")) == "submit");
  CHECK(read("Thought: submit\nAction: ```sql SELECT 1```") == "SELECT 1");
  CHECK(read("Action: Submit") == "<fallback>");
}

TEST_CASE("what the adapter does not read is answered with its fallback", "[intercodesql][adapter]") {
  for (const char* message : {"", "SELECT 1", "action: ```sql SELECT 1```", "Action: SELECT 1",
                              "Action: ```SELECT 1```", "Action: ```SQL SELECT 1```", "Action: ```sql SELECT 1",
                              "Action: ```sql\n \n```", "```sql SELECT 1``` Action: look"}) {
    CAPTURE(message);
    CHECK(read(message) == "<fallback>");
  }
  CHECK(ipr_feedback().starts_with("Observation: I don't understand your input.\n Your input shoud include"));
}

TEST_CASE("dialect figure8 reads a bare statement and a fenced one", "[intercodesql][adapter]") {
  CHECK(read("Thought: x\nAction: SELECT 1", Dialect::kFigure8) == "SELECT 1");
  CHECK(read("Action: SELECT 1\nFROM t", Dialect::kFigure8) == "SELECT 1");
  CHECK(read("Action: submit", Dialect::kFigure8) == "submit");
  CHECK(read(fenced("SELECT 1"), Dialect::kFigure8) == "SELECT 1");
  CHECK(read("Action: ", Dialect::kFigure8) == "<fallback>");
  CHECK(read("SELECT 1", Dialect::kFigure8) == "<fallback>");
}

TEST_CASE("what is composed is read back", "[intercodesql][adapter]") {
  for (const Dialect dialect : {Dialect::kReact, Dialect::kFigure8}) {
    CHECK(read(compose_ipr(dialect, "SELECT 1", "a thought"), dialect) == "SELECT 1");
    CHECK(read(compose_ipr(dialect, "SELECT 1\nFROM t", ""), dialect) == "SELECT 1 FROM t");
    CHECK(read(compose_ipr(dialect, "submit", "a thought"), dialect) == "submit");
  }
  CHECK(compose_ipr(Dialect::kReact, "SHOW TABLES", "look") == "Thought: look\nAction: \n```sql\nSHOW TABLES\n```");
}

TEST_CASE("answers are shown as the adapter shows them", "[intercodesql][adapter]") {
  CHECK(ipr_answer(rows({"('city',)"}), false) == "Observation: [('city',)]");
  CHECK(ipr_answer(rows({}), false) == "Observation: []");
  CHECK(ipr_answer({}, false) == ipr_feedback());
  CHECK(ipr_answer({}, true) == "Observation: None");
  CHECK(ipr_answer(error("Table 'a.b' doesn't exist"), false) ==
        "Observation: Error executing query: Table 'a.b' doesn't exist\n");
  CHECK(ipr_answer(error("Unknown column 'x' in 'field list'"), false) ==
        "Observation: Error executing query: Unknown column 'x' in 'field list'");
  CHECK(ipr_answer(error("Table 'a.b' doesn't exist"), true) ==
        "Observation: Error executing query: Table 'a.b' doesn't exist");
}

TEST_CASE("long answers are cut at 350 characters, but in full after submit", "[intercodesql][adapter]") {
  const std::string umlauts = [] {
    std::string text = "('";
    for (int i = 0; i < 400; ++i) text += "ü";
    return text + "',)";
  }();
  const std::string shown = ipr_answer(rows({umlauts}), false);
  CHECK(shown.ends_with("ü..."));
  CHECK(shown.size() == std::string("Observation: [('...").size() + 2 * (350 - 3));
  CHECK(ipr_answer(rows({umlauts}), true) == "Observation: [" + umlauts + "]");
  const std::string exact(350 - 4, '1');
  CHECK(ipr_answer(rows({"(" + exact + ")"}), false) == "Observation: [(" + exact + ")]");
  // The line end of an error is one of the 350.
  const std::string full(350 - std::string("Error executing query: ").size(), 'x');
  CHECK(ipr_answer(error(full), false) == "Observation: Error executing query: " + full + "...");
}

TEST_CASE("text is stripped, split and cut as Python does", "[intercodesql][adapter]") {
  CHECK(strip(" \t\n\v\f\r\x1c\x1f a b \u00a0\u3000\u2028") == "a b");
  CHECK(strip("\u200b") == "\u200b");
  CHECK(strip(" \n ").empty());
  CHECK(join_words("  a\n\tb\u3000c ") == "a b c");
  CHECK(first_code_points("aüb", 2) == "aü");
  CHECK(first_code_points("aü", 2) == "aü");
  CHECK(first_code_points("aü", 0).empty());
  CHECK(valid_utf8("a\xFF\xC3") == "a\uFFFD\uFFFD");
  CHECK(valid_utf8("ü\xED\xA0\x80") == "ü\uFFFD\uFFFD\uFFFD");
  CHECK(valid_utf8("\xF0\x9F\x98\x80") == "\xF0\x9F\x98\x80");
}
