// InterCode's two runners (princeton-nlp/intercode, `experiments/`): what they read in a message and what they show.
#pragma once

#include <string>
#include <string_view>

#include "adapter/runner.h"

namespace intercodesql {

// ReAct (`sql_parser_react`): behind `Action:` or `Action 3:`, `submit`, or what stands between the first `execute[`
// and the last `]`, up to its first semicolon.
[[nodiscard]] AgentAction parse_intercode_react(std::string_view message);
[[nodiscard]] std::string compose_intercode_react(std::string_view action, std::string_view thought);
[[nodiscard]] std::string react_feedback();
// Errors of at most 350 characters, at most 25 rows.
[[nodiscard]] std::string react_answer(const Observation& observation);

// Try Again (`sql_parser`): without a fence, what follows `SQL: ` at the start or begins at the first SHOW, SELECT,
// DESCRIBE or DESC, tried in this order; with a fence, its first block, all white space made single blanks, if it
// begins with one of these words. Up to the first semicolon. There is no submit: every turn is one.
[[nodiscard]] AgentAction parse_try_again(std::string_view message);
[[nodiscard]] std::string compose_try_again(std::string_view action);
[[nodiscard]] std::string try_again_task(std::string_view question);
[[nodiscard]] std::string try_again_feedback(std::string_view question);
// The answer (errors of at most 1,000 characters, at most 50 rows), the turn's reward and the question again.
[[nodiscard]] std::string try_again_answer(const Observation& observation, double reward, std::string_view question);

// What `sql_parser_react` makes of the action alone, as recorded logs hold it: `execute[…]` or `submit`.
[[nodiscard]] AgentAction parse_execute(std::string_view action);

}  // namespace intercodesql
