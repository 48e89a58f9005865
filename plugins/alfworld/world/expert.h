// The built-in expert of the generated world: whose demonstrations a run starts from when the user gives none.
//
// A deterministic policy: a pure function of the task and of what the episode has shown (memory.h), valid in any state,
// on or off its own path; it gives none where it has looked everywhere in vain or would repeat what just failed. It
// knows what people know, where things of a kind mostly lie (vocabulary.h), and nothing about this household. Where it
// acts "at random" the number is a named draw of (world seed, task) and the step, so the same state gives the same.
//
// It is imperfect on purpose, like a person with habits, and by system: for some kinds of things, drawn from the world
// seed, it looks again where the thing should be instead of going on; puts a thing down before it is treated, or one of
// two, and takes the task for done until it notices; takes a kind for another that looks like it. Any of these costs
// steps, and where the steps run out, the episode. A model trained on the demonstrations that won errs with it, and
// greedy play, which always does the likelier, does not stop: that is what the method can repair.
//
// A thought repeats the goal, then tells the finding that decides the action: "need hot mug in fridge. mug 1 is here."
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/game.h"
#include "ipr/draws.hpp"
#include "world/memory.h"

namespace alfworld {

using ipr::sdk::Draws;

// What the expert does wrong with things of a kind.
enum class Flaw : std::uint8_t {
  kNone,
  kCareless,  // puts them down before they are treated, or one of two, and takes the task for done
  kStubborn,  // looks again where they should be
  kConfused   // takes another kind for them
};

struct Habits {
  double elsewhere = 0.1;     // in a task: begins where nothing of the kind would be looked for first
  double forgets = 0.85;      // in a task, careless
  double mistakes = 0.8;      // in a task, confused
  double looks_again = 0.65;  // at a step, stubborn
  double believes = 0.65;     // at a step: takes what it has put for the task done
  std::vector<Flaw> flaws;    // by ThingKind; empty: none anywhere
};
// A fifth of the kinds each is careless, stubborn or confused; which ones is drawn from the world seed. Every group of
// rooms has some of each, so that worlds are about equally hard.
[[nodiscard]] Habits world_habits(std::uint64_t world_seed);
[[nodiscard]] Habits no_habits();  // never errs

struct Advice {
  std::string action, thought;
};
// `draws` is Draws(world seed, task id).
[[nodiscard]] std::optional<Advice> expert_advice(const Memory& memory, TextVersion version, const Draws& draws,
                                                  const Habits& habits);

}  // namespace alfworld
