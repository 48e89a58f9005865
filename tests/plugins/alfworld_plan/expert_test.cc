// The expert and its thoughts on a small game.
#include "plan/expert.h"

#include "plan/thoughts.h"
#include "tests/plugins/alfworld_plan/games.h"
#include "tests/support/catch.h"

namespace alfworld {
namespace {

using test::small_game;

// A room with two shelves and a box that must be opened; one hand.
constexpr const char* kRoom = R"(
(define (domain room) (:requirements :adl)
  (:types place thing)
  (:predicates (at ?p - place) (in ?t - thing ?p - place) (lid ?p - place) (open ?p - place) (held ?t - thing) (busy)
               (clean ?t - thing) (tap ?p - place))
  (:action go :parameters (?p - place) :precondition (not (at ?p))
    :effect (and (forall (?q - place) (not (at ?q))) (at ?p)))
  (:action unlock :parameters (?p - place) :precondition (and (at ?p) (lid ?p) (not (open ?p))) :effect (open ?p))
  (:action take :parameters (?t - thing ?p - place)
    :precondition (and (at ?p) (in ?t ?p) (not (busy)) (or (not (lid ?p)) (open ?p)))
    :effect (and (held ?t) (busy) (not (in ?t ?p))))
  (:action lay :parameters (?t - thing ?p - place)
    :precondition (and (at ?p) (held ?t) (or (not (lid ?p)) (open ?p)))
    :effect (and (not (held ?t)) (not (busy)) (in ?t ?p)))
  (:action wash :parameters (?t - thing ?p - place) :precondition (and (at ?p) (tap ?p) (held ?t))
    :effect (clean ?t)))
)";
constexpr const char* kProblem = R"(
(define (problem p) (:domain room)
  (:objects shelf_bar_a shelf_bar_b box_bar_a sink_bar_a - place cup_bar_a egg_bar_a - thing)
  (:init (at shelf_bar_a) (in cup_bar_a shelf_bar_b) (in egg_bar_a sink_bar_a) (lid box_bar_a) (tap sink_bar_a)
         (tap shelf_bar_a))
  (:goal (and (in cup_bar_a box_bar_a) (clean cup_bar_a))))
)";
// The tap of shelf 2 is not the nearest way, so that the walkthrough is not what the planner finds.
const std::vector<std::string> kWalkthrough = {"go shelf 1",        "take cup 1 shelf 1", "go sink 1",
                                               "wash cup 1 sink 1", "go box 1",           "unlock box 1",
                                               "lay cup 1 box 1"};

struct Played {
  std::vector<std::string> actions, thoughts;
};

Played play(State& state, ExpertMemory& memory) {
  Played played;
  std::string action, thought, feedback;
  while (played.actions.size() < 30 && expert_advice(state, memory, action, thought)) {
    memory.refused = !state.step(action, feedback);
    played.actions.push_back(action);
    played.thoughts.push_back(thought);
  }
  return played;
}

}  // namespace

TEST_CASE("on the walkthrough the expert says what each step is good for", "[alfworld][expert]") {
  State state(small_game(kRoom, kProblem, kWalkthrough));
  ExpertMemory memory;
  const Played played = play(state, memory);
  CHECK(state.won());
  CHECK(played.actions == kWalkthrough);
  // The first text of this game names nothing, so the cup has no number before it is taken.
  CHECK(played.thoughts == std::vector<std::string>{
                               "I have to win. I want to take a cup shelf 1, so I go shelf 1.",
                               "I want to wash cup 1 a sink, so I take cup 1 shelf 1.",
                               "I want to wash cup 1 sink 1, so I go sink 1.",
                               "To win, I have to wash cup 1 sink 1.",
                               "I want to lay cup 1 box 1, so I go box 1.",
                               "I want to lay cup 1 box 1, so I unlock box 1.",
                               "One more step and the task is done: I lay cup 1 box 1.",
                           });
}

TEST_CASE("what changes nothing does not leave the walkthrough", "[alfworld][expert]") {
  State state(small_game(kRoom, kProblem, kWalkthrough));
  ExpertMemory memory;
  std::string action, thought, feedback;
  REQUIRE(expert_advice(state, memory, action, thought));
  REQUIRE(state.step(action, feedback));
  memory.refused = !state.step("dance", feedback);
  CHECK(memory.refused);
  REQUIRE(expert_advice(state, memory, action, thought));
  CHECK(action == kWalkthrough[1]);
  CHECK(thought == "That was not possible. I want to wash cup 1 a sink, so I take cup 1 shelf 1.");
  CHECK(memory.plan == nullptr);
}

TEST_CASE("off the walkthrough the expert plans once and keeps to it", "[alfworld][expert]") {
  State state(small_game(kRoom, kProblem, kWalkthrough));
  ExpertMemory memory;
  std::string action, thought, feedback;
  for (const char* command : {"go sink 1", "take egg 1 sink 1"}) REQUIRE(state.step(command, feedback));
  REQUIRE(expert_advice(state, memory, action, thought));
  REQUIRE(memory.plan != nullptr);
  CHECK(thought.rfind("Let me think how to go on from here. ", 0) == 0);
  const auto plan = memory.plan;
  const ExpertMemory forked = memory;
  CHECK(play(state, memory).actions == *plan);
  CHECK(memory.plan == plan);
  CHECK(forked.plan == plan);
  CHECK(state.won());
}

TEST_CASE("without a walkthrough, or with one that does not win, the expert plans", "[alfworld][expert]") {
  for (const auto& walkthrough : {std::vector<std::string>{}, {"go shelf 1"}, {"dance"}}) {
    State state(small_game(kRoom, kProblem, walkthrough));
    ExpertMemory memory;
    CHECK(play(state, memory).actions.size() == 7);
    CHECK(state.won());
  }
}

TEST_CASE("a loaded episode goes on where it was", "[alfworld][expert]") {
  const auto game = small_game(kRoom, kProblem, kWalkthrough);
  State state(game);
  std::string action, thought, feedback;
  for (int i = 0; i < 4; ++i) REQUIRE(state.step(kWalkthrough[static_cast<std::size_t>(i)], feedback));
  const State loaded = State::load(game, state.save());
  ExpertMemory memory;
  REQUIRE(expert_advice(loaded, memory, action, thought));
  CHECK(action == kWalkthrough[4]);
}

TEST_CASE("no advice where the game is won or cannot be", "[alfworld][expert]") {
  State state(small_game(kRoom, kProblem, kWalkthrough));
  ExpertMemory memory;
  static_cast<void>(play(state, memory));
  std::string action = "x", thought = "x";
  CHECK_FALSE(expert_advice(state, memory, action, thought));
  CHECK(action.empty());
  CHECK(thought.empty());

  std::string hopeless = kProblem;
  hopeless.replace(hopeless.find("(clean cup_bar_a)"), 17, "(held cup_bar_a)");
  const State lost(small_game(kRoom, hopeless));
  CHECK_FALSE(expert_advice(lost, memory, action, thought));
  CHECK(memory.hopeless == lost.fingerprint());
  CHECK_FALSE(expert_advice(lost, memory, action, thought));
}

}  // namespace alfworld
