// The messages an agent reads before its task: the published ones from a folder, our own words, or none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapter/runner.h"

namespace intercodesql {

struct PromptMessage {
  bool assistant = false;
  bool example = false;  // a turn of an in-context example: shown, never trained on
  std::string text;
};

// A short task description of our own, in the form that the runner reads, and the agent's `OK`.
[[nodiscard]] std::vector<PromptMessage> own_prompt(Runner runner, Dialect dialect);

// The published messages of `folder`: instruction (intercode_sql_inst.txt), `OK`, and the turns of the first `examples`
// in-context examples (intercode_sql_icl.json). Throws sdk::Failure (IPR_DATA_LOSS).
[[nodiscard]] std::vector<PromptMessage> published_prompt(const std::string& folder, int examples);

// The same messages as the one text that IPR's format `first` puts before the question.
[[nodiscard]] std::string prompt_in_one(const std::vector<PromptMessage>& messages);

}  // namespace intercodesql
