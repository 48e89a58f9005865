// How many rollouts a step needs, on rollouts made by hand.
#include "core/report/analysis.h"
#include "tests/report/record.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;
using ipr::test::must;

namespace {

// Experts (outcome 1) and agents (outcome 0) of two turns that differ in the second, scored by four rollouts each.
struct Made {
  test::TempFolder folder;
  store::RunStore record = test::open_record(folder.file("run.db"));

  explicit Made(double tau = 0.1) {
    const Json config = {{"env", {{"id", "shop"}}},
                         {"optimizer", {{"id", "ipr"}, {"settings", {{"threshold", tau}}}}},
                         {"scorer", {{"id", "mc"}}},
                         {"seed", 1}};
    must(record.set_state("config", Json{{"config", config}}.dump()));
  }
  std::int64_t episode(const std::string& policy, const std::string& task, double outcome, std::int64_t parent) {
    store::Episode e;
    e.stage = parent == 0 ? store::kExpert : store::kExplore;
    e.policy = policy;
    e.split = "train";
    e.task_id = task;
    e.outcome = outcome;
    e.parent_id = parent;
    e.prefix_turns = parent == 0 ? 0 : 1;
    e.turns.resize(3);
    for (store::Turn& turn : e.turns) turn.action = policy;
    const auto id = record.add_episode(e);
    must(id.status());
    return *id;
  }
  void scored(std::int64_t step_of, const std::string& task, const std::vector<double>& outcomes) {
    double sum = 0;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      store::Episode e;
      e.stage = store::kMonteCarlo;
      e.policy = "sft";
      e.split = "train";
      e.task_id = task;
      e.parent_id = step_of;
      e.prefix_turns = e.first_turn = 2;
      e.sample = static_cast<std::int64_t>(i);
      e.outcome = outcomes[i];
      must(record.add_episode(e).status());
      sum += outcomes[i];
    }
    const auto n = static_cast<std::int64_t>(outcomes.size());
    must(record.put_score({step_of, 1, "mc", "hash", sum / static_cast<double>(n), 0.25, n}));
  }
  void pair(const std::string& task, const std::vector<double>& expert, const std::vector<double>& agent) {
    const std::int64_t of_expert = episode("expert", task, 1, 0), of_agent = episode("agent", task, 0, of_expert);
    scored(of_expert, task, expert);
    scored(of_agent, task, agent);
  }
  RunSource source() { return {"run", "shop", "", &record}; }
};

}  // namespace

TEST_CASE("few rollouts are judged by the others of the same step", "[report][samples]") {
  Made made;
  made.pair("1", {1, 1, 1, 1}, {0, 0, 0, 0});  // right with one rollout and with two
  made.pair("2", {1, 0, 0, 0}, {0, 0, 1, 1});  // a pair of both, and the judges say the opposite
  made.pair("3", {0, 1, 1, 1}, {0, 0, 0, 0});  // none with one rollout, right with two
  made.pair("4", {0, 0, 1, 0}, {1, 1, 0, 0});  // none: the agent's step is ahead
  const auto found = analyze_samples({made.source()}, {});
  must(found.status());
  REQUIRE(found->rows.size() == 2);
  const Json &one = found->rows[0], &two = found->rows[1];
  CHECK(one.at("samples") == 1);
  CHECK(one.at("candidates") == 4);
  CHECK(one.at("pairs") == 2);
  CHECK(one.at("precision").at("mean") == 0.5);
  CHECK(one.at("recall").get<double>() == Approx(1.0 / 3));  // of 1, 3 and 4
  CHECK(one.at("net").at("mean") == 0.0);
  CHECK(one.at("noise").get<double>() == Approx(0.5));
  CHECK(two.at("samples") == 2);
  CHECK(two.at("pairs") == 3);
  CHECK(two.at("precision").at("mean").get<double>() == Approx(2.0 / 3));
  CHECK(two.at("net").at("mean") == 0.25);
  CHECK(one.at("net_minus_most").at("mean") == -0.25);
  // Four candidates show nothing: the fewest are as good as can be said.
  CHECK(one.at("recommended") == true);
  CHECK(two.at("recommended") == false);
  CHECK(to_text(*found).find("recommended N = 1") != std::string::npos);
  // A gap of 1/2 is no pair at tau 0.5.
  AnalysisOptions strict;
  strict.tau = 0.5;
  CHECK(analyze_samples({made.source()}, strict)->rows[1].at("pairs") == 1);
}

TEST_CASE("what is shown to be worse is not recommended", "[report][samples]") {
  Made made;
  for (int i = 0; i < 12; ++i) made.pair(std::to_string(i), {0, 1, 1, 1}, {0, 0, 0, 0});
  for (int i = 12; i < 24; ++i) made.pair(std::to_string(i), {1, 1, 1, 1}, {0, 0, 0, 0});
  const auto found = analyze_samples({made.source()}, {});
  must(found.status());
  CHECK(found->rows[0].at("recommended") == false);
  CHECK(found->rows[1].at("recommended") == true);
}

TEST_CASE("a step whose value is not the mean of its own rollouts is left out", "[report][samples]") {
  Made made;
  made.pair("1", {1, 1, 1, 1}, {0, 0, 0, 0});
  const std::int64_t expert = made.episode("expert", "2", 1, 0), agent = made.episode("agent", "2", 0, expert);
  made.scored(expert, "2", {1, 1, 1, 1});
  made.scored(agent, "2", {0, 0, 0, 0});
  must(made.record.put_score({agent, 1, "mc", "hash", 0.5, 0, 4}));  // discounted, say
  CHECK(analyze_samples({made.source()}, {})->rows[0].at("candidates") == 1);
  Made single;
  single.pair("1", {1}, {0});
  const auto nothing = analyze_samples({single.source()}, {});
  CHECK(nothing.status().code() == Code::kData);
}

TEST_CASE("a run whose N depends on the step has no part in it", "[report][samples]") {
  Made fixed, adaptive;
  fixed.pair("1", {1, 1, 1, 1}, {0, 0, 0, 0});
  fixed.pair("2", {1, 0, 0, 0}, {0, 0, 1, 1});
  adaptive.pair("1", {1, 1}, {0, 0});              // decided early
  adaptive.pair("2", {1, 0, 1, 0}, {0, 1, 1, 0});  // up to the cap: the hard ones
  const auto alone = analyze_samples({fixed.source()}, {}),
             both = analyze_samples({fixed.source(), adaptive.source()}, {});
  must(alone.status());
  must(both.status());
  CHECK(both->rows == alone->rows);
  CHECK(analyze_samples({adaptive.source()}, {}).status().code() == Code::kData);
}
