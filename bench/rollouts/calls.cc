#include "bench/rollouts/calls.h"

#include <fstream>
#include <utility>

#include "core/base/json.h"
#include "core/base/rng.h"

namespace ipr::bench {
namespace {

struct Call {
  const rollout::Trajectory* trajectory;
  std::size_t turn;
};

std::vector<Call> sampled_calls(const std::vector<rollout::Trajectory>& played) {
  std::vector<Call> calls;
  for (const rollout::Trajectory& trajectory : played) {
    for (std::size_t turn = trajectory.prefix_turns; turn < trajectory.turns.size(); ++turn)
      calls.push_back({&trajectory, turn});
  }
  return calls;
}

std::int64_t tokens_of(const Call& call) {
  const rollout::TrajectoryTurn& turn = call.trajectory->turns[call.turn];
  return turn.prompt_tokens + static_cast<std::int64_t>(turn.reply_ids.size());
}

// Moves a draw without replacement to the front.
void draw(std::vector<Call>& calls, std::size_t count) {
  Rng rng(0);
  for (std::size_t i = 0; i < std::min(count, calls.size()); ++i)
    std::swap(calls[i], calls[i + static_cast<std::size_t>(rng.below(calls.size() - i))]);
}

}  // namespace

Status write_calls(const std::vector<rollout::Trajectory>& played, const rollout::Dialogue& dialogue, std::size_t count,
                   const std::string& path) {
  std::vector<Call> calls = sampled_calls(played);
  std::int64_t tokens = 0;
  for (const Call& call : calls) tokens += tokens_of(call);
  draw(calls, count);
  std::ofstream file(path);
  file << dump_line({{"calls", calls.size()}, {"tokens", tokens}}) << "\n";
  for (std::size_t i = 0; i < std::min(count, calls.size()); ++i) {
    text::TokenizedChat chat = dialogue.history(*calls[i].trajectory, calls[i].turn, true);
    dialogue.append_generation_prompt(chat);
    const std::size_t reply = calls[i].trajectory->turns[calls[i].turn].reply_ids.size();
    file << dump_line({{"prompt", chat.ids}, {"reply_tokens", reply}}) << "\n";
  }
  return file.flush() ? Status() : failed("cannot write " + path);
}

}  // namespace ipr::bench
