#include <cmath>
#include <string>

#include "tests/plugins/support/iteration.h"
#include "tests/plugins/support/plain_loss.h"

using namespace ipr;
using test::Batch;
using test::EmittedRow;
using test::Iteration;
using test::Row;

namespace {

// The golden episodes of ipr-pipeline.md section 13 at one task, two equal ones at another.
void absorb_example(Iteration& iteration) {
  iteration.plan(1);
  iteration.absorb(0, 11, 1, 0, 1, {"a", "b", "c"}, "t", 0, {"s1", "s2"});
  iteration.absorb(0, 12, 1, 0, 0, {"a", "b", "b"}, "t", 0, {"s1", "s1"});
  iteration.absorb(0, 13, 2, 0, 1, {"z"}, "u");
  iteration.absorb(0, 14, 2, 0, 1, {"z"}, "u");
}

}  // namespace

TEST_CASE("an iteration plans groups of attempts by the present policy", "[gigpo]") {
  Iteration iteration(Json{{"tasks_per_iteration", 30}});
  const std::vector<ipr_collect> plans = iteration.plan(2);
  REQUIRE(plans.size() == 1);
  CHECK(plans[0].source == IPR_COLLECT_FULL);
  CHECK(plans[0].policy == IPR_POLICY_CURRENT);
  CHECK(plans[0].samples == 8);
  CHECK(plans[0].sampling->temperature == 1);
  CHECK(plans[0].sampling->max_new_tokens == 512);
  CHECK(plans[0].task_offset == 60);
  CHECK(plans[0].task_limit == 30);
  CHECK(iteration.needs() == (IPR_NEED_LOGP | IPR_NEED_REF_LOGP | IPR_NEED_OLD_LOGP));
  CHECK(Iteration(Json{{"kl", 0}}).needs() == (IPR_NEED_LOGP | IPR_NEED_OLD_LOGP));
  CHECK(iteration.queries().empty());
  CHECK_THROWS(Iteration(Json{{"temperature", 0}}));  // all attempts alike
}

TEST_CASE("attempts with an advantage become one row each, over all their turns", "[gigpo]") {
  Iteration iteration;
  absorb_example(iteration);
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  REQUIRE(rows.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(rows[i].trajectory == 11 + i);
    CHECK(rows[i].group == i + 1);
    CHECK(rows[i].first == 0);
    CHECK(rows[i].last == 3);
    CHECK(rows[i].tag == 0);
    CHECK(rows[i].role == IPR_ROLE_PLAIN);
  }
  CHECK(iteration.host.metrics["trained"] == 2);
  CHECK(iteration.host.metrics["flat"] == 2);
  CHECK(iteration.host.metrics["turns"] == 8);
  CHECK(iteration.host.metrics["compared_turns"] == 7);
  CHECK(iteration.host.metrics["mean_outcome"] == Approx(0.75));
  CHECK(iteration.host.lines.size() == 1);
  iteration.plan(2);  // forgets the old attempts
  rows.clear();
  REQUIRE(iteration.emit(rows) == IPR_OK);
  CHECK(rows.empty());
}

