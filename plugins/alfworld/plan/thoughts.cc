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

// ---- what the agent may know: what the first text lists, what it has changed, and what it is about to name

class Known {
 public:
  Known(const State& state, std::string_view next_command) : game_(state.game()) {
    const std::string intro = State(state.shared_game()).intro();
    const std::size_t count = game_.problem().objects.size();
    known_.assign(count, false);
    for (pddl::ObjectId object = 0; object < count; ++object) {
      if (!has_number(object)) continue;
      const std::string_view name = game_.name(object);
      known_[object] =
          find_words(intro, name) != std::string_view::npos || find_words(next_command, name) != std::string_view::npos;
    }
    add_changes(state);
  }

  // `command` with "an apple" in place of an "apple 3" that was not met yet.
  [[nodiscard]] std::string told(std::string command) const {
    for (pddl::ObjectId object = 0; object < known_.size(); ++object) {
      if (known_[object] || !has_number(object)) continue;
      const std::string_view name = game_.name(object);
      const std::size_t at = find_words(command, name);
      if (at != std::string_view::npos) command.replace(at, name.size(), some(name));
    }
    return command;
  }

  [[nodiscard]] bool share_a_name(std::string_view a, std::string_view b) const {
    for (pddl::ObjectId object = 0; object < known_.size(); ++object) {
      const std::string_view name = game_.name(object);
      if (has_number(object) && find_words(a, name) != std::string_view::npos &&
          find_words(b, name) != std::string_view::npos) {
        return true;
      }
    }
    return false;
  }

 private:
  [[nodiscard]] bool has_number(pddl::ObjectId object) const {
    const std::string_view name = game_.name(object);
    return !name.empty() && name.back() != ' ';
  }

  void add_changes(const State& state) {
    const auto& predicates = game_.domain().predicates;
    const auto& init = game_.problem().init;
    for (pddl::PredicateId predicate = 0; predicate < predicates.size(); ++predicate) {
      state.visit(predicate, [&](const pddl::Atom& atom) {
        if (std::binary_search(init.begin(), init.end(), atom)) return;
        for (std::size_t i = 0; i < predicates[predicate].parameters.size(); ++i) known_[atom.arguments[i]] = true;
      });
    }
  }

  const Game& game_;
  std::vector<bool> known_;  // by object
};

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

// What the first command makes possible. Through a chain of preparations (go there, open it, put it in) to its end.
std::optional<std::size_t> purpose(const State& state, std::span<const std::string> commands) {
  auto end = first_refused_without(state, commands, 0);
  while (end) {
    const auto next = first_refused_without(state, commands, *end);
    if (!next || *next != *end + 1) break;
    end = next;
  }
  return end;
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
  const Known known(state, command);
  const std::string aim = known.told(rest[*end]);
  if (known.share_a_name(command, rest[*end])) return text + "I want to " + aim + ", so I " + command + ".";
  return text + "I " + command + "; after that I can " + aim + ".";
}

}  // namespace alfworld
