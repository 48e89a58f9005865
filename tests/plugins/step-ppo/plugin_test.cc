#include <cmath>
#include <string>
#include <utility>

#include "tests/plugins/support/iteration.h"
#include "tests/plugins/support/plain_loss.h"

using namespace ipr;
using test::Batch;
using test::EmittedRow;
using test::Iteration;
using test::Row;

namespace {

// Two attempts at one task, one at another. Gains: 0.25, 0.25 and -0.25, -0.5.
void absorb_example(Iteration& iteration) {
  iteration.plan(1);
  iteration.absorb(0, 11, 1, 0, 1, {"a", "b"}, "t");
  iteration.absorb(0, 12, 1, 0, 0, {"a", "c"}, "t");
  iteration.absorb(0, 15, 3, 0, 1, {"z"}, "u");
}
const std::vector<double> kRewards = {0.75, 1, 0.5, 0};

std::vector<EmittedRow> emit_example(Iteration& iteration) {
  absorb_example(iteration);
  REQUIRE(iteration.queries().size() == kRewards.size());
  for (std::size_t i = 0; i < kRewards.size(); ++i) iteration.answer(i, kRewards[i]);
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  return rows;
}

}  // namespace

TEST_CASE("an iteration plans several attempts by the present policy and wants all their steps", "[step-ppo]") {
  Iteration iteration(Json{{"tasks_per_iteration", 30}});
  const std::vector<ipr_collect> plans = iteration.plan(2);
  REQUIRE(plans.size() == 1);
  CHECK(plans[0].source == IPR_COLLECT_FULL);
  CHECK(plans[0].policy == IPR_POLICY_CURRENT);
  CHECK(plans[0].samples == 4);
  CHECK(plans[0].task_offset == 60);
  CHECK(plans[0].task_limit == 30);
  CHECK(iteration.needs() == (IPR_NEED_LOGP | IPR_NEED_REF_LOGP | IPR_NEED_OLD_LOGP));
  CHECK(Iteration(Json{{"kl", 0}}).needs() == (IPR_NEED_LOGP | IPR_NEED_OLD_LOGP));
  absorb_example(iteration);
  using Steps = std::vector<std::pair<std::uint64_t, std::size_t>>;
  CHECK(iteration.queries() == Steps{{11, 0}, {11, 1}, {12, 0}, {12, 1}});
  CHECK_THROWS(Iteration(Json{{"temperature", 0}}));  // all attempts alike
}

TEST_CASE("scored attempts become one row each; a missing score is an error", "[step-ppo]") {
  Iteration iteration;
  const std::vector<EmittedRow> rows = emit_example(iteration);
  REQUIRE(rows.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(rows[i].trajectory == 11 + i);
    CHECK(rows[i].group == i + 1);
    CHECK(rows[i].first == 0);
    CHECK(rows[i].last == 2);
    CHECK(rows[i].tag == 0);
    CHECK(rows[i].role == IPR_ROLE_PLAIN);
  }
  CHECK(iteration.host.metrics["trained"] == 2);
  CHECK(iteration.host.metrics["alone"] == 1);
  CHECK(iteration.host.metrics["steps"] == 4);
  absorb_example(iteration);
  std::vector<EmittedRow> none;
  CHECK(iteration.emit(none) == IPR_FAILED_PRECONDITION);
  CHECK(iteration.message() == "step-ppo: 0 of 4 step rewards are there");
  iteration.plan(2);  // forgets the old attempts
  REQUIRE(iteration.emit(none) == IPR_OK);
  CHECK(none.empty());
}

TEST_CASE("a turn's gain is credited to its own tokens alone", "[step-ppo][loss]") {
  Iteration iteration, turns(Json{{"gae", "turns"}});
  emit_example(iteration);
  emit_example(turns);
  Row row{0, IPR_ROLE_PLAIN, 1, 1, std::vector<float>(6, -1), std::vector<float>(6, -1), {0, 1, 1, 0, 1, 1}};
  row.turn = {-1, 0, 0, -1, 1, 1};
  std::vector<Row> rows = {row, row};
  rows[1].group = 2;
  Batch batch(rows, test::totals_of(rows)), whole(rows, test::totals_of(rows));
  CHECK(iteration.loss(batch) == Approx(-(0.25 + 0.25 - 0.25 - 0.5) * 1.95 / 8));
  CHECK(turns.loss(whole) == Approx(-(0.25 + 0.25 - 0.25 - 0.5) * 2 / 8));
  const std::vector<std::vector<double>> gains = {{0, 0.25, 0.25, 0, 0.25, 0.25}, {0, -0.25, -0.25, 0, -0.5, -0.5}};
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t t = 0; t < 6; ++t) {
      CAPTURE(r, t);
      const double decay = t == 1 || t == 4 ? 0.95 : 1;  // the first token of its turn
      CHECK(batch.gradient(r, t) == Approx(-gains[r][t] * decay / 8).margin(1e-9));
      CHECK(whole.gradient(r, t) == Approx(-gains[r][t] / 8).margin(1e-9));
    }
  }
}

TEST_CASE("a row from a file is one action with its reward", "[step-ppo][loss]") {
  Iteration iteration;
  std::vector<Row> rows = {{0, IPR_ROLE_PLAIN, 1, 1, {0, -1, -1, -1}, {0, -1, -1, -1}, {0, 0, 1, 1}}};
  rows[0].turn = {-1, 0, 1, 1};  // turn 0 is history
  rows[0].outcome = 0.5;
  Batch batch(rows, test::totals_of(rows));
  CHECK(iteration.loss(batch) == Approx(-0.5 * 1.95 / 2));
  CHECK(batch.gradient(0, 1) == 0);
  CHECK(batch.gradient(0, 3) == Approx(-0.25));
  Batch none({}, {});
  CHECK(iteration.loss(none) == 0);
}

TEST_CASE("the parts of a step add up to the whole step, in any order", "[step-ppo][loss]") {
  Iteration iteration;
  test::check_parts_add_up([&](Batch& batch) { return iteration.loss(batch); });
}

TEST_CASE("the gradient agrees with finite differences", "[step-ppo][loss]") {
  Iteration iteration;
  test::check_gradient([&](Batch& batch) { return iteration.loss(batch); });
}

TEST_CASE("every profile names known settings and training keys, and opens", "[step-ppo]") {
  Iteration iteration;
  const Json defaults = iteration.train_defaults();
  CHECK(defaults["init"] == "previous");
  CHECK(defaults["reference"] == "base");
  CHECK(defaults["epochs"] == 4);
  const Json schema = Json::parse(ipr_library_v0()->plugins[0]->config_schema);
  for (const std::string profile : {"released", "mini", "quick", "lora"}) {
    CAPTURE(profile);
    for (const auto& [key, value] : schema["x-profiles"].at(profile).items()) {
      CAPTURE(key);
      CHECK((key.rfind("train.", 0) == 0 ? defaults.contains(key.substr(6)) : schema["properties"].contains(key)));
    }
    CHECK_NOTHROW(Iteration(Json::object(), profile));
  }
}
