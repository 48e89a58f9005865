// The three ways in which an agent's messages meet the core environment.
//
//   ipr        IPR's adapter: `Thought: …` and `Action:` with a fenced statement or submit; 350 characters of every
//              answer; the reward is paid at submit.
//   react      InterCode's ReAct runner: `Action: execute[…]` or submit; after the last turn it submits by itself.
//   try_again  InterCode's own harness, behind the published logs: every turn is submitted, the episode ends at reward
//              1 and pays the best of its turns.
//
// All texts are the originals', spelling included. Pure functions on valid UTF-8, safe on any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "environment/observation.h"

namespace intercodesql {

enum class Runner : std::uint8_t { kIpr, kReact, kTryAgain };

// How IPR's adapter takes a statement after `Action:`.
enum class Dialect : std::uint8_t {
  kReact,   // in a fenced block ```sql … ```, as the code wants it
  kFigure8  // bare, as the prompt printed in the paper's Figure 8 shows it; a fenced block, too
};

inline constexpr std::string_view kSubmit = "submit";

// What the agent's message asks for: an action of the core, `submit` or one SQL statement; or nothing.
struct AgentAction {
  bool understood = false;
  std::string action;
};
[[nodiscard]] AgentAction parse_message(Runner runner, Dialect dialect, std::string_view message);

// The message that parse_message reads back as `action`. IPR's adapter keeps the first line of a statement only, so
// line ends become blanks.
[[nodiscard]] std::string compose_message(Runner runner, Dialect dialect, std::string_view action,
                                          std::string_view thought);

// The user message instead of an answer when a message was not understood.
[[nodiscard]] std::string feedback(Runner runner, std::string_view question);

// The first user message after the prompt.
[[nodiscard]] std::string task_message(Runner runner, std::string_view question);

// The user message after a step.
struct Shown {
  const Observation& observation;
  bool submitted = false;
  double reward = 0;  // try_again: of this turn
  std::string_view question;
};
[[nodiscard]] std::string answer_message(Runner runner, const Shown& shown);

}  // namespace intercodesql
