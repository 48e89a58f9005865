// Commands: the text of an action, and the actions of a text, without writing down every action's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/condition_compiler.h"
#include "engine/join.h"
#include "engine/object_names.h"
#include "engine/texts.h"
#include "pddl/task.h"

namespace alfworld::engine {

// A literal text, or a parameter's name or id.
struct CommandPiece {
  bool is_parameter = false;
  std::string text;
  std::uint32_t parameter = 0;
  bool is_id = false;
};

// The command of an action. Simple: it is these pieces in a row, whatever the state. Of `[{r.name | q(r, l)}]` that is
// so where all variables are parameters and the action's condition requires q(r, l): there is one match. Any other
// template has to be expanded for each action.
struct CommandTemplate {
  bool is_simple = false;
  std::vector<CommandPiece> pieces;
  VariableSet named = 0;  // the parameters in pieces
};

[[nodiscard]] CommandTemplate compile_command(const grammar::ActionTexts& texts, const pddl::Action& action,
                                              const pddl::Domain& domain);

// Appends the command. Precondition: the template is simple.
void write_command(const CommandTemplate& command, const ObjectNames& names, const pddl::Problem& problem,
                   const Slots& slots, std::string& out);

// Calls visit() with `slots` for every way to read `text` as the command, until one call returns true; types are not
// looked at. Precondition: the template is simple.
template <typename Visit>
bool match_command(const CommandTemplate& command, const ObjectNames& names, const pddl::Problem& problem,
                   std::string_view text, Slots& slots, VariableSet bound, std::size_t piece, Visit&& visit) {
  if (piece == command.pieces.size()) return text.empty() && visit();
  const CommandPiece& current = command.pieces[piece];
  if (!current.is_parameter) {
    if (!text.starts_with(current.text)) return false;
    return match_command(command, names, problem, text.substr(current.text.size()), slots, bound, piece + 1, visit);
  }
  const VariableSet bit = VariableSet{1} << current.parameter;
  const auto try_object = [&](pddl::ObjectId object, std::size_t length) {
    if ((bound & bit) != 0 && slots[current.parameter] != object) return false;
    slots[current.parameter] = object;
    return match_command(command, names, problem, text.substr(length), slots, bound | bit, piece + 1, visit);
  };
  const auto try_length = [&](std::size_t length) {
    const std::string_view called = text.substr(0, length);
    if (current.is_id) {
      const auto object = problem.find_object(called);
      return object && try_object(*object, length);
    }
    bool is_done = false;
    names.find(called, [&](pddl::ObjectId object) { is_done = is_done || try_object(object, length); });
    return is_done;
  };
  if (piece + 1 == command.pieces.size()) return try_length(text.size());
  const CommandPiece& next = command.pieces[piece + 1];
  if (next.is_parameter) {
    for (std::size_t length = 0; length <= text.size(); ++length) {
      if (try_length(length)) return true;
    }
    return false;
  }
  for (std::size_t at = text.find(next.text); at != std::string_view::npos; at = text.find(next.text, at + 1)) {
    if (try_length(at)) return true;
  }
  return false;
}

}  // namespace alfworld::engine
