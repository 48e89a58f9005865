#include <set>
#include <sstream>

#include "core/base/rng.h"
#include "tests/plugins/support/fake_host.h"
#include "tests/support/catch.h"

using namespace ipr;

namespace {

std::string text(ipr_str s) {
  return {s.data, s.size};
}
ipr_str view(const std::string& s) {
  return {s.data(), s.size()};
}

struct Seen {
  std::string observation;
  std::uint32_t flags = 0;
  double outcome = 0;
  bool operator==(const Seen&) const = default;
};

class World {
 public:
  explicit World(const Json& changes = Json::object()) : instance_(host_, "", changes) {}
  [[nodiscard]] const ipr_environment_v1& table() const {
    return instance_.table<ipr_environment_v1>(IPR_ENVIRONMENT_V1);
  }
  template <typename Table>
  [[nodiscard]] const Table& table(const char* id) const {
    return instance_.table<Table>(id);
  }
  [[nodiscard]] ipr_self* self() const { return instance_.self(); }
  [[nodiscard]] std::vector<std::string> tasks(std::size_t split) const {
    ipr_split info{};
    ipr_error error = test::fresh_error();
    REQUIRE(table().split_at(self(), split, &info, &error) == IPR_OK);
    std::vector<std::string> ids;
    for (std::uint64_t i = 0; i < info.task_count; ++i) {
      ipr_task task{};
      REQUIRE(table().task_at(self(), split, i, &task, &error) == IPR_OK);
      ids.push_back(text(task.id));
    }
    return ids;
  }

 private:
  test::FakeHost host_;
  test::Instance instance_;
};

class Game {
 public:
  explicit Game(const World& world) : world_(world) {
    ipr_error error = test::fresh_error();
    REQUIRE(world.table().episode_new(world.self(), &episode_, &error) == IPR_OK);
  }
  Game(const World& world, ipr_episode* episode) : world_(world), episode_(episode) {}
  ~Game() { world_.table().episode_free(episode_); }
  Game(const Game&) = delete;
  Game& operator=(const Game&) = delete;

  Seen reset(const std::string& task) {
    ipr_step step{};
    ipr_error error = test::fresh_error();
    REQUIRE(world_.table().reset(episode_, &ctx_, view(task), 0, &step, &error) == IPR_OK);
    return {text(step.observation), step.flags, step.outcome};
  }
  Seen step(const std::string& action) {
    ipr_step step{};
    ipr_error error = test::fresh_error();
    REQUIRE(world_.table().step(episode_, &ctx_, view(action), &step, &error) == IPR_OK);
    return {text(step.observation), step.flags, step.outcome};
  }
  // Empty: the expert has nothing to do here.
  std::string expert() {
    ipr_str action{}, thought{};
    ipr_error error = test::fresh_error();
    const auto& table = world_.table<ipr_env_expert_v1>(IPR_ENV_EXPERT_V1);
    return table.next_action(episode_, &action, &thought, &error) == IPR_OK ? text(action) : "";
  }
  std::vector<std::string> actions() {
    const ipr_str* list = nullptr;
    std::size_t count = 0;
    ipr_error error = test::fresh_error();
    const auto& table = world_.table<ipr_env_actions_v1>(IPR_ENV_ACTIONS_V1);
    REQUIRE(table.list(episode_, &list, &count, &error) == IPR_OK);
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(text(list[i]));
    return all;
  }
  [[nodiscard]] std::unique_ptr<Game> fork() const {
    ipr_episode* copy = nullptr;
    ipr_error error = test::fresh_error();
    REQUIRE(world_.table<ipr_env_snapshot_v1>(IPR_ENV_SNAPSHOT_V1).fork(episode_, &copy, &error) == IPR_OK);
    return std::make_unique<Game>(world_, copy);
  }

 private:
  const World& world_;
  ipr_ctx ctx_ = test::context();
  ipr_episode* episode_ = nullptr;
};

struct Walked {
  std::size_t steps = 0;
  Seen last;
};
Walked follow_expert(const World& world, const std::string& task) {
  Game game(world);
  Walked walked{0, game.reset(task)};
  for (std::string action = game.expert(); !action.empty() && walked.steps < 50; action = game.expert()) {
    walked.last = game.step(action);
    ++walked.steps;
  }
  return walked;
}

}  // namespace

TEST_CASE("the splits are disjoint and large enough to learn and to measure", "[gridworld]") {
  const World world;
  REQUIRE(world.table().split_count(world.self()) == 3);
  std::set<std::string> ids;
  std::size_t count = 0;
  for (std::size_t split = 0; split < 3; ++split) {
    for (const std::string& id : world.tasks(split)) ids.insert(id);
    count += world.tasks(split).size();
  }
  CHECK(ids.size() == count);
  CHECK(world.tasks(0).size() >= 200);
  CHECK(world.tasks(1).size() >= 30);
  CHECK(world.tasks(2).size() >= 100);
}

