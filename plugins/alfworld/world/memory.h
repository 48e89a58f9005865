// What an agent has seen of an episode: read from the texts alone, as a player would note it down.
//
// Works on the raw texts of any game, in either text generation, shared locations and all. A value: copy it with the
// episode. Nothing in it is more than what the texts said; it may be wrong where they no longer hold.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "world/goal.h"

namespace alfworld {

struct SeenPlace {
  std::string name;     // "cabinet 1"
  bool looked = false;  // what is in it is known
  bool closed = false;  // as last seen
};

struct SeenThing {
  std::string name;
  std::optional<std::size_t> place;               // index into places; none: in the hand
  bool clean = false, hot = false, cool = false;  // what was done to it
  bool used = false;                              // a lamp
  std::size_t puts = 0;                           // how often it was put down
};

struct Memory {
  Memory() = default;
  // From the reset text: the places of the room and the task.
  explicit Memory(std::string_view intro);

  // Takes in one command and its answer.
  void note(std::string_view command, std::string_view answer);

  [[nodiscard]] std::optional<std::size_t> find_place(std::string_view name) const;

  std::optional<Goal> goal;  // none: a sentence it does not know
  std::vector<SeenPlace> places;
  std::vector<SeenThing> things;
  std::optional<std::size_t> here;  // index into places
  std::optional<std::size_t> held;  // index into things
  std::size_t steps = 0;
  std::string last;     // the last command
  bool failed = false;  // "Nothing happens."

 private:
  SeenThing& thing(std::string_view name);
  void note_deed(std::string_view command);
  void note_view(std::string_view answer);
};

// "cabinet" of "cabinet 1".
[[nodiscard]] std::string_view kind_of(std::string_view name);

}  // namespace alfworld
