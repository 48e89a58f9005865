// Games of one text generation read as the other.
#include "engine/state.h"
#include "engine/text_version.h"
#include "grammar/reader.h"
#include "pddl/reader.h"
#include "tests/plugins/alfworld_engine/shipped_games.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

namespace alfworld {
namespace {

using engine::convert_command;
using engine::convert_domain;
using engine::convert_grammar;
using test::file_text;

// What a game file says in its grammar, with the actions of its domain. The task differs from game to game.
grammar::Grammar grammar_of(const std::string& domain_text, const std::string& problem, const std::string& text,
                            TextVersion version, bool convert) {
  pddl::Domain domain = pddl::read_task({"domain", domain_text}, {"problem", problem}).domain;
  if (convert) convert_domain(domain, version);
  std::vector<std::string> actions;
  for (const pddl::Action& action : domain.actions) actions.push_back(action.name);
  const std::string converted = convert ? convert_grammar(text, version) : text;
  grammar::Grammar grammar = grammar::read_grammar({"grammar", converted}, actions);
  const std::uint32_t task = grammar.find_rule(grammar::kTask);
  if (task < grammar.rules.size()) grammar.rules.erase(grammar.rules.begin() + task);
  return grammar;
}

grammar::Grammar grammar_of_game(const std::string& path, TextVersion version, bool convert) {
  const auto json = ipr::Json::parse(file_text(path));
  const auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
  REQUIRE((engine::version_of(text("grammar")) == version) == !convert);
  return grammar_of(text("pddl_domain"), text("pddl_problem"), text("grammar"), version, convert);
}

bool loads(const std::string& path) {
  return path.find("movable") == std::string::npos;
}

void check_conversion(const std::string& from, const std::string& to, TextVersion version) {
  const std::string from_root = ipr::test::shared_file("data/alfworld/" + from);
  const std::string to_root = ipr::test::shared_file("data/alfworld/" + to);
  if (from_root.empty() || to_root.empty()) return;
  const grammar::Grammar expected = grammar_of_game(test::game_files(to_root).front(), version, false);
  for (const std::string& path : test::game_files(from_root)) {
    CAPTURE(path);
    if (!loads(path)) continue;
    const grammar::Grammar converted = grammar_of_game(path, version, true);
    REQUIRE(converted == expected);
  }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// The old text of an observation of the new generation; the place's number it cannot know.
std::string old_observation(const std::string& text) {
  if (text.starts_with("You move the ")) {
    return replaced(replaced(text, "You move the ", "You put the "), " to the ", " in/on the ");
  }
  return text;
}

std::string without_arrival(const std::string& text) {
  return text.starts_with("You arrive at ") ? text.substr(text.find(". ") + 2) : text;
}

}  // namespace

TEST_CASE("old grammars become the new one", "[alfworld][golden]") {
  check_conversion("json_2.1.1/valid_seen", "json_2.1.3", TextVersion::kNew);
}

TEST_CASE("new grammars become the old one", "[alfworld][golden]") {
  check_conversion("json_2.1.3/valid_unseen", "json_2.1.1/valid_train", TextVersion::kOld);
}

TEST_CASE("commands are converted with the texts", "[alfworld][unit]") {
  CHECK(convert_command("move apple 1 to fridge 2", TextVersion::kOld) == "put apple 1 in/on fridge 2");
  CHECK(convert_command("put apple 1 in/on fridge 2", TextVersion::kNew) == "move apple 1 to fridge 2");
  CHECK(convert_command("go to fridge 2", TextVersion::kOld) == "go to fridge 2");
  CHECK(convert_command("move", TextVersion::kOld) == "move");
}

TEST_CASE("recorded games of the new generation play in the old texts", "[alfworld][golden]") {
  const std::string path = ipr::test::shared_file("golden/alfworld/play_new.jsonl.gz");
  const std::string root = ipr::test::shared_file("data/alfworld");
  if (path.empty() || root.empty()) return;
  for (const ipr::Json& record : test::golden_records(path)) {
    const auto file = record.at("path").get<std::string>();
    CAPTURE(file);
    const auto game = test::read_game_file(root + "/" + file, TextVersion::kOld);
    const auto original = test::read_game_file(root + "/" + file, TextVersion::kNew);
    for (const ipr::Json& episode : record.at("episodes")) {
      State state(game);
      REQUIRE(state.intro() == episode.at("reset").at("obs").get<std::string>());
      for (const ipr::Json& step : episode.at("steps")) {
        const auto command = step.at("cmd").get<std::string>();
        const auto expected = step.at("obs").get<std::string>();
        CAPTURE(command);
        std::string feedback;
        state.step(convert_command(command, TextVersion::kOld), feedback);
        if (command == "help") {
          REQUIRE(feedback == "Nothing happens.");
          continue;
        }
        REQUIRE(feedback.starts_with("You arrive at loc ") == expected.starts_with("You arrive at "));
        REQUIRE(without_arrival(feedback) == without_arrival(old_observation(expected)));
        REQUIRE(state.won() == step.at("won").get<bool>());
        REQUIRE(State::load(original, state.save()).won() == state.won());
      }
    }
  }
}

}  // namespace alfworld
