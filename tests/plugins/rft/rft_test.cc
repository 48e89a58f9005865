#include <string>

#include "tests/plugins/support/iteration.h"
#include "tests/plugins/support/plain_loss.h"

using namespace ipr;
using test::Batch;
using test::EmittedRow;
using test::Iteration;
using test::Row;

namespace {

// Two tasks; of five samples one fails, one repeats the expert, one was cut short.
void absorb_example(Iteration& iteration) {
  iteration.plan(0);
  iteration.absorb(0, 1, 0, 0, 1, {"a", "b"}, "t");
  iteration.absorb(0, 2, 0, 0, 1, {"z"}, "u");
  iteration.absorb(1, 11, 1, 0, 1, {"a", "b"}, "t");
  iteration.absorb(1, 12, 1, 0, 1, {"a", "x", "b"}, "t");
  iteration.absorb(1, 13, 1, 0, 0, {"q"}, "t");
  iteration.absorb(1, 14, 2, 0, 1, {"y", "z"}, "u");
  iteration.absorb(1, 15, 2, 0, 1, {"w"}, "u", IPR_TRAJ_TRUNCATED);
}

}  // namespace

TEST_CASE("an iteration plans all experts and samples of the SFT agent", "[rft]") {
  Iteration iteration(Json{{"tasks_per_iteration", 30}});
  const std::vector<ipr_collect> plans = iteration.plan(2);
  REQUIRE(plans.size() == 2);
  CHECK(plans[0].source == IPR_COLLECT_EXPERT);
  CHECK(plans[0].task_limit == 0);
  CHECK(plans[1].source == IPR_COLLECT_FULL);
  CHECK(plans[1].policy == IPR_POLICY_BASE);
  CHECK(plans[1].samples == 5);
  CHECK(plans[1].sampling->temperature == 1);
  CHECK(plans[1].task_offset == 60);
  CHECK(plans[1].task_limit == 30);
  CHECK(iteration.needs() == IPR_NEED_LOGP);
  CHECK(iteration.queries().empty());
}

TEST_CASE("experts and distinct successes become one row each over all their turns", "[rft]") {
  Iteration iteration(Json{{"success_outcome", 0.5}});
  absorb_example(iteration);
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  REQUIRE(rows.size() == 4);
  const std::vector<std::uint64_t> trajectories = {1, 2, 12, 14};
  const std::vector<std::size_t> turns = {2, 1, 3, 2};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CHECK(rows[i].trajectory == trajectories[i]);
    CHECK(rows[i].first == 0);
    CHECK(rows[i].last == turns[i]);
    CHECK(rows[i].tag == 0);
    CHECK(rows[i].role == IPR_ROLE_PLAIN);
    CHECK(rows[i].group == i + 1);
  }
  CHECK(iteration.host.metrics["kept"] == 2);
  CHECK(iteration.host.metrics["failed"] == 2);
  CHECK(iteration.host.metrics["repeated"] == 1);
}

TEST_CASE("the experts can be left out, and a new iteration forgets the old one", "[rft]") {
  Iteration iteration(Json{{"experts", false}});
  absorb_example(iteration);
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  CHECK(rows.size() == 2);
  iteration.plan(1);
  rows.clear();
  REQUIRE(iteration.emit(rows) == IPR_OK);
  CHECK(rows.empty());
}

TEST_CASE("the loss is the mean over the agent's tokens, other tokens at their own weight", "[rft]") {
  Iteration iteration;
  const std::vector<Row> rows = {{0, IPR_ROLE_PLAIN, 1, 1, {0, -1, -2, -4}, {0, 0, 0, 0}, {0, 1, 0.5F, 1}},
                                 {0, IPR_ROLE_PLAIN, 2, 2, {0, -3}, {0, 0}, {0, 1}}};
  Batch batch(rows, test::totals_of(rows));
  CHECK(iteration.loss(batch) == Approx((1 + 0.5 * 2 + 4 + 2 * 3) / 3.0));
  CHECK(batch.gradient(0, 1) == Approx(-1 / 3.0));
  CHECK(batch.gradient(1, 1) == Approx(-2 / 3.0));
  CHECK(batch.gradient(0, 0) == 0);
  CHECK(iteration.host.metrics["sft"] == Approx(4));
  Batch none({}, {});
  CHECK(iteration.loss(none) == 0);
}

TEST_CASE("the parts of a step add up to the whole step, in any order", "[rft]") {
  Iteration iteration;
  test::check_parts_add_up([&](Batch& batch) { return iteration.loss(batch); });
}

TEST_CASE("the gradient agrees with finite differences", "[rft]") {
  Iteration iteration;
  test::check_gradient([&](Batch& batch) { return iteration.loss(batch); });
}

TEST_CASE("every profile names known settings and training keys, and opens", "[rft]") {
  Iteration iteration;
  const Json defaults = iteration.train_defaults();
  CHECK(defaults["init"] == "base");
  CHECK(defaults["reference"] == "none");
  CHECK(defaults["lr"] == 2e-5);
  const Json schema = Json::parse(ipr_library_v0()->plugins[0]->config_schema);
  for (const std::string profile : {"mini", "quick", "lora"}) {
    CAPTURE(profile);
    for (const auto& [key, value] : schema["x-profiles"].at(profile).items()) {
      CAPTURE(key);
      CHECK((key.rfind("train.", 0) == 0 ? defaults.contains(key.substr(6)) : schema["properties"].contains(key)));
    }
    CHECK_NOTHROW(Iteration(Json::object(), profile));
  }
}