TEST_CASE("the expert always reaches the goal in eight steps, sometimes by a detour", "[gridworld]") {
  const World world;
  std::size_t perfect = 0, all = 0;
  for (std::size_t split = 0; split < 3; ++split) {
    for (const std::string& task : world.tasks(split)) {
      CAPTURE(task);
      const Walked walked = follow_expert(world, task);
      REQUIRE(walked.last.flags == (IPR_STEP_TERMINATED | IPR_STEP_SUCCESS));
      CHECK(walked.steps <= 8);
      CHECK(walked.last.outcome >= 0.8);
      perfect += walked.last.outcome == 1 ? 1 : 0;
      ++all;
    }
  }
  CHECK(perfect > all / 2);
  CHECK(perfect < all * 3 / 4);
}

TEST_CASE("without detours the expert is perfect", "[gridworld]") {
  const World world(Json{{"detours", 0}});
  for (const std::string& task : world.tasks(0)) CHECK(follow_expert(world, task).last.outcome == 1);
}

TEST_CASE("observations are short and say where, whither and which ways are open", "[gridworld]") {
  const World world;
  for (const std::string& task : world.tasks(0)) {
    Game game(world);
    std::istringstream words(game.reset(task).observation);
    std::vector<std::string> all{std::istream_iterator<std::string>(words), {}};
    CHECK(all.size() <= 12);
    CHECK(all[0] == "At");
    CHECK(all[3] == "goal");
    for (const std::string& action : game.actions()) CHECK(std::find(all.begin(), all.end(), action) != all.end());
  }
}

TEST_CASE("a forked episode plays on alone, and random walks repeat", "[gridworld]") {
  const World world;
  Rng rng(3);
  for (int round = 0; round < 200; ++round) {
    const std::vector<std::string> tasks = world.tasks(0);
    const std::string task = tasks[rng.below(tasks.size())];
    Game game(world), again(world);
    CHECK(game.reset(task) == again.reset(task));
    for (int turn = 0; turn < 8; ++turn) {
      const std::vector<std::string> actions = game.actions();
      const std::string action = actions.empty() ? "up" : actions[rng.below(actions.size())];
      const auto fork = game.fork();
      const Seen seen = game.step(action);
      CHECK(again.step(action) == seen);
      CHECK(fork->step(action) == seen);
      if (!actions.empty()) CHECK((seen.flags & IPR_STEP_INVALID) == 0);
      CHECK(seen.outcome >= 0);
      CHECK(seen.outcome <= 1);
    }
  }
}

TEST_CASE("a wall, a word that is no move, the pit and the time after the end", "[gridworld]") {
  const World world;
  Game game(world);
  const Seen start = game.reset("0-2");  // the upper left corner, two to the right
  CHECK(start.outcome == 0);
  CHECK(start.observation == "At 1 1, goal 1 3. Ways: down right");
  const Seen wall = game.step("up");
  CHECK((wall.flags & IPR_STEP_INVALID) != 0);
  CHECK(wall.observation == "Blocked. At 1 1, goal 1 3. Ways: down right");
  CHECK((game.step("fly").flags & IPR_STEP_INVALID) != 0);
  game.step("right");
  const Seen goal = game.step("right");
  CHECK(goal.flags == (IPR_STEP_TERMINATED | IPR_STEP_SUCCESS));
  CHECK(goal.outcome == Approx(0.8));  // two wasted steps
  CHECK(game.step("left") == goal);
  CHECK(game.actions().empty());
  CHECK(game.expert().empty());

  Game fatal(world);
  CHECK(fatal.reset("12-2").observation == "At 3 1, goal 1 3. Ways: up down right");
  CHECK(fatal.step("right").observation == "At 3 2, goal 1 3. Ways: left right (pit)");
  const Seen pit = fatal.step("right");
  CHECK(pit.flags == IPR_STEP_TERMINATED);
  CHECK(pit.outcome == 0);
}

TEST_CASE("an unknown task is NOT_FOUND", "[gridworld]") {
  const World world;
  ipr_task task{};
  ipr_error error = test::fresh_error();
  CHECK(world.table().task_by_id(world.self(), view("nowhere"), &task, &error) == IPR_NOT_FOUND);
  ipr_episode* episode = nullptr;
  REQUIRE(world.table().episode_new(world.self(), &episode, &error) == IPR_OK);
  ipr_step step{};
  const ipr_ctx ctx = test::context();
  CHECK(world.table().reset(episode, &ctx, view("nowhere"), 0, &step, &error) == IPR_NOT_FOUND);
  world.table().episode_free(episode);
}
