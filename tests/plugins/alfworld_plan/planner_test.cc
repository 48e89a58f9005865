// The planner on domains that have nothing to do with households.
#include "plan/planner.h"

#include "tests/plugins/alfworld_plan/games.h"
#include "tests/support/catch.h"

namespace alfworld {
namespace {

using test::small_game;
using test::wins;

std::string problem(const std::string& objects, const std::string& init, const std::string& goal) {
  return "(define (problem p) (:domain d) (:objects " + objects + ") (:init " + init + ") (:goal " + goal + "))";
}

constexpr const char* kBlocks = R"(
(define (domain blocks) (:requirements :adl)
  (:types block)
  (:predicates (on ?a ?b - block) (table ?a - block) (clear ?a - block) (holding ?a - block) (busy))
  (:action take :parameters (?a - block)
    :precondition (and (clear ?a) (table ?a) (not (busy)))
    :effect (and (holding ?a) (busy) (not (clear ?a)) (not (table ?a))))
  (:action lay :parameters (?a - block)
    :precondition (holding ?a)
    :effect (and (table ?a) (clear ?a) (not (holding ?a)) (not (busy))))
  (:action stack :parameters (?a ?b - block)
    :precondition (and (holding ?a) (clear ?b))
    :effect (and (on ?a ?b) (clear ?a) (not (clear ?b)) (not (holding ?a)) (not (busy))))
  (:action lift :parameters (?a ?b - block)
    :precondition (and (on ?a ?b) (clear ?a) (not (busy)))
    :effect (and (holding ?a) (clear ?b) (busy) (not (clear ?a)) (not (on ?a ?b)))))
)";

// Block 3 is the smallest id, a.
constexpr const char* kThreeBlocks = "block_bar_a block_bar_b block_bar_c - block";
constexpr const char* kTower =  // c on a, b beside
    "(on block_bar_c block_bar_a) (clear block_bar_c) (table block_bar_a) (table block_bar_b) (clear block_bar_b)";

constexpr const char* kLights = R"(
(define (domain lights) (:requirements :adl)
  (:types light)
  (:predicates (lit ?l - light) (beside ?l ?m - light) (broken ?l - light))
  (:action press :parameters (?l - light)
    :precondition ()
    :effect (and (when (lit ?l) (not (lit ?l)))
                 (when (not (lit ?l)) (lit ?l))
                 (forall (?m - light) (when (and (beside ?l ?m) (lit ?m)) (not (lit ?m))))
                 (forall (?m - light) (when (and (beside ?l ?m) (not (lit ?m))) (lit ?m))))))
)";

std::string lights_problem(const std::string& goal) {
  return problem("light_bar_a light_bar_b light_bar_c light_bar_d - light",
                 "(beside light_bar_a light_bar_b) (beside light_bar_b light_bar_a) (beside light_bar_b light_bar_c)"
                 "(beside light_bar_c light_bar_b) (lit light_bar_c) (broken light_bar_d)",
                 goal);
}

}  // namespace

TEST_CASE("a plan rebuilds a tower in the fewest steps", "[alfworld][plan]") {
  // Sussman's: a on b, b on c; achieving one part first undoes the other.
  const auto game = small_game(
      kBlocks, problem(kThreeBlocks, kTower, "(and (on block_bar_a block_bar_b) (on block_bar_b block_bar_c))"));
  const State state(game);
  const auto found = find_plan(state);
  REQUIRE(found);
  CHECK(found->size() == 6);
  CHECK(wins(state, *found));
}

TEST_CASE("goals may ask for two different things, for none, and for one of several", "[alfworld][plan]") {
  const auto steps = [](const std::string& goal) {
    const State state(small_game(kBlocks, problem(kThreeBlocks, kTower, goal)));
    const auto found = find_plan(state);
    REQUIRE(found);
    CHECK(wins(state, *found));
    return found->size();
  };
  CHECK(steps("(exists (?x ?y - block) (and (not (= ?x ?y)) (clear ?x) (clear ?y) (on ?x block_bar_b)))") == 2);
  CHECK(steps("(not (exists (?x ?y - block) (on ?x ?y)))") == 1);
  CHECK(steps("(forall (?x - block) (table ?x))") == 2);
  CHECK(steps("(or (and (on block_bar_a block_bar_b) (table block_bar_c)) (holding block_bar_b))") == 1);
  CHECK(steps("(imply (clear block_bar_c) (holding block_bar_b))") == 1);
}

