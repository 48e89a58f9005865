#include <cmath>
#include <set>
#include <string>

#include "tests/plugins/support/iteration.h"

using namespace ipr;
using test::EmittedRow;
using test::Iteration;

namespace {

// Three tasks: the expert wins, the agent wins, a tie.
void absorb_example(Iteration& iteration) {
  iteration.plan(0);
  iteration.absorb(0, 1, 0, 0, 1.0, {"A1", "A2", "A3", "A4"});
  iteration.absorb(0, 2, 0, 0, 0.7, {"E1", "E2"});
  iteration.absorb(0, 3, 0, 0, 1.0, {"J1", "J2"});
  iteration.absorb(1, 11, 1, 0, 0.5, {"A1", "B2", "B3"});
  iteration.absorb(1, 12, 2, 0, 1.0, {"F1", "F2", "F3"});
  iteration.absorb(1, 13, 3, 0, 1.0, {"K1"});
}

}  // namespace

TEST_CASE("an iteration plans the experts and one greedy exploration from the start", "[eto]") {
  Iteration iteration;
  const std::vector<ipr_collect> plans = iteration.plan(3);
  REQUIRE(plans.size() == 2);
  CHECK(plans[0].source == IPR_COLLECT_EXPERT);
  CHECK(plans[1].source == IPR_COLLECT_FULL);
  CHECK(plans[1].policy == IPR_POLICY_CURRENT);
  CHECK(plans[1].samples == 1);
  CHECK(plans[1].sampling->temperature == 0);
  CHECK(plans[1].sampling->max_new_tokens == 512);
  CHECK(plans[1].task_limit == 0);
  CHECK(iteration.needs() == (IPR_NEED_LOGP | IPR_NEED_REF_LOGP));
  CHECK(iteration.queries().empty());
}

TEST_CASE("the profile mini rotates over the tasks, several samples need a temperature", "[eto]") {
  Iteration mini(Json::object(), "mini");
  CHECK(mini.plan(2)[0].task_offset == 400);
  CHECK(mini.plan(2)[1].task_offset == 400);
  CHECK(mini.plan(2)[1].task_limit == 200);
  Iteration sampled(Json{{"samples_per_task", 4}, {"temperature", 0.7}});
  CHECK(sampled.plan(0)[1].samples == 4);
  CHECK(sampled.plan(0)[1].sampling->temperature == 0.7);
  CHECK_THROWS(Iteration(Json{{"samples_per_task", 4}}));
}

TEST_CASE("pairs become two rows of a group each, and their counts are reported", "[eto]") {
  Iteration iteration;
  absorb_example(iteration);
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].tag == 0);
  CHECK(rows[0].role == IPR_ROLE_CHOSEN);
  CHECK(rows[0].trajectory == 1);
  CHECK(rows[0].first == 1);  // both sides say A1
  CHECK(rows[0].last == 4);
  CHECK(rows[1].role == IPR_ROLE_REJECTED);
  CHECK(rows[1].trajectory == 11);
  CHECK(rows[1].group == rows[0].group);
  CHECK(rows[2].trajectory == 12);
  CHECK(rows[2].role == IPR_ROLE_CHOSEN);
  CHECK(rows[3].trajectory == 2);
  CHECK(rows[2].group != rows[0].group);
  CHECK(iteration.host.metrics["pairs"] == 2);
  CHECK(iteration.host.metrics["agent_wins"] == 1);
  CHECK(iteration.host.metrics["ties"] == 1);
  CHECK(iteration.host.lines.size() == 1);
}

TEST_CASE("whole trajectories from the start in the profiles paper and released", "[eto]") {
  for (const std::string profile : {"paper", "released"}) {
    Iteration iteration(Json::object(), profile);
    absorb_example(iteration);
    std::vector<EmittedRow> rows;
    REQUIRE(iteration.emit(rows) == IPR_OK);
    REQUIRE(rows.size() == 4);
    CHECK(rows[0].first == 0);
    CHECK(rows[1].first == 0);
  }
}

TEST_CASE("in the profile mini a best known trajectory stands beside each pair", "[eto]") {
  Iteration iteration(Json::object(), "mini");
  absorb_example(iteration);
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  REQUIRE(rows.size() == 6);
  std::set<std::uint64_t> shown;
  for (const std::size_t i : {2, 5}) {
    CHECK(rows[i].tag == 2);
    CHECK(rows[i].role == IPR_ROLE_PLAIN);
    CHECK(rows[i].group == rows[i - 1].group);
    CHECK(rows[i].first == 0);
    shown.insert(rows[i].trajectory);
  }
  CHECK(shown.size() == 2);
  for (const std::uint64_t id : shown) CHECK(std::set<std::uint64_t>{1, 12, 3}.count(id) == 1);
}

TEST_CASE("a new iteration forgets the old one", "[eto]") {
  Iteration iteration;
  absorb_example(iteration);
  iteration.plan(1);
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  CHECK(rows.empty());
}

TEST_CASE("the loss goes through the table and reports its parts", "[eto]") {
  const std::vector<test::Row> rows = {{0, IPR_ROLE_CHOSEN, 1, 1, {-1, -1}, {-1, -1}, {1, 1}},
                                       {0, IPR_ROLE_REJECTED, 1, 1, {-2, 0}, {-2, 0}, {1, 0}}};
  Iteration plain;
  test::Batch batch(rows, test::totals_of(rows));
  CHECK(plain.loss(batch) == Approx(std::log(2.0)));
  CHECK(plain.host.metrics["dpo"] == Approx(std::log(2.0)));
  CHECK(plain.host.metrics.count("sft") == 0);
  CHECK(plain.host.metrics.count("anchor") == 0);
  Iteration mini(Json::object(), "mini");
  test::Batch again(rows, test::totals_of(rows));
  CHECK(mini.loss(again) == Approx(0.5 * std::log(2.0) + 1));
}

TEST_CASE("every profile names known settings and training keys, and opens", "[eto]") {
  Iteration iteration;
  const Json defaults = iteration.train_defaults();
  CHECK(defaults["reference"] == "base");
  CHECK(defaults["init"] == "previous");
  CHECK(defaults["lr"] == 1e-6);
  CHECK(defaults["batch"] == 32);
  const Json schema = Json::parse(ipr_library_v0()->plugins[0]->config_schema);
  for (const std::string profile : {"paper", "released", "mini", "quick", "lora"}) {
    CAPTURE(profile);
    for (const auto& [key, value] : schema["x-profiles"].at(profile).items()) {
      CAPTURE(key);
      CHECK((key.rfind("train.", 0) == 0 ? defaults.contains(key.substr(6)) : schema["properties"].contains(key)));
    }
    CHECK_NOTHROW(Iteration(Json::object(), profile));
  }
}
