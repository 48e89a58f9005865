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

// A task with a good and a bad attempt (errors 0, 1 and 0, -1), one with two equal ones, one with a single one.
void absorb_example(Iteration& iteration) {
  iteration.plan(1);
  iteration.absorb(0, 11, 1, 0, 1, {"a", "b"}, "t", 0, {"s"});
  iteration.absorb(0, 12, 1, 0, 0, {"a", "c"}, "t", 0, {"s'"});
  iteration.absorb(0, 13, 2, 0, 1, {"z"}, "u");
  iteration.absorb(0, 14, 2, 0, 1, {"z"}, "u");
  iteration.absorb(0, 15, 3, 0, 1, {"z"}, "v");
}

// The example's two rows: per turn two tokens of the agent, between them `observed` of the environment; ratios are 1.
std::vector<Row> example_rows(std::size_t observed) {
  Row row;
  row.role = IPR_ROLE_PLAIN;
  row.turn = {-1, 0, 0};
  row.turn.insert(row.turn.end(), observed, -1);
  row.turn.insert(row.turn.end(), {1, 1});
  for (const std::int32_t turn : row.turn) row.mask.push_back(turn < 0 ? 0.0F : 1.0F);
  row.logp.assign(row.turn.size(), -1);
  row.ref = row.logp;
  std::vector<Row> rows = {row, row};
  rows[0].group = 1;
  rows[1].group = 2;
  return rows;
}

// How hard the example pulls at the first token of its first row, as a share of the last one's.
double credit_of_first_token(Iteration& iteration, std::size_t observed) {
  const std::vector<Row> rows = example_rows(observed);
  Batch batch(rows, test::totals_of(rows));
  iteration.loss(batch);
  return static_cast<double>(batch.gradient(0, 1)) / batch.gradient(0, rows[0].turn.size() - 1);
}

std::vector<EmittedRow> emit_example(Iteration& iteration) {
  absorb_example(iteration);
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  return rows;
}

}  // namespace

TEST_CASE("an iteration plans several attempts by the present policy", "[ppo]") {
  Iteration iteration(Json{{"tasks_per_iteration", 30}});
  const std::vector<ipr_collect> plans = iteration.plan(2);
  REQUIRE(plans.size() == 1);
  CHECK(plans[0].source == IPR_COLLECT_FULL);
  CHECK(plans[0].policy == IPR_POLICY_CURRENT);
  CHECK(plans[0].samples == 4);
  CHECK(plans[0].sampling->temperature == 1);
  CHECK(plans[0].task_offset == 60);
  CHECK(plans[0].task_limit == 30);
  CHECK(iteration.needs() == (IPR_NEED_LOGP | IPR_NEED_REF_LOGP | IPR_NEED_OLD_LOGP));
  CHECK(Iteration(Json{{"kl", 0}}).needs() == (IPR_NEED_LOGP | IPR_NEED_OLD_LOGP));
  CHECK(iteration.queries().empty());
  CHECK_THROWS(Iteration(Json{{"temperature", 0}}));  // all attempts alike
}

TEST_CASE("attempts that did better or worse than the others become one row each", "[ppo]") {
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
  CHECK(iteration.host.metrics["flat"] == 2);
  CHECK(iteration.host.metrics["alone"] == 1);
  CHECK(iteration.host.metrics["turns"] == 6);
  CHECK(iteration.host.metrics["valued_turns"] == 4);
  CHECK(iteration.host.metrics["mean_outcome"] == Approx(0.8));
  iteration.plan(2);  // forgets the old attempts
  std::vector<EmittedRow> none;
  REQUIRE(iteration.emit(none) == IPR_OK);
  CHECK(none.empty());
}

TEST_CASE("the winner's tokens are pulled up and the loser's down, the earlier the less", "[ppo][loss]") {
  Iteration iteration;
  emit_example(iteration);
  const std::vector<Row> rows = example_rows(3);
  Batch batch(rows, test::totals_of(rows));
  CHECK(iteration.loss(batch) == Approx(0).margin(1e-12));  // what the one gains the other loses
  const std::vector<std::size_t> tokens = {7, 6, 2, 1};     // from the last agent token to the first
  for (std::size_t k = 0; k < tokens.size(); ++k) {
    CHECK(batch.gradient(0, tokens[k]) == Approx(-std::pow(0.95, k) / 8));
    CHECK(batch.gradient(1, tokens[k]) == Approx(std::pow(0.95, k) / 8));
  }
  for (const std::size_t token : {0, 3, 4, 5}) CHECK(batch.gradient(0, token) == 0);
}

