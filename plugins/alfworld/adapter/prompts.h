// The messages an agent reads before its task: the published ones from a folder, our own words, or none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace alfworld {

enum class Wrapper : std::uint8_t { kIpr, kEto };  // whose instruction and step limit

struct PromptMessage {
  bool assistant = false;
  bool example = false;  // a turn of an in-context example: shown, never trained on
  std::string text;
};

// A short task description of our own and the agent's `OK`. `put_command`: as the games' text generation has it, for
// example `put {thing} in/on {place}`.
[[nodiscard]] std::vector<PromptMessage> own_prompt(const std::string& put_command);

// The published messages of `folder`: instruction, `OK`, and the turns of the first `examples` in-context examples
// (alfworld_icl.json). The instruction is alfworld_inst.txt; for ETO alfworld_inst_eto.txt if it is there. Throws
// sdk::Failure (IPR_DATA_LOSS) that names the file.
[[nodiscard]] std::vector<PromptMessage> published_prompt(const std::string& folder, Wrapper wrapper, int examples);

// The same messages as the one text that the wrapper's format `first` puts before the task.
[[nodiscard]] std::string prompt_in_one(const std::vector<PromptMessage>& messages);

}  // namespace alfworld
