#include "plan/thoughts.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>
#include <vector>

namespace alfworld {
namespace {

// Where `name` stands in `text` as words of its own; npos: nowhere.
std::size_t find_words(std::string_view text, std::string_view name, std::size_t from = 0) {
  const auto inside_word = [&](std::size_t i) {
    return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])) != 0;
  };
  for (std::size_t at = text.find(name, from); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if ((at == 0 || !inside_word(at - 1)) && !inside_word(at + name.size())) return at;
  }
  return std::string_view::npos;
}

// "an apple" for "apple 3".
std::string some(std::string_view name) {
  const std::string_view kind = name.substr(0, name.rfind(' '));
  const bool vowel = std::string_view("aeiou").find(kind.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(kind);
}

// The numbered objects that a command names, by id.
std::vector<pddl::ObjectId> named_in(const Game& game, std::string_view command) {
  std::vector<pddl::ObjectId> found;
  for (pddl::ObjectId object = 0; object < game.problem().objects.size(); ++object) {
    const std::string_view name = game.name(object);
    const bool has_number = !name.empty() && name.back() != ' ';
    if (has_number && find_words(command, name) != std::string_view::npos) found.push_back(object);
  }
  return found;
}

// ---- what the agent may know: what the first text lists, what it has changed, and what it is about to name

std::vector<bool> known_objects(const State& state, std::string_view next_command) {
  const Game& game = state.game();
  std::vector<bool> known(game.problem().objects.size(), false);
  for (const pddl::ObjectId object : named_in(game, State(state.shared_game()).intro())) known[object] = true;
  for (const pddl::ObjectId object : named_in(game, next_command)) known[object] = true;
  const auto& predicates = game.domain().predicates;
  const auto& init = game.problem().init;
  for (pddl::PredicateId predicate = 0; predicate < predicates.size(); ++predicate) {
    state.visit(predicate, [&](const pddl::Atom& atom) {
      if (std::binary_search(init.begin(), init.end(), atom)) return;
      for (std::size_t i = 0; i < predicates[predicate].parameters.size(); ++i) known[atom.arguments[i]] = true;
    });
  }
  return known;
}

// `command` with "an apple" in place of an "apple 3" that was not met yet.
std::string as_known(const Game& game, std::string command, const std::vector<bool>& known) {
  for (const pddl::ObjectId object : named_in(game, command)) {
    const std::string_view name = game.name(object);
    const std::size_t at = find_words(command, name);
    if (!known[object] && at != std::string::npos) command.replace(at, name.size(), some(name));
  }
  return command;
}

// ---- what a command is good for

// The first command that is refused if the one numbered `skipped` is left out.
std::optional<std::size_t> first_refused_without(const State& state, std::span<const std::string> commands,
                                                 std::size_t skipped) {
  State copy = state;
  std::string feedback;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (i != skipped && !copy.step(commands[i], feedback)) return i;
  }
  return std::nullopt;
}

// What the first command makes possible; of a chain of preparations (go there, open it, put it in) the last. A
// preparation is about nothing but what the next command is about.
std::optional<std::size_t> purpose(const State& state, std::span<const std::string> commands) {
  auto end = first_refused_without(state, commands, 0);
  while (end) {
    const auto next = first_refused_without(state, commands, *end);
    if (!next || *next != *end + 1) break;
    const auto prepared = named_in(state.game(), commands[*end]), used = named_in(state.game(), commands[*next]);
    if (!std::includes(used.begin(), used.end(), prepared.begin(), prepared.end())) break;
    end = next;
  }
  return end;
}

bool share_an_object(const Game& game, std::string_view a, std::string_view b) {
  const auto in_a = named_in(game, a), in_b = named_in(game, b);
  return std::find_first_of(in_a.begin(), in_a.end(), in_b.begin(), in_b.end()) != in_a.end();
}

}  // namespace

std::string thought_before(const State& state, std::span<const std::string> rest, Occasion occasion) {
  std::string task = state.game().task();
  while (!task.empty() && (task.back() == '.' || task.back() == ' ')) task.pop_back();
  std::string text;
  if (state == State(state.shared_game())) {
    text = "I have to " + task + ". ";
  } else if (occasion == Occasion::kRefused) {
    text = "That was not possible. ";
  } else if (occasion == Occasion::kNewPlan) {
    text = "Let me think how to go on from here. ";
  }
  const std::string& command = rest.front();
  if (rest.size() == 1) return text + "One more step and the task is done: I " + command + ".";
  const auto end = purpose(state, rest);
  if (!end) return text + "To " + task + ", I have to " + command + ".";
  const std::string aim = as_known(state.game(), rest[*end], known_objects(state, command));
  if (share_an_object(state.game(), command, rest[*end])) {
    return text + "I want to " + aim + ", so I " + command + ".";
  }
  return text + "I " + command + "; after that I can " + aim + ".";
}

}  // namespace alfworld
