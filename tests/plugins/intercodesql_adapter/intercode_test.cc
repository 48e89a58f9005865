// InterCode's own runners: what they read in a message and what they show.

#include "adapter/intercode.h"

#include <string>

#include "tests/support/catch.h"

using namespace intercodesql;

namespace {

std::string read(const AgentAction& action) {
  return action.understood ? action.action : "<none>";
}

}  // namespace

TEST_CASE("Try Again finds the statement in any of its forms", "[intercodesql][adapter]") {
  const auto parsed = [](const char* message) { return read(parse_try_again(message)); };
  CHECK(parsed("SELECT 1") == "SELECT 1");
  CHECK(parsed("Let me look: SHOW TABLES; then more") == "SHOW TABLES");
  CHECK(parsed("SQL: UPDATE t SET a = 1; x") == "UPDATE t SET a = 1");
  CHECK(parsed("SELECT a FROM t WHERE b = 'SHOW x'") == "SHOW x'");  // the words are tried in their own order
  CHECK(parsed("DESCRIBE t") == "DESCRIBE t");
  CHECK(parsed("DESC t") == "DESC t");
  CHECK(parsed("select 1") == "<none>");
  CHECK(parsed("```sql\nselect  a,\n\tb\nfrom t; select 2\n```") == "select a, b from t");
  CHECK(parsed("```SQL\nSELECT 1\n```") == "SELECT 1");
  CHECK(parsed("``` desc t ```") == "desc t");
  CHECK(parsed("```sql\nUPDATE t SET a = 1\n```") == "<none>");
  CHECK(parsed("```sql```") == "<none>");
  CHECK(parsed("``````") == "<none>");
  CHECK(parsed("```sql\n;\n```") == "<none>");
  CHECK(parsed("```") == "<none>");
  CHECK(parsed("SELECT a\\_b FROM t") == "SELECT a_b FROM t");
  CHECK(parsed("submit") == "<none>");
  CHECK(parsed("") == "<none>");
}

TEST_CASE("the ReAct runner reads execute[...] and submit", "[intercodesql][adapter]") {
  const auto parsed = [](const char* message) { return read(parse_intercode_react(message)); };
  CHECK(parsed("Thought: look\nAction: execute[SHOW TABLES]") == "SHOW TABLES");
  CHECK(parsed(" Thought 2: look\nAction 2: execute[SELECT a[1]; SELECT 2] and so on") == "SELECT a[1]");
  CHECK(parsed("Thought 1: x\nAction 11: submit\n") == "submit");
  CHECK(parsed("Action: submit.") == "<none>");
  CHECK(parsed("Action: execute SHOW TABLES") == "<none>");
  CHECK(parsed("Action: ] execute[") == "<none>");
  CHECK(parsed("execute[SHOW TABLES]") == "<none>");
  CHECK(parsed("Actions speak. Action : x") == "<none>");
  CHECK(read(parse_execute("execute[]")) == "");
}

TEST_CASE("what the runners compose is read back", "[intercodesql][adapter]") {
  for (const Runner runner : {Runner::kReact, Runner::kTryAgain}) {
    const std::string message = compose_message(runner, Dialect::kReact, "SHOW TABLES", "a thought");
    CHECK(read(parse_message(runner, Dialect::kReact, message)) == "SHOW TABLES");
  }
  CHECK(read(parse_intercode_react(compose_intercode_react("submit", "done"))) == "submit");
}

TEST_CASE("Try Again shows the answer, its reward and the question", "[intercodesql][adapter]") {
  const Observation rows{Observation::Kind::kRows, {"(1,)"}, ""};
  CHECK(try_again_task("How many?") == "Query: \"How many?\".\nDo not generate any output or reward.\n");
  CHECK(
      try_again_answer(rows, 1, "How many?") ==
      "MySQL Database Output: [(1,)]\nReward: 1.0\nHere is the query again: \"How many?\"\nTry something different to "
      "generate SQL command to get a reward of 1.\nDo not generate any output or reward.\n");
  CHECK(try_again_answer({Observation::Kind::kRows, {}, ""}, 0.5, "q")
            .starts_with("MySQL Database Output: No output\nReward: 0.5\n"));
  CHECK(try_again_feedback("q").starts_with("MySQL Database Output: No SQL code was found in your last response.\n"));
}

TEST_CASE("InterCode's runners cut errors by characters and lists by rows", "[intercodesql][adapter]") {
  const Observation error{Observation::Kind::kError, {}, std::string(500, 'x')};
  CHECK(react_answer(error) == "Observation: " + std::string(350, 'x'));
  const Observation many{Observation::Kind::kRows, std::vector<std::string>(60, "(1,)"), ""};
  CHECK(react_answer(many).size() == std::string("Observation: ").size() + 25 * 6);
  CHECK(react_answer({}) == "Observation: None");
}
