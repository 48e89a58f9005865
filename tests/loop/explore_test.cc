#include "core/loop/mini.h"
#include "core/loop/policy.h"
#include "core/rollout/player.h"
#include "tests/loop/speech.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::rollout;
using namespace ipr::test;

namespace {

constexpr std::int64_t kNewTokens = 6;
constexpr Sampling kGreedy{0, 1, kNewTokens};

// A fresh model that has learned nothing, and a player over it.
struct Stage {
  explicit Stage(const Talk& talk)
      : policy(loop::make_policy("fresh", 0,
                                 model::random_weights(loop::mini_config(talk.speech->tokenizer, 2048), 3, 0.2), {})
                   .value()),
        snapshots(*talk.environment, 0, 0, 100),
        player(*talk.environment, *talk.dialogue, *policy->generator, snapshots, 0, 0, 2, stop) {}
  std::atomic<bool> stop{false};
  std::unique_ptr<loop::Policy> policy;
  Snapshots snapshots;
  Player player;
};

PlayRequest from(const Trajectory& expert, std::size_t keep) {
  PlayRequest request;
  request.task = expert.task;
  request.from = &expert;
  request.keep = keep;
  request.sampling = kGreedy;
  request.seed = 99 + keep;  // greedy: the stream does not matter
  return request;
}

void check_same(const Trajectory& a, const Trajectory& b) {
  CHECK(a.parent_id == b.parent_id);
  CHECK(a.prefix_turns == b.prefix_turns);
  CHECK(a.outcome == b.outcome);
  CHECK(a.exit_status == b.exit_status);
  CHECK(a.terminated == b.terminated);
  REQUIRE(a.turns.size() == b.turns.size());
  for (std::size_t i = 0; i < a.turns.size(); ++i) {
    CHECK(a.turns[i].message == b.turns[i].message);
    CHECK(a.turns[i].observation == b.turns[i].observation);
    CHECK(a.turns[i].reply_ids == b.turns[i].reply_ids);
  }
}

std::vector<Trajectory> explore(Player& player, const Trajectory& expert) {
  std::vector<Trajectory> explored;
  const auto take = [&](std::vector<Trajectory> found) {
    explored = std::move(found);
    return Status();
  };
  REQUIRE(player.explore_each({&expert}, kGreedy, take, {}).ok());
  return explored;
}

// explore_each against one greedy rollout from after every prefix.
void check_explores(Stage& stage, const Trajectory& expert) {
  const std::vector<Trajectory> explored = explore(stage.player, expert);
  std::vector<PlayRequest> requests;
  for (std::size_t t = 0; t < expert.turns.size(); ++t) requests.push_back(from(expert, t));
  const auto played = stage.player.play_all(requests, {});
  REQUIRE(played.ok());
  REQUIRE(explored.size() == expert.turns.size());
  for (std::size_t t = 0; t < expert.turns.size(); ++t) {
    INFO("from turn " << t);
    check_same(explored[t], played->at(t));
  }
}

}  // namespace

TEST_CASE("exploring along an expert equals a rollout from after each of its turns", "[loop][rollout]") {
  const auto talk = make_talk();
  Stage stage(*talk);
  check_explores(stage, talk->expert);

  // An expert that speaks as the model itself does: all rollouts are one, and only one is played.
  PlayRequest alone;
  alone.task = &talk->task;
  alone.sampling = kGreedy;
  Trajectory own = stage.player.play_all({alone}, {}).value().at(0);
  own.id = 2;
  REQUIRE(own.turns.size() > 2);
  const std::uint64_t before = stage.policy->generator->counters().requests;
  const std::vector<Trajectory> explored = explore(stage.player, own);
  CHECK(stage.policy->generator->counters().requests - before == own.turns.size());
  CHECK(explored.size() == own.turns.size());
  check_explores(stage, own);

  // One that agrees with it at first and then goes its own way.
  Trajectory mixed =
      loop::play_replies(*talk->environment, talk->task,
                         {own.turns[0].message, "Thought: on\nAction: go", "Thought: on\nAction: go"}, 0, 0)
          .value();
  mixed.id = 3;
  for (TrajectoryTurn& turn : mixed.turns) turn.reply_ids = talk->dialogue->reply_ids(turn.message);
  mixed.turns[0].reply_ids = own.turns[0].reply_ids;
  check_explores(stage, mixed);
}

TEST_CASE("a player that is asked to stop begins nothing", "[loop][rollout]") {
  const auto talk = make_talk();
  Stage stage(*talk);
  stage.stop = true;
  const auto nothing = [](auto) { return failed("nothing shall arrive"); };
  CHECK(stage.player.explore_each({&talk->expert}, kGreedy, nothing, {}).code() == Code::kInterrupted);
  CHECK(stage.player.play_all({from(talk->expert, 1)}, {}).status().code() == Code::kInterrupted);
}

TEST_CASE("results are taken in the order of the requests, until one is refused", "[loop][rollout]") {
  const auto talk = make_talk();
  Stage stage(*talk);
  std::vector<PlayRequest> requests;
  for (std::size_t i = 0; i < 30; ++i) {
    requests.push_back(from(talk->expert, i % talk->expert.turns.size()));
    requests.back().sample = i;
  }
  std::vector<std::uint64_t> taken;
  const auto take = [&](const Trajectory& played) -> Status {
    taken.push_back(played.sample);
    return taken.size() == 20 ? failed("enough") : Status();
  };
  CHECK(stage.player.play_each(requests, take, {}).message() == "enough");
  REQUIRE(taken.size() == 20);
  for (std::size_t i = 0; i < taken.size(); ++i) CHECK(taken[i] == i);
}
