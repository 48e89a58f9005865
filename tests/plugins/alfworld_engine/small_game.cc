#include "tests/plugins/alfworld_engine/small_game.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "ipr/plugin.hpp"

namespace alfworld::test {

SmallGame::SmallGame()
    : domain(R"((define (domain rooms)
 (:requirements :adl :typing)
 (:types room thing robot - object box key - thing)
 (:predicates (in ?r - robot ?x - room) (at ?t - thing ?x - room) (has ?r - robot ?k - key) (busy ?r - robot)
              (fits ?k - key ?b - box) (shut ?b - box) (joined ?x ?y - room) (seen ?t - thing))
 (:action walk :parameters (?r - robot ?x ?y - room)
  :precondition (and (in ?r ?x) (joined ?x ?y))
  :effect (and (not (in ?r ?x)) (in ?r ?y) (increase (total-cost) 1)))
 (:action take :parameters (?r - robot ?k - key ?x - room)
  :precondition (and (in ?r ?x) (at ?k ?x) (not (busy ?r)))
  :effect (and (not (at ?k ?x)) (has ?r ?k) (busy ?r)))
 (:action drop :parameters (?r - robot ?k - key ?x - room)
  :precondition (and (has ?r ?k) (in ?r ?x))
  :effect (and (at ?k ?x) (not (has ?r ?k)) (not (busy ?r))))
 (:action unlock :parameters (?r - robot ?b - box)
  :precondition (exists (?x - room ?k - key) (and (in ?r ?x) (at ?b ?x) (shut ?b) (has ?r ?k) (fits ?k ?b)))
  :effect (and (not (shut ?b))))
 (:action wait :parameters (?r - robot) :precondition () :effect (and (seen ?r)))
))"),
      problem(R"((define (problem small) (:domain rooms)
 (:objects r2 - robot hall_bar_1 hall_bar_2 - room box_bar_1 box_bar_2 - box Key_bar_1 Key_bar_2 - key)
 (:init (= (total-cost) 0) (in r2 hall_bar_1) (joined hall_bar_1 hall_bar_2) (joined hall_bar_2 hall_bar_1)
   (joined hall_bar_1 hall_bar_1)
   (at box_bar_1 hall_bar_1) (at box_bar_2 hall_bar_2) (at key_bar_1 hall_bar_1) (at key_bar_2 hall_bar_1)
   (shut box_bar_1) (shut box_bar_2) (fits key_bar_1 box_bar_2) (fits key_bar_2 box_bar_1))
 (:goal (forall (?b - box) (not (shut ?b))))))"),
      grammar(R"twl(
grammar :: """ {
  "intro": [{"rhs": "\n Rooms.\n\n#room#\n\n#task#"}],
  "task": [{"rhs": "Your task is to: open all boxes."}],
  "room": [{"condition": "in(r:robot, x:room)", "rhs": "You see [{#thing# | in(r:robot, x:room) & at(t:thing, x:room)}]."}],
  "thing": [{"condition": "shut(t:thing)", "rhs": "{t.indefinite} shut {t.name}"}, {"rhs": "{t.indefinite + ' ' + t.name}"}],
  "list_empty": [{"rhs": "nothing"}],
  "list_separator": [{"rhs": ", "}],
  "list_last_separator": [{"rhs": ", and "}]
} """;
# a comment
action Walk { template :: "walk to {y}"; feedback :: "You see [{#thing# | at(t:thing, y:room)}]."; }
action take { template :: "take {k.name}"; feedback :: "Taken: {k or r}. #left#";
  grammar :: """ {
    # not JSON, and dropped
    "left": [{"condition": "not_at(k:key, x:room)", "rhs": "Gone: {k.id | not_at(k:key, x:room)}."}]
  } """; }
action drop { template :: "drop {k}"; feedback :: "Dropped."; }
action unlock { template :: "unlock {b}"; feedback :: "You open {b.definite} {b.name}."; }
action wait { template :: "wait"; feedback :: "Time passes."; }
)twl") {}

SmallGame& SmallGame::with(std::string SmallGame::*text, const std::string& from, const std::string& to) {
  std::string& whole = this->*text;
  const std::size_t at = whole.find(from);
  if (at == std::string::npos) throw std::runtime_error("the small game has no " + from);
  whole.replace(at, from.size(), to);
  return *this;
}

std::string SmallGame::json() const {
  const nlohmann::json json = {
      {"pddl_domain", domain}, {"pddl_problem", problem}, {"grammar", grammar}, {"solvable", true}};
  return json.dump();
}

std::shared_ptr<const Game> SmallGame::read() const {
  return read_game(json(), "small", TextVersion::kOld);
}

std::string SmallGame::error(const std::string& command) const {
  try {
    State state(read());
    std::string feedback;
    state.step(command, feedback);
    static_cast<void>(state.intro());
    static_cast<void>(state.won());
    std::vector<std::string> admissible;
    state.admissible(admissible);
  } catch (const ipr::sdk::Failure& failure) {
    return failure.what();
  }
  return {};
}

}  // namespace alfworld::test
