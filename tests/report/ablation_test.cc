// Runs side by side by their settings, on records made by hand.
#include "core/report/analysis.h"
#include "core/report/run_settings.h"
#include "core/report/study.h"
#include "tests/report/record.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;
using ipr::test::must;

namespace {

// A run of the optimizer "ipr", evaluated on two test tasks after the SFT stage and one iteration.
struct Made {
  test::TempFolder folder;
  store::RunStore record = test::open_record(folder.file("run.db"));

  Made(std::uint64_t seed, const Json& settings, const std::vector<double>& sft, const std::vector<double>& iter_1) {
    const Json config = {{"env", {{"id", "shop"}, {"settings", {{"world_seed", seed}}}}},
                         {"optimizer", {{"id", "ipr"}, {"settings", settings}, {"train", {{"lr", 1e-4}}}}},
                         {"scorer", {{"id", "mc"}, {"settings", {{"samples", 5}}}}},
                         {"model", "mini"},
                         {"seed", seed}};
    must(record.set_state("config", Json{{"config", config}}.dump()));
    evaluated("sft", 0, sft);
    evaluated("iter-1", 1, iter_1);
    must(record.put_policy({"iter-1", 1, "", "", true}));
  }
  void evaluated(const std::string& policy, std::int32_t iteration, const std::vector<double>& outcomes) {
    for (std::size_t task = 0; task < outcomes.size(); ++task) {
      store::Episode e;
      e.stage = store::kEval;
      e.iteration = iteration;
      e.policy = policy;
      e.split = "test";
      e.task_id = std::to_string(task);
      e.outcome = outcomes[task];
      must(record.add_episode(e).status());
    }
  }
  RunSource source(const std::string& name, const std::string& experiment = "") {
    return {name, "shop", "", &record, experiment};
  }
};

const Json kFull = {{"step_weight", 1}, {"outcome_weight", 1}}, kNoStep = {{"step_weight", 0}, {"outcome_weight", 1}},
           kNoOutcome = {{"step_weight", 1}, {"outcome_weight", 0}};

RunSettings settings(std::uint64_t seed, std::map<std::string, std::string> values,
                     const std::string& optimizer = "ipr") {
  return {"shop", optimizer, seed, std::move(values)};
}

const Json* find(const Analysis& analysis, const std::string& run, const std::string& policy) {
  for (const Json& row : analysis.rows) {
    if (row.at("run") == run && row.at("policy") == policy) return &row;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("runs are named by what most of the others do not have", "[report][ablation]") {
  CHECK(names_by_settings({settings(1, {{"ipr.a", "1"}, {"ipr.b", "1"}}), settings(1, {{"ipr.a", "0"}, {"ipr.b", "1"}}),
                           settings(1, {{"ipr.a", "1"}, {"ipr.b", "0"}})}) ==
        std::vector<std::string>{"ipr", "ipr.a=0", "ipr.b=0"});
  // No value has a majority: each is said.
  CHECK(names_by_settings({settings(1, {{"mc.samples", "1"}}), settings(1, {{"mc.samples", "3"}})}) ==
        std::vector<std::string>{"mc.samples=1", "mc.samples=3"});
  CHECK(names_by_settings({settings(1, {{"ipr.a", "1"}}), settings(1, {{"eto.a", "2"}}, "eto")}) ==
        std::vector<std::string>{"ipr", "eto"});
}

TEST_CASE("what an environment is set to along with the seed is part of the seed", "[report][ablation]") {
  CHECK(names_by_settings({settings(1, {{"shop.world_seed", "1"}}), settings(2, {{"shop.world_seed", "2"}})}) ==
        std::vector<std::string>{"ipr", "ipr"});
  // Two values of one seed are two environments.
  CHECK(names_by_settings({settings(1, {{"shop.reward", "dense"}}), settings(1, {{"shop.reward", "sparse"}})}) ==
        std::vector<std::string>{"shop.reward=dense", "shop.reward=sparse"});
}

TEST_CASE("ablation has a row per experiment, by iteration, over its seeds", "[report][ablation]") {
  Made full_1(1, kFull, {0.5, 0.5}, {1.0, 0.8}), full_2(2, kFull, {0.4, 0.4}, {0.6, 0.8}),
      no_step(1, kNoStep, {0.5, 0.5}, {0.5, 0.7}), no_outcome(1, kNoOutcome, {0.5, 0.5}, {0.4, 0.4});
  const auto found = analyze_ablation(
      {full_1.source("a"), full_2.source("b"), no_step.source("c"), no_outcome.source("d")}, {{"test"}});
  must(found.status());
  REQUIRE(found->rows.size() == 9);  // three experiments: SFT, iteration 1, chosen
  const Json* full = find(*found, "ipr", "iter-1");
  REQUIRE(full != nullptr);
  CHECK(full->at("seeds") == 2);
  CHECK(full->at("runs") == Json{"a", "b"});
  CHECK(full->at("mean").get<double>() == Approx(0.8));  // of 0.9 and 0.7
  // t(0.975, 1) · s/√2 with s/√2 = 0.1.
  CHECK(full->at("ci95").at(1).get<double>() == Approx(0.8 + 12.7062 * 0.1).margin(1e-3));
  REQUIRE(find(*found, "ipr", "chosen") != nullptr);
  CHECK(find(*found, "ipr", "chosen")->at("mean") == full->at("mean"));
  const Json* ablated = find(*found, "ipr.step_weight=0", "iter-1");
  REQUIRE(ablated != nullptr);
  CHECK(ablated->at("seeds") == 1);
  CHECK(ablated->at("mean").get<double>() == Approx(0.6));
  CHECK(find(*found, "ipr.outcome_weight=0", "sft") != nullptr);
  const auto& plot = std::get<LinePlot>(found->plot);
  REQUIRE(plot.series.size() == 3);
  CHECK(plot.series[0].points.size() == 2);  // the iterations, not the chosen one
  CHECK(to_text(*found).find("80.0 ±127.1") != std::string::npos);
}

TEST_CASE("a study's own names go before settings, and a run counts once", "[report][ablation]") {
  Made one(1, kFull, {0.5, 0.5}, {1, 1}), two(1, kNoStep, {0.5, 0.5}, {0, 0});
  const auto named = analyze_ablation({one.source("a", "whole"), two.source("b", "without")}, {{"test"}});
  must(named.status());
  CHECK(find(*named, "whole", "iter-1") != nullptr);
  CHECK(find(*named, "without", "iter-1") != nullptr);
  const auto twice = analyze_ablation({one.source("a"), one.source("b")}, {{"test"}});
  CHECK(twice.status().code() == Code::kUsage);
}
