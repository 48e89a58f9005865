#include "tests/plugins/alfworld_world/play.h"

namespace alfworld::test {

std::shared_ptr<const Game> load(const World& world, const MadeTask& task, TextVersion version) {
  return read_game(game_text(world, task), task.id, version);
}

bool Visit::step(const std::string& command) {
  std::string answer;
  const bool took = state.step(command, answer);
  memory.note(command, answer);
  refused = refused || !took;
  return took;
}

void follow_expert(Visit& visit, const Draws& draws, const Habits& habits, std::size_t most) {
  const TextVersion version = visit.state.game().text_version();
  while (!visit.state.won() && visit.memory.steps < most) {
    auto advice = expert_advice(visit.memory, version, draws, habits);
    if (!advice) return;
    visit.step(advice->action);
    visit.said.push_back(std::move(*advice));
  }
}

}  // namespace alfworld::test
