#include "adapter/runner.h"

#include "adapter/intercode.h"
#include "adapter/ipr.h"

namespace intercodesql {

AgentAction parse_message(Runner runner, Dialect dialect, std::string_view message) {
  switch (runner) {
    case Runner::kReact:
      return parse_intercode_react(message);
    case Runner::kTryAgain:
      return parse_try_again(message);
    case Runner::kIpr:
      break;
  }
  return parse_ipr(dialect, message);
}

std::string compose_message(Runner runner, Dialect dialect, std::string_view action, std::string_view thought) {
  switch (runner) {
    case Runner::kReact:
      return compose_intercode_react(action, thought);
    case Runner::kTryAgain:
      return compose_try_again(action);
    case Runner::kIpr:
      break;
  }
  return compose_ipr(dialect, action, thought);
}

std::string feedback(Runner runner, std::string_view question) {
  switch (runner) {
    case Runner::kReact:
      return react_feedback();
    case Runner::kTryAgain:
      return try_again_feedback(question);
    case Runner::kIpr:
      break;
  }
  return ipr_feedback();
}

std::string task_message(Runner runner, std::string_view question) {
  return runner == Runner::kTryAgain ? try_again_task(question) : std::string(question);
}

std::string answer_message(Runner runner, const Shown& shown) {
  switch (runner) {
    case Runner::kReact:
      return react_answer(shown.observation);
    case Runner::kTryAgain:
      return try_again_answer(shown.observation, shown.reward, shown.question);
    case Runner::kIpr:
      break;
  }
  return ipr_answer(shown.observation, shown.submitted);
}

}  // namespace intercodesql
