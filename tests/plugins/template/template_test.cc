#include "tests/plugins/support/fake_host.h"
#include "tests/support/catch.h"

using namespace ipr;

TEST_CASE("the skeleton of a new environment works as it is: its expert finishes every task", "[sdk]") {
  const test::FakeHost host;
  const test::Instance instance(host);
  const auto& table = instance.table<ipr_environment_v1>(IPR_ENVIRONMENT_V1);
  const auto& expert = instance.table<ipr_env_expert_v1>(IPR_ENV_EXPERT_V1);
  const ipr_ctx ctx = test::context();
  ipr_error error = test::fresh_error();
  double best = 0, worst = 1;
  for (std::size_t split = 0; split < table.split_count(instance.self()); ++split) {
    ipr_split info{};
    REQUIRE(table.split_at(instance.self(), split, &info, &error) == IPR_OK);
    CHECK(info.task_count > 0);
    for (std::uint64_t i = 0; i < info.task_count; ++i) {
      ipr_task task{};
      REQUIRE(table.task_at(instance.self(), split, i, &task, &error) == IPR_OK);
      ipr_episode* episode = nullptr;
      REQUIRE(table.episode_new(instance.self(), &episode, &error) == IPR_OK);
      ipr_step step{};
      REQUIRE(table.reset(episode, &ctx, task.id, 0, &step, &error) == IPR_OK);
      int turns = 0;
      for (ipr_str action{}, thought{}; expert.next_action(episode, &action, &thought, &error) == IPR_OK; ++turns) {
        const std::string kept(action.data, action.size);
        REQUIRE(table.step(episode, &ctx, {kept.data(), kept.size()}, &step, &error) == IPR_OK);
      }
      CHECK(turns <= 20);
      CHECK(step.flags == (IPR_STEP_TERMINATED | IPR_STEP_SUCCESS));
      best = std::max(best, step.outcome);
      worst = std::min(worst, step.outcome);
      table.episode_free(episode);
    }
  }
  CHECK(best == 1);
  CHECK(worst < 1);
}