// The ratios are 1, 1.1, 1.5 (clipped where the advantage is positive) and 0.5 (clipped where it is negative).
TEST_CASE("each token pulls by its turn's advantage, until its ratio has left the clip", "[gigpo][loss]") {
  Iteration iteration(Json{{"kl", 0}});
  absorb_example(iteration);
  std::vector<EmittedRow> emitted;
  REQUIRE(iteration.emit(emitted) == IPR_OK);
  const auto log = [](double ratio) { return static_cast<float>(std::log(ratio)); };
  const std::vector<float> logp = {-1, -1, log(1.1) - 1, -9, log(1.5) - 1, log(0.5) - 1},
                           old = {-1, -1, -1, -1, -1, -1};
  const std::vector<float> mask = {0, 1, 1, 0.5F, 1, 1};
  const std::vector<std::int32_t> turn = {-1, 0, 1, -1, 1, 2};
  const std::vector<Row> rows = {{0, IPR_ROLE_PLAIN, 1, 1, logp, old, mask, turn},
                                 {0, IPR_ROLE_PLAIN, 2, 1, logp, old, mask, turn}};
  Batch batch(rows, test::totals_of(rows));
  const double first = 0.95125, second = 1.133333, third = 0.5;                // of the winner
  const double lost_first = -0.95125, lost_second = -0.816667;                 // of the loser, third as second
  const double expected = first + second * 1.1 + second * 1.2 + third * 0.5 +  //
                          lost_first + lost_second * 1.1 + lost_second * 1.5 + lost_second * 0.8;
  CHECK(iteration.loss(batch) == Approx(-expected / 8).margin(1e-6));
  const std::vector<double> pulls = {0, first, second * 1.1, 0, 0, third * 0.5};
  const std::vector<double> lost_pulls = {0, lost_first, lost_second * 1.1, 0, lost_second * 1.5, 0};
  for (std::size_t t = 0; t < 6; ++t) {
    CAPTURE(t);
    CHECK(batch.gradient(0, t) == Approx(-pulls[t] / 8).margin(1e-6));
    CHECK(batch.gradient(1, t) == Approx(-lost_pulls[t] / 8).margin(1e-6));
  }
  CHECK(iteration.host.metrics["clipped"] == Approx(2 / 8.0));
  const double apart = (0.1 - std::log(1.1)) + (0.5 - std::log(1.5)) + (-0.5 - std::log(0.5));
  CHECK(iteration.host.metrics["divergence"] == Approx(2 * apart / 8).margin(1e-6));
  CHECK(iteration.host.metrics["surrogate"] == Approx(-expected / 8).margin(1e-6));
}

TEST_CASE("the reward of a row from a file is its advantage", "[gigpo][loss]") {
  Iteration iteration;
  std::vector<Row> rows = {{0, IPR_ROLE_PLAIN, 7, 2, {0, -1}, {0, -1}, {0, 1}}};
  rows[0].outcome = 0.25;
  Batch batch(rows, test::totals_of(rows));
  CHECK(iteration.loss(batch) == Approx(-0.5));
  CHECK(batch.gradient(0, 1) == Approx(-0.5));
  Batch none({}, {});
  CHECK(iteration.loss(none) == 0);
}

// The reference finds the token twice as likely as the policy does: q = 2.
TEST_CASE("the loss holds the policy near the reference", "[gigpo][loss]") {
  Iteration iteration(Json{{"kl", 0.5}});
  std::vector<Row> rows = {{0, IPR_ROLE_PLAIN, 7, 1, {0, -1}, {0, static_cast<float>(std::log(2.0)) - 1}, {0, 1}}};
  rows[0].old = rows[0].logp;
  Batch batch(rows, test::totals_of(rows));
  CHECK(iteration.loss(batch) == Approx(0.5 * (1 - std::log(2.0))).epsilon(1e-6));
  CHECK(batch.gradient(0, 1) == Approx(0.5 * (1 - 2)).epsilon(1e-6));  // a likelier token is nearer
  CHECK(iteration.host.metrics["kl"] == Approx(1 - std::log(2.0)).epsilon(1e-6));
  batch.get().ref_logp = nullptr;
  double none = 0;
  CHECK(iteration.try_loss(batch, none) == IPR_INVALID_ARGUMENT);
}

TEST_CASE("the parts of a step add up to the whole step, in any order", "[gigpo][loss]") {
  Iteration iteration;
  test::check_parts_add_up([&](Batch& batch) { return iteration.loss(batch); });
}

TEST_CASE("the gradient agrees with finite differences", "[gigpo][loss]") {
  Iteration iteration;
  test::check_gradient([&](Batch& batch) { return iteration.loss(batch); });
}

TEST_CASE("every profile names known settings and training keys, and opens", "[gigpo]") {
  Iteration iteration;
  const Json defaults = iteration.train_defaults();
  CHECK(defaults["init"] == "previous");
  CHECK(defaults["reference"] == "base");
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