TEST_CASE("observations take no credit, but in the profile released", "[ppo][loss]") {
  Iteration iteration, released(Json::object(), "released");
  emit_example(iteration);
  emit_example(released);
  for (const std::size_t observed : {0, 20, 100}) {
    CHECK(credit_of_first_token(iteration, observed) == Approx(std::pow(0.95, 3)));
    CHECK(credit_of_first_token(released, observed) == Approx(std::pow(0.95, 3 + static_cast<double>(observed))));
  }
  Iteration turns(Json{{"gae", "turns"}});
  emit_example(turns);
  CHECK(credit_of_first_token(turns, 20) == Approx(0.95));
}

TEST_CASE("a row from a file is paid its reward at its end", "[ppo][loss]") {
  Iteration iteration;
  std::vector<Row> rows = example_rows(2);
  rows.pop_back();
  rows[0].outcome = 0.5;
  Batch batch(rows, test::totals_of(rows));
  CHECK(iteration.loss(batch) == Approx(-0.5 * (1 + 0.95 + 0.9025 + 0.857375) / 4));
  CHECK(batch.gradient(0, 6) == Approx(-0.5 / 4));
  CHECK(batch.gradient(0, 1) == Approx(-0.5 * 0.857375 / 4));
  Batch none({}, {});
  CHECK(iteration.loss(none) == 0);
}

// Three tokens of one turn; the policy that spoke found the second and the third 0.5 and 1 nats likelier than the
// reference does: they cost 0.1 and 0.2, the first token 0.95 * 0.1 + 0.9025 * 0.2.
TEST_CASE("a token costs what the policy that spoke finds it likelier than the reference", "[ppo][loss]") {
  Row row;
  row.role = IPR_ROLE_PLAIN;
  row.mask = {0, 1, 1, 1};
  row.old = row.logp = {0, -1, -1, -1};
  row.ref = {0, -1, -1.5F, -2};
  const std::vector<Row> rows = {row};
  Batch batch(rows, test::totals_of(rows));
  Iteration iteration(Json{{"kl", 0.2}});
  const std::vector<double> costs = {0.95 * 0.1 + 0.9025 * 0.2, 0.1 + 0.95 * 0.2, 0.2};
  CHECK(iteration.loss(batch) == Approx((costs[0] + costs[1] + costs[2]) / 3));
  for (std::size_t t = 0; t < 3; ++t) CHECK(batch.gradient(0, t + 1) == Approx(costs[t] / 3));
  Batch free(rows, test::totals_of(rows));
  CHECK(Iteration(Json{{"kl", 0}}).loss(free) == Approx(0).margin(1e-12));
  Batch blind(rows, test::totals_of(rows));
  blind.get().ref_logp = nullptr;
  double none = 0;
  CHECK(iteration.try_loss(blind, none) == IPR_INVALID_ARGUMENT);
  CHECK(iteration.message().find("train.reference=base") != std::string::npos);
}

TEST_CASE("the parts of a step add up to the whole step, in any order", "[ppo][loss]") {
  Iteration iteration;
  test::check_parts_add_up([&](Batch& batch) { return iteration.loss(batch); });
}

TEST_CASE("the gradient agrees with finite differences", "[ppo][loss]") {
  Iteration iteration;
  test::check_gradient([&](Batch& batch) { return iteration.loss(batch); });
}

TEST_CASE("every profile names known settings and training keys, and opens", "[ppo]") {
  Iteration iteration;
  const Json defaults = iteration.train_defaults();
  CHECK(defaults["init"] == "previous");
  CHECK(defaults["reference"] == "base");
  CHECK(defaults["epochs"] == 4);
  CHECK(defaults["lr"] == 1e-5);
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
