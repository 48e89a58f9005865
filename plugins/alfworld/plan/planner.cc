#include "plan/planner.h"

#include <algorithm>
#include <set>

#include "plan/ground_task.h"
#include "plan/search.h"

namespace alfworld {
namespace {

// Steps of joining: ALFRED's largest shipped game takes 110,000.
constexpr std::uint64_t kGroundingLimit = 1'000'000;

// Of actions that mean the same (going to one of two places that lie together) the one whose objects come up soonest
// in what follows: then the text that it gives is about those.
const GroundAction& fitting(const plan::GroundTask& task, const std::vector<std::uint32_t>& plan, std::size_t step,
                            const pddl::Domain& domain) {
  const std::vector<GroundAction>& choice = task.operators[plan[step]].actions;
  if (choice.size() == 1) return choice[0];
  const auto arguments = [&](const GroundAction& action) {
    const auto count = static_cast<std::ptrdiff_t>(domain.actions[action.action].parameter_count);
    return std::set<pddl::ObjectId>(action.arguments.begin(), action.arguments.begin() + count);
  };
  // What all have in common tells nothing.
  std::set<pddl::ObjectId> common = arguments(choice[0]);
  for (const GroundAction& action : choice) {
    const auto own = arguments(action);
    std::erase_if(common, [&](pddl::ObjectId object) { return !own.contains(object); });
  }
  for (std::size_t later = step + 1; later < plan.size(); ++later) {
    const auto wanted = arguments(task.operators[plan[later]].actions[0]);
    for (const GroundAction& action : choice) {
      for (const pddl::ObjectId object : arguments(action)) {
        if (!common.contains(object) && wanted.contains(object)) return action;
      }
    }
  }
  return choice[0];
}

}  // namespace

std::optional<std::vector<std::string>> find_plan(const State& state, std::uint64_t budget) {
  if (state.won()) return std::vector<std::string>{};
  const auto task = plan::ground(state, kGroundingLimit);
  if (!task) return std::nullopt;
  const auto found = plan::search(*task, budget);
  if (!found) return std::nullopt;
  std::vector<std::string> commands;
  State copy = state;
  for (std::size_t step = 0; step < found->size(); ++step) {
    const GroundAction& action = fitting(*task, *found, step, state.game().domain());
    commands.push_back(copy.command(action));
    copy.apply(action);
  }
  // One command may stand for several actions: what counts is what playing it does.
  const auto steps = steps_to_win(state, commands, 0);
  if (!steps) return std::nullopt;
  commands.resize(*steps);
  return commands;
}

std::optional<std::size_t> steps_to_win(const State& state, const std::vector<std::string>& commands,
                                        std::size_t first) {
  State copy = state;
  std::string feedback;
  for (std::size_t i = first; i < commands.size(); ++i) {
    if (!copy.step(commands[i], feedback)) return std::nullopt;
    if (copy.won()) return i + 1 - first;
  }
  return std::nullopt;
}

}  // namespace alfworld
