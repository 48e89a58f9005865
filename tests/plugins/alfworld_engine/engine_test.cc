// What the engine does with any domain, on a game small enough to see through.
#include "engine/condition_compiler.h"
#include "engine/game_tables.h"
#include "engine/state.h"
#include "ipr/plugin.hpp"
#include "tests/plugins/alfworld_engine/small_game.h"
#include "tests/support/catch.h"

namespace alfworld {
namespace {

using test::SmallGame;
using Strings = std::vector<std::string>;

Strings admissible(const State& state) {
  Strings commands;
  state.admissible(commands);
  return commands;
}

std::string play(State& state, const Strings& commands) {
  std::string feedback;
  for (const std::string& command : commands) state.step(command, feedback);
  return feedback;
}

}  // namespace

TEST_CASE("the highest number goes to the smallest id", "[alfworld][unit]") {
  const auto game = SmallGame().read();
  REQUIRE(game->entities().size() == 6);
  CHECK(game->entities()[0].id == "box_bar_1");
  CHECK(game->entities()[0].name == "box 2");
  CHECK(game->entities()[0].type == "box");
  CHECK(game->entities()[5].name == "key 1");
  CHECK(game->name(*game->problem().find_object("r2")) == "r2 ");
}

TEST_CASE("the reset text is the intro, without leading blanks", "[alfworld][unit]") {
  const State state(SmallGame().read());
  CHECK(state.intro() == "Rooms.\n\nYou see a shut box 2, a key 2, and a key 1.\n\nYour task is to: open all boxes.");
  CHECK(state.game().task() == "open all boxes.");
}

TEST_CASE("commands are listed by bytes, and what changes nothing by its own terms is not", "[alfworld][unit]") {
  State state(SmallGame().read());
  // "walk to hall 2" would lead from the hall to itself; `wait` adds what holds already, and stays.
  CHECK(admissible(state) == Strings{"take key 1", "take key 2", "wait", "walk to hall 1"});
  CHECK(play(state, {"walk to hall 2"}) == "Nothing happens.");
  CHECK(play(state, {"wait", "wait"}) == "Time passes.");
}

TEST_CASE("a game is played to its goal and beyond it", "[alfworld][unit]") {
  State state(SmallGame().read());
  CHECK(play(state, {"take key 1"}) == "Taken: key 1. Gone: key_bar_2.");
  CHECK(admissible(state) == Strings{"drop key 1", "unlock box 2", "wait", "walk to hall 1"});
  CHECK(play(state, {"unlock box 2"}) == "You open the box 2.");
  CHECK(play(state, {"drop key 1"}) == "Dropped.");
  CHECK(!state.won());
  CHECK(play(state, {"take key 2", "walk to hall 1"}) == "You see a shut box 1.");
  play(state, {"unlock box 1"});
  CHECK(state.won());
  CHECK(play(state, {"unlock box 1"}) == "Nothing happens.");
  CHECK(play(state, {"walk to hall 2"}) == "You see a box 2, and a key 1.");
}

TEST_CASE("white space around a command does not count, within it it does", "[alfworld][unit]") {
  State state(SmallGame().read());
  CHECK(play(state, {" \n\twait \u3000\x1f"}) == "Time passes.");
  CHECK(play(state, {"take  key 1"}) == "Nothing happens.");
  CHECK(play(state, {"Wait"}) == "Nothing happens.");
  CHECK(play(state, {""}) == "Nothing happens.");
  CHECK(play(state, {"take key 1\0"}) != "Nothing happens.");
  CHECK(play(state, {std::string(1'000'000, 'x')}) == "Nothing happens.");
}

TEST_CASE("an action that adds and deletes an atom adds it", "[alfworld][unit]") {
  SmallGame small;
  small.with(&SmallGame::domain, "(and (seen ?r))", "(and (busy ?r) (not (busy ?r)))");
  State state(small.read());
  play(state, {"wait"});
  CHECK(state.holds("busy", {"r2"}));
}

TEST_CASE("effects may depend on the old state and run over all objects", "[alfworld][unit]") {
  SmallGame small;
  small.with(&SmallGame::domain, "(and (seen ?r))",
             "(forall (?b - box) (and (when (shut ?b) (not (shut ?b))) (when (not (shut ?b)) (shut ?b))))");
  small.with(&SmallGame::problem, "(shut box_bar_1)", "");
  State state(small.read());
  play(state, {"wait"});
  CHECK(state.holds("shut", {"box_bar_1"}));
  CHECK(!state.holds("shut", {"box_bar_2"}));
}

TEST_CASE("a quantifier over an unknown type is false, whatever it says", "[alfworld][unit]") {
  SmallGame small;
  small.with(&SmallGame::domain, "(exists (?x - room ?k - key)", "(exists (?x - room, ?k - key)");
  State state(small.read());
  CHECK(play(state, {"take key 1", "unlock box 2"}) == "Nothing happens.");
}

TEST_CASE("conditions take every form", "[alfworld][unit]") {
  const auto can_wait = [](const std::string& condition) {
    SmallGame small;
    small.with(&SmallGame::domain, "?r - robot) :precondition ()", "?r - robot) :precondition " + condition);
    State state(small.read());
    const Strings commands = admissible(state);
    std::string feedback;
    const bool is_listed = std::find(commands.begin(), commands.end(), "wait") != commands.end();
    CHECK(state.step("wait", feedback) == is_listed);
    return is_listed;
  };
  CHECK(can_wait("(and)"));
  CHECK(!can_wait("(or)"));
  CHECK(can_wait("(not (or))"));
  CHECK(can_wait("(or (busy ?r) (in ?r hall_bar_1))"));
  CHECK(!can_wait("(or (busy ?r) (in ?r hall_bar_2))"));
  CHECK(can_wait("(imply (busy ?r) (in ?r hall_bar_2))"));
  CHECK(can_wait("(forall (?b - box) (shut ?b))"));
  CHECK(!can_wait("(forall (?k - key) (exists (?b - box) (and (fits ?k ?b) (at ?b hall_bar_1))))"));
  CHECK(can_wait("(not (forall (?k - key) (at ?k hall_bar_2)))"));
  CHECK(can_wait("(exists (?x - room ?y - room) (and (not (= ?x ?y)) (joined ?x ?y)))"));
  CHECK(can_wait("(exists (?x - room) (joined ?x ?x))"));
  CHECK(!can_wait("(exists (?x - room) (and (joined ?x ?x) (not (= ?x hall_bar_1))))"));
  CHECK(can_wait("(exists (?k1 ?k2 - key) (and (at ?k1 hall_bar_1) (at ?k2 hall_bar_1) (not (= ?k1 ?k2))))"));
  CHECK(can_wait("(exists (?t - thing) (or (busy ?t) (and (at ?t hall_bar_2) (shut ?t))))"));
  CHECK(!can_wait("(exists (?t - key) (or (busy ?t) (and (at ?t hall_bar_2) (shut ?t))))"));
  CHECK(can_wait("(exists (?b - box) (not (at ?b hall_bar_1)))"));
  CHECK(can_wait("(exists (?r - room) (in r2 ?r))"));
  CHECK(!can_wait("(= ?r hall_bar_1)"));
  CHECK(!can_wait("(in ?r nowhere)"));
  CHECK(can_wait("(forall (?x - nothing) (in ?r ?x))"));
}

TEST_CASE("the variable of an `or` is bound by its parts", "[alfworld][unit]") {
  SmallGame small;
  small.with(&SmallGame::domain, "(and (has ?r ?k) (in ?r ?x))",
             "(and (in ?r ?x) (or (has ?r ?k) (fits ?k box_bar_1)))");
  CHECK(admissible(State(small.read())) == Strings{"drop key 1", "take key 1", "take key 2", "wait", "walk to hall 1"});
}

TEST_CASE("several actions of one command: the first by arguments is taken", "[alfworld][unit]") {
  SmallGame small;
  small.with(&SmallGame::grammar, "take {k.name}", "take one");
  State state(small.read());
  CHECK(admissible(state) == Strings{"take one", "wait", "walk to hall 1"});
  play(state, {"take one"});
  CHECK(state.holds("has", {"r2", "key_bar_1"}));
}

TEST_CASE("a template that depends on the state is expanded for each action", "[alfworld][unit]") {
  SmallGame small;
  small.with(&SmallGame::grammar, "drop {k}", "drop [{k.name + ' by ' + t.name | at(t:thing, x:room)}]!");
  State state(small.read());
  play(state, {"take key 1"});
  CHECK(!state.game().tables().commands[2].is_simple);
  CHECK(admissible(state) ==
        Strings{"drop key 1 by box 2, and key 1 by key 2!", "unlock box 2", "wait", "walk to hall 1"});
  CHECK(play(state, {"drop key 1 by box 2, and key 1 by key 2!"}) == "Dropped.");
}

TEST_CASE("a list over what the action requires is the parameter's name", "[alfworld][unit]") {
  SmallGame small;
  small.with(&SmallGame::grammar, "walk to {y}", "walk to [{y.name | joined(x:room, y:room)}]");
  State state(small.read());
  CHECK(state.game().tables().commands[0].is_simple);
  CHECK(play(state, {"walk to hall 1"}) == "You see a shut box 1.");
}

TEST_CASE("two placeholders of a query never stand for one object", "[alfworld][unit]") {
  SmallGame small;
  small.with(&SmallGame::grammar, "\"You see [{#thing# | in(r:robot, x:room) & at(t:thing, x:room)}].\"",
             "\"[{x.name + '>' + y.name | joined(x:room, y:room)}]\"");
  CHECK_THAT(State(small.read()).intro(), Catch::Contains("hall 2>hall 1, and hall 1>hall 2"));
}

TEST_CASE("what nothing reads is not kept", "[alfworld][unit]") {
  State state(SmallGame().read());
  const State before = state;
  play(state, {"wait"});
  CHECK(state == before);
  CHECK(state.fingerprint() == before.fingerprint());
  CHECK(!state.holds("seen", {"r2"}));
}

TEST_CASE("equal facts give equal fingerprints, by whatever way", "[alfworld][unit]") {
  const auto game = SmallGame().read();
  State one(game);
  State other(game);
  play(one, {"take key 1", "walk to hall 1", "walk to hall 2"});
  play(other, {"walk to hall 1", "walk to hall 2", "take key 1", "wait"});
  CHECK(one == other);
  CHECK(one.fingerprint() == other.fingerprint());
  play(one, {"drop key 1"});
  CHECK(one.fingerprint() != other.fingerprint());
  play(one, {"take key 1"});
  CHECK(one.fingerprint() == other.fingerprint());
  SmallGame harder;
  harder.with(&SmallGame::problem, "(not (shut ?b))", "(shut ?b)");
  CHECK(State(harder.read()).fingerprint() != State(game).fingerprint());
}

TEST_CASE("a saved state loads into its own game only", "[alfworld][unit]") {
  const auto game = SmallGame().read();
  State state(game);
  play(state, {"take key 1", "unlock box 2"});
  const std::string bytes = state.save();
  CHECK(State::load(game, bytes) == state);
  CHECK(State::load(SmallGame().read(), bytes).save() == bytes);
  SmallGame other;
  other.with(&SmallGame::problem, "(shut box_bar_1)", "");
  CHECK_THROWS_WITH(State::load(other.read(), bytes), Catch::Contains("another game"));
  CHECK_THROWS_WITH(State::load(game, ""), Catch::Contains("not the bytes"));
  CHECK_THROWS_WITH(State::load(game, bytes.substr(0, bytes.size() - 1)), Catch::Contains("not the bytes"));
  for (std::size_t i = 13; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    CAPTURE(i);
    try {
      const State loaded = State::load(game, damaged);
      CHECK(loaded.save() == damaged);
      static_cast<void>(admissible(loaded));
    } catch (const ipr::sdk::Failure& failure) {
      CHECK(failure.code() == IPR_INVALID_ARGUMENT);
    }
  }
}

TEST_CASE("actions are listed, named and applied without their texts", "[alfworld][unit]") {
  const auto game = SmallGame().read();
  State state(game);
  std::vector<GroundAction> actions;
  state.applicable(actions);
  REQUIRE(actions.size() == 4);
  for (const GroundAction& action : actions) {
    State applied = state;
    State stepped = state;
    applied.apply(action);
    play(stepped, {state.command(action)});
    CHECK(applied == stepped);
  }
}

TEST_CASE("the true atoms of a predicate are visited by arguments", "[alfworld][unit]") {
  State state(SmallGame().read());
  play(state, {"take key 2", "walk to hall 1", "drop key 2"});
  const auto at = state.game().domain().find_predicate("at");
  Strings seen;
  state.visit(*at, [&](const pddl::Atom& atom) {
    seen.push_back(std::string(state.game().name(atom.arguments[0])) + "@" +
                   std::string(state.game().name(atom.arguments[1])));
    CHECK(state.holds(*at, {atom.arguments.data(), 2}));
  });
  CHECK(seen == Strings{"box 2@hall 2", "box 1@hall 1", "key 2@hall 1", "key 1@hall 2"});
}

}  // namespace alfworld
