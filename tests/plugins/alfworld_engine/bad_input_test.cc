// Whatever is wrong with a game file, reading or playing it gives one error that says what and where.
#include "ipr/plugin.hpp"
#include "tests/plugins/alfworld_engine/small_game.h"
#include "tests/support/catch.h"

namespace alfworld {
namespace {

using Catch::Contains;
using test::SmallGame;

std::string read_error(const std::string& json) {
  try {
    static_cast<void>(read_game(json, "a/game.tw-pddl", TextVersion::kOld));
  } catch (const ipr::sdk::Failure& failure) {
    CHECK(failure.code() == IPR_DATA_LOSS);
    return failure.what();
  }
  return {};
}

std::string error_with(std::string SmallGame::*text, const std::string& from, const std::string& to,
                       const std::string& command = "wait") {
  SmallGame small;
  return small.with(text, from, to).error(command);
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("a game file that is no JSON, or lacks a key, says so", "[alfworld][unit]") {
  CHECK_THAT(read_error(""), Contains("a/game.tw-pddl: line 1, column 1: no JSON"));
  CHECK_THAT(read_error("{\n \"grammar\": \"x"), Contains("a/game.tw-pddl: line 2, column 1"));
  CHECK_THAT(read_error("{\"a\": \xff}"), Contains("line 1, column 7"));
  CHECK_THAT(read_error("[]"), Contains("a/game.tw-pddl: expected a JSON object"));
  CHECK_THAT(read_error("{}"), Contains("no text under the key \"pddl_domain\""));
  CHECK_THAT(read_error(R"({"pddl_domain": "", "pddl_problem": 3})"), Contains("\"pddl_problem\""));
  CHECK_THAT(read_error(repeated("[", 1'000'000)), Contains("no JSON"));
  std::string json = SmallGame().json();
  json.insert(json.size() - 1, ", \"walkthrough\": [1]");
  CHECK_THAT(read_error(json), Contains("\"walkthrough\" is no list of commands"));
}

TEST_CASE("a game without the key `solvable` is not solvable", "[alfworld][unit]") {
  std::string json = SmallGame().json();
  const std::size_t at = json.find("\"solvable\":true");
  json.replace(at, 15, "\"solvable\":null");
  CHECK(!read_game(json, "a", TextVersion::kOld)->solvable());
  json.replace(at, 15, "\"walkthrough\":null");
  CHECK(!read_game(json, "a", TextVersion::kOld)->solvable());
  CHECK(SmallGame().read()->solvable());
}

TEST_CASE("unbalanced and too deep parentheses are pointed at", "[alfworld][unit]") {
  SmallGame small;
  small.domain.pop_back();
  CHECK_THAT(small.error(), Contains("small: pddl_domain: line 1, column 1: this \"(\" is never closed"));
  small.domain += "))";
  CHECK_THAT(small.error(), Contains("text after the last \")\""));
  small.domain = "";
  CHECK_THAT(small.error(), Contains("found nothing"));
  small.domain = ")";
  CHECK_THAT(small.error(), Contains("expected \"(\""));
  small.domain = repeated("(", 300'000);
  CHECK_THAT(small.error(), Contains("more than 200 nested parentheses"));
  CHECK(error_with(&SmallGame::domain, "?r - robot) :precondition ()",
                   "?r - robot) :precondition " + repeated("(not ", 180) + "(busy ?r)" + repeated(")", 180)) == "");
}

TEST_CASE("what a domain or problem must not say is pointed at", "[alfworld][unit]") {
  const auto domain = [](const std::string& from, const std::string& to) {
    return error_with(&SmallGame::domain, from, to);
  };
  const auto problem = [](const std::string& from, const std::string& to) {
    return error_with(&SmallGame::problem, from, to);
  };
  CHECK_THAT(domain("(define (domain rooms)", "(define domain rooms"), Contains("expected (define (domain name)"));
  CHECK_THAT(domain("(and (not (shut ?b)))", "(and (not (open ?b)))"), Contains("unknown predicate \"open\""));
  CHECK_THAT(domain("(has ?r ?k) (fits", "(has ?r) (fits"), Contains("\"has\" takes 2 terms, not 1"));
  CHECK_THAT(domain("(fits ?k ?b)))", "(fits ?z ?b)))"), Contains("unknown variable \"?z\""));
  CHECK_THAT(domain("(?r - robot ?b - box)", "(?r - robot ?r - box)"), Contains("variable declared twice"));
  CHECK_THAT(domain("(?r - robot ?b - box)", "(r - robot ?b - box)"), Contains("begins with \"?\""));
  CHECK_THAT(domain("(?r - robot ?b - box)", "(?r - (either robot box) ?b - box)"), Contains("`either`"));
  CHECK_THAT(domain("(?r - robot ?b - box)", "(- robot ?b - box)"), Contains("without a name"));
  CHECK_THAT(domain("(:action wait", "(:action drop"), Contains("action declared twice"));
  CHECK_THAT(domain("(:action wait", "(:derived wait"), Contains("section \":derived\" is not supported"));
  CHECK_THAT(domain(":effect (and (seen", ":effects (and (seen"), Contains("expected :parameters"));
  CHECK_THAT(domain("(busy ?r - robot)", "(busy ?r - robot) (busy ?x)"), Contains("predicate declared twice"));
  CHECK_THAT(domain("box key - thing", "box key - thang"), Contains("\"thang\" is not declared"));
  CHECK_THAT(domain("room thing", "room - thing thing - room"), Contains("its own ancestor"));
  CHECK_THAT(domain("(seen ?t - thing)", "(seen ?t ?u ?v ?w ?x - thing)"), Contains("more than 4 parameters"));
  CHECK_THAT(problem("key_bar_1 hall_bar_1) (at", "kay_bar_1 hall_bar_1) (at"),
             Contains("unknown object \"kay_bar_1\""));
  CHECK_THAT(problem("(shut box_bar_1)", "(not (shut box_bar_1))"), Contains("line 6, column 4: a negative fact"));
  CHECK_THAT(problem("(shut box_bar_1)", "(shut (box_bar_1))"), Contains("found a list"));
  CHECK_THAT(problem("(:goal", "(:gaol"), Contains("\":gaol\""));
  CHECK_THAT(problem(" (:goal (forall (?b - box) (not (shut ?b))))", ""), Contains("no :goal"));
  CHECK_THAT(problem("r2 - robot", "r2 - robot r2 - box"), Contains("declared twice, with two types"));
  CHECK_THAT(problem("r2 - robot", "r2 - rabbit"), Contains("\"rabbit\" is not declared"));
  CHECK_THAT(domain("(:types room", "(:types " + repeated("a", 100) + " room " + repeated("a", 100) + " "),
             Contains("type declared twice"));
}

TEST_CASE("what a grammar must not say is pointed at", "[alfworld][unit]") {
  const auto grammar = [](const std::string& from, const std::string& to, const std::string& command = "wait") {
    return error_with(&SmallGame::grammar, from, to, command);
  };
  CHECK_THAT(grammar("grammar ::", "grammer ::"), Contains("small: grammar: line 2, column 1: expected \"grammar\""));
  CHECK_THAT(grammar("} \"\"\";", "} ;"), Contains("never ends") || Contains("no JSON"));
  CHECK_THAT(grammar("\"list_empty\": [", "\"list_empty\": ["), Contains(""));
  CHECK_THAT(grammar("\"rhs\": \"nothing\"", "\"rhs\": nothing"), Contains("line 7") && Contains("no JSON"));
  CHECK_THAT(grammar("\"rhs\": \"nothing\"", "\"rhs\": 3"), Contains("rule \"list_empty\""));
  CHECK_THAT(grammar("[{\"rhs\": \"nothing\"}]", "[]"), Contains("rule \"list_empty\" has no alternative"));
  CHECK_THAT(grammar("[{\"rhs\": \"nothing\"}]", "{}"), Contains("expected a list of alternatives"));
  CHECK_THAT(grammar("[{\"rhs\": \"nothing\"}]", "[3]"), Contains("expected {"));
  CHECK_THAT(grammar("\"list_empty\"", "\"list_full\""), Contains("unknown rule \"list_empty\""));
  CHECK_THAT(grammar("#room#\\n", "#rum#\\n"), Contains("unknown rule \"rum\""));
  CHECK_THAT(grammar("open all boxes.", "open #room#."), !Contains("leads"));
  CHECK_THAT(grammar("open all boxes.", "open #intro#."), Contains("\"intro\" leads to itself through \"task\""));
  CHECK_THAT(grammar("\"rhs\": \"nothing\"", "\"rhs\": \"[{k | at(k:key, x:room)}]\""), Contains("leads to itself"));
  CHECK_THAT(grammar("open all boxes.", "open # all boxes."), Contains("never closed"));
  CHECK_THAT(grammar("open all boxes.", "open {all boxes."), Contains("rule \"task\": column 28"));
  CHECK_THAT(grammar("open all boxes.", "open all} boxes."), Contains("cannot stand here, found \"} boxes.\""));
  CHECK_THAT(grammar("{b.definite}", "{b.colour}"), Contains("unknown attribute \"colour\""));
  CHECK_THAT(grammar("{b.definite}", "{b.name + }"), Contains("expected a variable"));
  CHECK_THAT(grammar("{b.definite}", "{'the}"), Contains("found the end"));
  CHECK_THAT(grammar("shut(t:thing)", "shut(t:crate)"), Contains("unknown type \"crate\""));
  CHECK_THAT(grammar("shut(t:thing)", "shut(t:thing"), Contains("expected \")\""));
  CHECK_THAT(grammar("shut(t:thing)", "shut(t:thing) or"), Contains("expected \"&\""));
  CHECK_THAT(grammar("shut(t:thing)", repeated("shut(t:thing) & ", 16) + "shut(t:thing)"),
             Contains("more than 16 atoms"));
  CHECK_THAT(grammar("action drop", "action drip"), Contains("no action \"drop\", which the domain has"));
  CHECK_THAT(grammar("feedback :: \"Dropped.\";", ""), Contains("action \"drop\" needs a template and a feedback"));
  CHECK_THAT(grammar("Time passes.", "{who} waits."), Contains("a text uses \"who\""));
  CHECK_THAT(grammar("not_at(k:key, x:room)\", ", "at(k:key, x:room)\", ", "take key 1"),
             Contains("rule \"left\": no alternative's condition holds"));
  CHECK(grammar("shut(t:thing)", "never(t:thing)") == "");
}

TEST_CASE("texts and conditions without measure end in an error", "[alfworld][unit]") {
  SmallGame small;
  std::string rules;
  for (int i = 0; i < 60; ++i) {
    const std::string next = "#r" + std::to_string(i + 1) + "#";
    rules += "\"r" + std::to_string(i) + "\": [{\"rhs\": \"" + next + next + "\"}], ";
  }
  small.with(&SmallGame::grammar, "\"task\"", rules + "\"r60\": [{\"rhs\": \"\"}], \"task\"");
  small.with(&SmallGame::grammar, "open all boxes.", "#r0#");
  CHECK_THAT(small.error(), Contains("grows beyond all measure"));

  SmallGame deep;
  rules.clear();
  for (int i = 0; i < 150; ++i)
    rules += "\"r" + std::to_string(i) + "\": [{\"rhs\": \"#r" + std::to_string(i + 1) + "#\"}], ";
  deep.with(&SmallGame::grammar, "\"task\"", rules + "\"r150\": [{\"rhs\": \"\"}], \"task\"");
  deep.with(&SmallGame::grammar, "open all boxes.", "#r0#");
  CHECK_THAT(deep.error(), Contains("nested too deeply"));

  SmallGame wide;
  wide.with(&SmallGame::domain, "(?r - robot) :precondition ()",
            "(?r - robot ?a ?b ?c ?d ?e ?f ?g ?h ?i ?j ?k) :precondition ()");
  CHECK_THAT(wide.error(), Contains("too many possible values"));
}

TEST_CASE("objects that do not fit into a key are refused", "[alfworld][unit]") {
  SmallGame small;
  small.with(&SmallGame::domain, "(seen ?t - thing)", "(seen ?t ?u ?v ?w - thing)");
  small.with(&SmallGame::domain, "(seen ?r)", "(busy ?r)");
  std::string objects;
  for (int i = 0; i < 70'000; ++i) objects += " t" + std::to_string(i);
  small.with(&SmallGame::problem, "r2 - robot", objects + " - thing r2 - robot");
  CHECK_THAT(small.error(), Contains("pddl_problem: 70007 objects are too many for predicates of 4 parameters"));
}

}  // namespace alfworld
