#include "plan/expert.h"

#include <optional>
#include <span>

#include "plan/thoughts.h"

namespace alfworld {
namespace {

// The shortest rest of `commands` that wins from `state`, without what comes after the win.
std::optional<std::span<const std::string>> winning_rest(const State& state, const std::vector<std::string>& commands) {
  for (std::size_t first = commands.size(); first-- > 0;) {
    if (const auto steps = steps_to_win(state, commands, first)) return std::span(commands).subspan(first, *steps);
  }
  return std::nullopt;
}

}  // namespace

bool expert_advice(const State& state, ExpertMemory& memory, std::string& action, std::string& thought,
                   std::uint64_t budget) {
  action.clear();
  thought.clear();
  if (state.won()) return false;
  Occasion occasion = memory.refused ? Occasion::kRefused : Occasion::kGoingOn;
  std::optional<std::span<const std::string>> rest;
  if (memory.plan) rest = winning_rest(state, *memory.plan);
  if (!rest) rest = winning_rest(state, state.game().walkthrough());
  if (!rest) {
    const std::uint64_t here = state.fingerprint();
    if (memory.hopeless == here) return false;
    auto made = find_plan(state, budget);
    if (!made) {
      memory.hopeless = here;
      return false;
    }
    memory.plan = std::make_shared<const std::vector<std::string>>(std::move(*made));
    rest = std::span(*memory.plan);
    if (occasion == Occasion::kGoingOn) occasion = Occasion::kNewPlan;
  }
  action = rest->front();
  thought = thought_before(state, *rest, occasion);
  return true;
}

}  // namespace alfworld
