#include "core/loop/surprise.h"

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::loop;

namespace {

rollout::Trajectory expert(const std::string& task, const std::vector<std::pair<std::string, std::string>>& turns) {
  rollout::Trajectory trajectory;
  trajectory.first_message = task;
  for (const auto& [message, observation] : turns) {
    rollout::TrajectoryTurn turn;
    turn.message = message;
    turn.observation = observation;
    trajectory.turns.push_back(turn);
  }
  return trajectory;
}

}  // namespace

TEST_CASE("experts that do the same with other words of the page are foreseen", "[loop][dry-run]") {
  CHECK(surprise({}) == 0);
  CHECK(surprise({expert("go", {{"only one", ""}})}) == 0);
  CHECK(surprise({expert("find red", {{"look", "Red, blue"}, {"take red", ""}}),
                  expert("find blue", {{"look", "Red, blue"}, {"take blue", ""}})}) == 0);
}

TEST_CASE("what an expert does by chance surprises as often as the rarer half", "[loop][dry-run]") {
  std::vector<rollout::Trajectory> experts;
  Rng draws(1);
  std::size_t rare = 0;
  for (int i = 0; i < 400; ++i) {
    const bool stops = draws.next() % 4 == 0;
    rare += stops ? 1 : 0;
    experts.push_back(expert("task", {{"begin", "page"}, {stops ? "stop" : "go on", ""}}));
  }
  CHECK(surprise(experts) == Approx(static_cast<double>(rare) / 400));
  experts = {expert("a", {{"begin", ""}, {"left", ""}}), expert("b", {{"begin", ""}, {"right", ""}})};
  CHECK(surprise(experts) == 1);  // none is like the other
}

TEST_CASE("what the page decides is foreseen where several experts saw the page", "[loop][dry-run]") {
  std::vector<rollout::Trajectory> experts;
  for (const char* page : {"wall ahead", "way free", "wall ahead", "way free"}) {
    const bool free = std::string(page) == "way free";
    experts.push_back(expert("walk", {{"begin", page}, {free ? "forward" : "turn", ""}}));
  }
  CHECK(surprise(experts) == 0);
}
