#include "core/rollout/exact_values.h"

#include <stdexcept>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::rollout;

namespace {

template <typename T>
T need(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().message());
  return std::move(result).value();
}

const Sampling kAsItIs = {1, 1, 64, 0};

// The grid of two_by_two.cc and a policy for it.
struct World {
  explicit World(const Json& policy_settings = {{"right", 0.6}, {"sum", 1}}) {
    const ipr_library* const library = need(plugin::open_library(IPR_TWO_BY_TWO));
    const std::vector<plugin::Manifest> found = need(plugin::manifests(*library, IPR_TWO_BY_TWO));
    environment = need(env::Environment::make(need(plugin::Instance::create(found.at(0), Json::object(), {}))));
    policy = need(PluginPolicy::make(need(plugin::Instance::create(found.at(1), policy_settings, {}))));
    player = need(TextPlayer::make(*environment, *policy, 0, 0));
    task = need(environment->task_by_id("walk"));
  }
  // A trajectory of these actions.
  Trajectory walk(const std::vector<std::string>& actions) const {
    env::Session session = need(env::Session::start(*environment, task, 0, 0));
    Trajectory trajectory;
    trajectory.id = 1;
    trajectory.task = &task;
    trajectory.first_message = session.first_message();
    for (const std::string& action : actions) {
      TrajectoryTurn turn;
      static_cast<env::Turn&>(turn) = need(session.say("Action: " + action));
      trajectory.turns.push_back(std::move(turn));
    }
    take_end(trajectory, session);
    return trajectory;
  }
  std::unique_ptr<env::Environment> environment;
  std::unique_ptr<PluginPolicy> policy;
  std::unique_ptr<TextPlayer> player;
  env::Task task;
};

}  // namespace

TEST_CASE("exact values of four cells, by hand", "[rollout][exact]") {
  World world;
  ExactValues values = need(ExactValues::make(*world.player, kAsItIs));
  Trajectory right = world.walk({"right", "right", "down"}), down = world.walk({"down", "right"});
  right.id = 2;
  // After "right": down at once (0.4) is worth 1, after a lost step (0.6 · 0.4) 0.5, after two nothing.
  CHECK(need(values.of_policy(right, 1)) == Approx(0.4 + 0.6 * 0.4 * 0.5));
  CHECK(need(values.of_policy(right, 2)) == Approx(0.4 * 0.5));
  CHECK(need(values.of_policy(right, 3)) == Approx(0.5));  // the end: its outcome
  CHECK(need(values.of_policy(down, 1)) == Approx(0.6 + 0.4 * 0.6 * 0.5));
  CHECK(need(values.of_policy(down, 0)) == Approx(0.6 * 0.52 + 0.4 * 0.72));
  CHECK(need(values.of_best(down, 0)) == 1);
  CHECK(need(values.of_best(right, 2)) == 0.5);
}

TEST_CASE("rollouts of a policy plugin come to the exact value, and their intervals hold it", "[rollout][exact]") {
  World world;
  TrajectoryBook book;
  book[1] = std::make_unique<Trajectory>(world.walk({"right", "down"}));
  RolloutMemo memo;
  TextRollouts rollouts(*world.player, book, /*run_seed=*/5, &memo);
  const auto queue = need(rollouts.open());
  const TrajectoryView view(*book.at(1));
  const ipr_sampling sampling = {sizeof(ipr_sampling), 64, 1, 1, 0, 0};
  double sum = 0;
  constexpr std::size_t kRollouts = 4000;
  for (std::size_t i = 0; i < kRollouts; ++i) {
    const ipr_rollout_req request = {sizeof(ipr_rollout_req), 0, i, view.get(), 1, IPR_POLICY_BASE, 0, &sampling, i};
    REQUIRE(need(queue->submit(request)));
    ipr_rollout_res result{};
    result.struct_size = sizeof result;
    ipr_rollout_res* const slot = &result;
    REQUIRE(need(queue->wait({&slot, 1}, 0)) == 1);
    CHECK(result.tag == i);
    sum += result.trajectory->outcome;
  }
  CHECK(sum / kRollouts == Approx(0.52).margin(0.02));  // three standard errors
  CHECK(rollouts.asked() == kRollouts);
  CHECK(memo.find(scoring_seed(5, *book.at(1), 1, 17)) != nullptr);
}

TEST_CASE("a rollout that was played before is not played again and is the same", "[rollout][exact]") {
  World world;
  TrajectoryBook book;
  book[1] = std::make_unique<Trajectory>(world.walk({"right", "down"}));
  RolloutMemo memo;
  Trajectory other = *book.at(1);
  other.id = 9;
  other.seed = scoring_seed(5, other, 1, 0);
  other.prefix_turns = 1;
  other.outcome = 0.125;  // nothing that could be played
  memo.keep(other, false);
  TextRollouts rollouts(*world.player, book, 5, &memo);
  const auto queue = need(rollouts.open());
  const TrajectoryView view(*book.at(1));
  const ipr_sampling sampling = {sizeof(ipr_sampling), 64, 1, 1, 0, 0};
  REQUIRE(need(queue->submit({sizeof(ipr_rollout_req), 0, 0, view.get(), 1, IPR_POLICY_BASE, 0, &sampling, 0})));
  ipr_rollout_res result{};
  result.struct_size = sizeof result;
  ipr_rollout_res* const slot = &result;
  REQUIRE(need(queue->wait({&slot, 1}, 0)) == 1);
  CHECK(result.trajectory->outcome == 0.125);
  CHECK(result.trajectory->turn_count == 2);
  CHECK(result.trajectory->turns[1]->flags == other.turns[1].flags);
}

TEST_CASE("a policy whose choices are not known, or do not add up, has no exact values", "[rollout][exact]") {
  World silent(Json{{"right", 0.6}, {"sum", 0}});
  ExactValues unknown = need(ExactValues::make(*silent.player, kAsItIs));
  const Result<double> none = unknown.of_policy(silent.walk({"right"}), 1);
  CHECK(none.status().code() == Code::kUsage);
  CHECK(none.status().message().find("does not tell its choices") != std::string::npos);
  World wrong(Json{{"right", 0.6}, {"sum", 1.5}});
  ExactValues odd = need(ExactValues::make(*wrong.player, kAsItIs));
  CHECK(odd.of_policy(wrong.walk({"right"}), 1).status().code() == Code::kPlugin);
}
