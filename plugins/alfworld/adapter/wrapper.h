// The wrapper that IPR and ETO put around a game (WeiminXiong/IPR and Yifan-Song793/ETO, `AlfWorldEnv`): what it reads
// in an agent's message and what it shows. They differ in the instruction (adapter/prompts.h) and in the number of
// steps only: 20 and 40. Pure functions, safe on any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace alfworld {

// The command in an agent's message: what stands behind the FIRST `Action:` up to the end of the message, over line
// ends, without outer white space (it may be empty). A second line therefore makes the command one that no game knows.
// Nothing without `Action:`, case and all.
[[nodiscard]] std::optional<std::string_view> parse_message(std::string_view message);

// The user message instead of an answer when a message was not understood.
[[nodiscard]] std::string error_message();

// The first user message: a game's opening text without its welcome, the blank line before the task closed up.
[[nodiscard]] std::string task_message(std::string_view intro);

// The user message after a step. `strip_arrival`: without `You arrive at <place>. `, so that the agent sees what stands
// there first. The original drops `You arrive at loc <n>. ` of the old text generation; the new one's names the
// receptacle and is dropped likewise here.
[[nodiscard]] std::string step_message(std::string_view feedback, bool strip_arrival);

}  // namespace alfworld
