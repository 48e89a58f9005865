// The built-in expert of the generated databases: whose demonstrations a run starts from when the user gives none.
//
// A deterministic policy: a pure function of the task and of what the episode has shown, valid in any state, on or off
// its own path. Where it acts "at random" the number is a named draw of (world seed, task), so coming back to a
// decision repeats it (ipr/draws.hpp).
//
// It is imperfect on purpose, as mini-worlds-other.md section 2 tells: it looks at a wrong table first, asks before it
// has looked and meets `Unknown column`, forgets the second condition, the order or the limit, and notices that in a
// part of the cases when it sees the rows. Its thoughts are the question word for word until it has looked at the
// table, then the question in the table's words: what it forgets is missing there, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "environment/observation.h"
#include "ipr/draws.hpp"
#include "world/world.h"

namespace intercodesql {

using ipr::sdk::Draws;

struct Habits {
  double show_tables = 0.5;        // begins with SHOW TABLES
  double wrong_table = 0.1;        // looks at another table first
  double asks_blindly = 0.1;       // queries before it has looked at the table
  double forgets_condition = 0.6;  // the second of two
  double forgets_order = 0.4;      // order and limit, or the limit alone
  double repairs = 0.35;           // notices what it forgot when it sees the rows
};

// What the expert remembers of an episode.
struct Memory {
  bool saw_tables = false, saw_other = false, saw_table = false, asked = false;
  std::string last;  // the last statement
  Observation::Kind last_kind = Observation::Kind::kNone;

  // Takes in one step.
  void note(const Plan& plan, std::string_view statement, Observation::Kind kind);
};

struct Advice {
  std::string action, thought;
};
// `draws` is Draws(world seed, task id).
[[nodiscard]] Advice expert_advice(const Plan& plan, const Memory& memory, const Draws& draws,
                                   const Habits& habits = {});

}  // namespace intercodesql