TEST_CASE("effects under conditions and for all are planned with", "[alfworld][plan]") {
  const State state(small_game(kLights, lights_problem("(forall (?l - light) (or (lit ?l) (broken ?l)))")));
  const auto found = find_plan(state);
  REQUIRE(found);
  CHECK(wins(state, *found));
  // c is lit; pressing a lights a and b.
  CHECK(found->size() == 1);
  const State dark(small_game(kLights, lights_problem("(forall (?l - light) (not (lit ?l)))")));
  const auto off = find_plan(dark);
  REQUIRE(off);
  CHECK(wins(dark, *off));
}

TEST_CASE("a goal that holds already needs no command", "[alfworld][plan]") {
  const State state(small_game(kBlocks, problem(kThreeBlocks, kTower, "(clear block_bar_b)")));
  const auto found = find_plan(state);
  REQUIRE(found);
  CHECK(found->empty());
}

TEST_CASE("no plan where the goal cannot be reached", "[alfworld][plan]") {
  SECTION("nothing makes it true") {
    CHECK_FALSE(find_plan(State(small_game(kLights, lights_problem("(beside light_bar_a light_bar_d)")))));
    CHECK_FALSE(find_plan(State(small_game(kLights, lights_problem("(or)")))));
  }
  SECTION("each part can be reached, but not both: the search ends with the states") {
    CHECK_FALSE(find_plan(State(
        small_game(kBlocks, problem(kThreeBlocks, kTower, "(and (holding block_bar_a) (holding block_bar_b))")))));
  }
  SECTION("the same among so many states that the budget ends it") {
    std::string objects, init;
    for (char c = 'a'; c <= 'l'; ++c) {
      const std::string block = std::string("block_bar_") + c;
      objects += block + " ";
      init += "(table " + block + ") (clear " + block + ") ";
    }
    const State state(
        small_game(kBlocks, problem(objects + "- block", init, "(and (holding block_bar_a) (holding block_bar_b))")));
    CHECK_FALSE(find_plan(state, 50));
    CHECK_FALSE(find_plan(state, 0));
  }
}

TEST_CASE("a game too large to ground has no plan", "[alfworld][plan]") {
  constexpr const char* kDomain = R"(
    (define (domain large)
      (:predicates (met ?a ?b ?c ?d) (done ?a))
      (:action meet :parameters (?a ?b ?c ?d) :precondition (not (met ?a ?b ?c ?d)) :effect (met ?a ?b ?c ?d))
      (:action end :parameters (?a ?b ?c ?d) :precondition (met ?a ?b ?c ?d) :effect (done ?a))))";
  std::string objects;
  for (int i = 0; i < 200; ++i) objects += "thing_bar_" + std::to_string(i) + " ";
  const State state(small_game(kDomain, problem(objects, "(done thing_bar_1)", "(done thing_bar_0)")));
  CHECK_FALSE(find_plan(state));
}

TEST_CASE("what an action both deletes and adds stays", "[alfworld][plan]") {
  constexpr const char* kDomain = R"(
    (define (domain walk) (:types place)
      (:predicates (at ?p - place) (seen ?p - place) (near ?p ?q - place))
      (:action go :parameters (?from ?to - place) :precondition (at ?from)
        :effect (and (not (at ?from)) (at ?to) (seen ?to)))))";
  const State state(
      small_game(kDomain, problem("place_bar_a place_bar_b - place", "(at place_bar_a) (near place_bar_a place_bar_b)",
                                  "(and (seen place_bar_a) (seen place_bar_b) (at place_bar_a))")));
  const auto found = find_plan(state);
  REQUIRE(found);
  CHECK(found->size() == 2);
  CHECK(wins(state, *found));
}

}  // namespace alfworld
