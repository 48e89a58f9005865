// The messages an agent reads before its task: the published ones from a folder, our own words, or none.
#pragma once

#include <string>
#include <vector>

namespace webshop {

struct PromptMessage {
  bool assistant = false;
  bool example = false;  // a turn of an in-context example: shown, never trained on
  std::string text;
};

// A short task description of our own and the agent's `OK`.
[[nodiscard]] std::vector<PromptMessage> own_prompt();

// The published messages of `folder`: instruction (webshop_inst.txt or prompt_instruction.txt), `OK`, and the turns of
// the first `examples` in-context examples (webshop_icl.json or prompt_icl.json). Throws sdk::Failure (IPR_DATA_LOSS).
[[nodiscard]] std::vector<PromptMessage> published_prompt(const std::string& folder, int examples);

}  // namespace webshop
