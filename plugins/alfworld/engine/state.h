// One episode of a game: which facts hold now. A value; copying it is the fork.
//
// A state keeps only the atoms in which it differs from the game's start, and of those only what something reads: an
// action's condition, the goal or a text. (In ALFRED's domain nothing reads `checked`, so `look` leaves the state
// equal.) One state belongs to one thread at a time; copies are independent and share only the immutable game.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/game.h"
#include "pddl/task.h"

namespace alfworld {

// An action of Game::domain() with its parameters' values, in the order of Action::variables.
struct GroundAction {
  std::uint32_t action = 0;
  std::array<pddl::ObjectId, pddl::kMaxParameters> arguments{};  // unused ones are 0
  friend auto operator<=>(const GroundAction&, const GroundAction&) = default;
};

class State {
 public:
  // Freshly reset.
  explicit State(std::shared_ptr<const Game> game);

  // ---- play
  // The reset text: welcome, what the agent sees, the task.
  [[nodiscard]] std::string intro() const;
  // Plays one command; blanks around it do not count. Not admissible: false, and "Nothing happens."; the state stays.
  // As all of these, throws sdk::Failure where the game's own texts or conditions fail: IPR_DATA_LOSS, or
  // IPR_RESOURCE_EXHAUSTED beyond all measure. Games that read_game takes may still do so.
  bool step(std::string_view command, std::string& feedback);
  // The goal holds now. It can cease to.
  [[nodiscard]] bool won() const;
  // What step() would take, each once, by bytes. `out` is overwritten; its strings' memory is used again.
  void admissible(std::vector<std::string>& out) const;

  // ---- identity
  // Of the game's facts and goal and the facts that hold: equal for equal futures, the same on every machine. Never 0.
  [[nodiscard]] std::uint64_t fingerprint() const;
  // Portable bytes. load() takes them back for the same game, in either text version; else sdk::Failure
  // (IPR_INVALID_ARGUMENT).
  [[nodiscard]] std::string save() const;
  [[nodiscard]] static State load(std::shared_ptr<const Game> game, std::string_view bytes);
  // What a copy occupies.
  [[nodiscard]] std::size_t bytes() const { return sizeof *this + changed_.size() * sizeof(std::uint64_t); }
  friend bool operator==(const State& a, const State& b) { return a.game_ == b.game_ && a.changed_ == b.changed_; }

  // ---- the facts, for planners and scripted experts
  [[nodiscard]] const Game& game() const { return *game_; }
  [[nodiscard]] const std::shared_ptr<const Game>& shared_game() const { return game_; }
  [[nodiscard]] bool holds(pddl::PredicateId predicate, std::span<const pddl::ObjectId> arguments) const;
  // By names, slow. An unknown name holds nowhere.
  [[nodiscard]] bool holds(std::string_view predicate, std::initializer_list<std::string_view> ids) const;
  // Every true atom of a predicate, by arguments; pddl::Predicate::parameters tells how many there are.
  void visit(pddl::PredicateId predicate, const std::function<void(const pddl::Atom&)>& visitor) const;

  // Every action that can be taken now, sorted; several may give the same command.
  void applicable(std::vector<GroundAction>& out) const;
  // As step() without command and text. Precondition: applicable now.
  void apply(const GroundAction& action);
  // The command that gives this action. Precondition: applicable now.
  [[nodiscard]] std::string command(const GroundAction& action) const;

 private:
  std::shared_ptr<const Game> game_;
  std::vector<std::uint64_t> changed_;  // sorted keys (engine/atom_key.h) of atoms whose truth is not the initial one
};

}  // namespace alfworld
