// The analyses of step rewards on records made by hand, with figures worked by hand.
#include <pugixml.hpp>

#include "core/report/analysis.h"
#include "core/report/scored_steps.h"
#include "tests/report/record.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;
using ipr::test::must;

namespace {

// Experts of three turns and agents that branch from them, with scores of one scorer.
struct Made {
  test::TempFolder folder;
  store::RunStore record = test::open_record(folder.file("run.db"));

  RunSource source(const std::string& name = "run") { return {name, "shop", "", &record}; }
  std::int64_t add(const std::string& stage, const std::string& policy, const std::string& task, std::int64_t parent,
                   std::int32_t prefix, const std::string& action, double progress) {
    store::Episode e;
    e.stage = stage;
    e.policy = policy;
    e.split = "train";
    e.task_id = task;
    e.parent_id = parent;
    e.prefix_turns = prefix;
    e.turns.resize(3);
    for (store::Turn& turn : e.turns) {
      turn.action = action;
      turn.progress = progress;
    }
    const auto id = record.add_episode(e);
    must(id.status());
    return *id;
  }
  std::int64_t expert(const std::string& task, double progress) {
    return add(store::kExpert, "expert", task, 0, 0, "expert's", progress);
  }
  std::int64_t agent(const std::string& task, std::int64_t parent, double progress,
                     const std::string& action = "agent's", std::int32_t prefix = 1) {
    return add(store::kExplore, "sft", task, parent, prefix, action, progress);
  }
  void score(std::int64_t episode, double value, std::int64_t samples = 5, std::int32_t turn = 1) {
    must(record.put_score({episode, turn, "mc", "hash", value, 0, samples}));
  }
};

Analysis must_have(const Result<Analysis>& analysis) {
  must(analysis.status());
  return *analysis;
}

}  // namespace

TEST_CASE("step-accuracy counts the pairs above tau that progress orders the same way", "[report][analysis]") {
  Made made;
  const auto pair = [&](const std::string& task, double expert_value, double agent_value, double expert_progress,
                        double agent_progress, const std::string& action = "agent's") {
    const std::int64_t expert = made.expert(task, expert_progress);
    made.score(expert, expert_value);
    made.score(made.agent(task, expert, agent_progress, action), agent_value);
  };
  pair("1", 1.0, 0.2, 0.9, 0.5);              // ordered: expert is better by both
  pair("2", 0.0, 0.6, 0.1, 0.2);              // ordered: agent is better by both
  pair("3", 0.8, 0.0, 0.3, 0.7);              // reversed
  pair("4", 0.8, 0.0, 0.5, 0.5);              // tie
  pair("5", 0.8, 0.0, 0.5, store::kNone);     // no progress
  pair("6", 0.75, 0.40, 0.9, 0.1);            // gap is tau itself: not above it
  pair("7", 1.0, 0.0, 0.9, 0.1, "expert's");  // the same action is no pair
  made.score(made.agent("8", 0, 0.5), 0.3);   // branches from nothing
  const std::int64_t unscored = made.expert("9", 0.9);
  made.score(made.agent("9", unscored, 0.5), 0.1);  // its expert's step is not scored
  const Analysis found = must_have(analyze_step_accuracy({made.source()}, {}));
  REQUIRE(found.rows.size() == 1);
  const Json& row = found.rows[0];
  CHECK(row.at("kind") == "step-accuracy");
  CHECK(row.at("scorer") == "mc");
  CHECK(row.at("samples") == 5);
  CHECK(row.at("tau") == 0.35);
  CHECK(row.at("scored") == 6);
  CHECK(row.at("pairs") == 5);
  CHECK(row.at("ordered") == 2);
  CHECK(row.at("ties") == 1);
  CHECK(row.at("no_progress") == 1);
  CHECK(row.at("share").get<double>() == Approx(2.0 / 3));
  // Wilson's interval of 2 of 3.
  CHECK(row.at("ci95").at(0).get<double>() == Approx(wilson_interval(2, 3).low));
  CHECK(row.at("ci95").at(1).get<double>() == Approx(wilson_interval(2, 3).high));
  CHECK(must_have(analyze_step_accuracy({made.source()}, {{}, 0.7})).rows[0].at("pairs") == 4);
}

TEST_CASE("only the turn where an agent branches makes a pair", "[report][analysis]") {
  Made made;
  const std::int64_t expert = made.expert("1", 0.9);
  const std::int64_t agent = made.agent("1", expert, 0.5);
  made.score(expert, 1.0, 5, 2);
  made.score(agent, 0.0, 5, 2);  // another history by then
  CHECK(must_have(analyze_step_accuracy({made.source()}, {})).rows.at(0).at("scored") == 0);
}

TEST_CASE("step-accuracy over runs of several N is a curve over N", "[report][analysis]") {
  Made one, three;
  for (auto* made : {&one, &three}) {
    const std::int64_t expert = made->expert("1", 0.9);
    made->score(expert, 1.0, made == &one ? 1 : 3);
    made->score(made->agent("1", expert, 0.5), 0.0, 0);
  }
  const Analysis found = must_have(analyze_step_accuracy({three.source("n3"), one.source("n1")}, {}));
  REQUIRE(found.rows.size() == 2);
  CHECK(found.rows[0].at("samples") == 3);
  CHECK(found.rows[1].at("samples") == 1);
  const auto& plot = std::get<LinePlot>(found.plot);
  REQUIRE(plot.series.size() == 1);
  REQUIRE(plot.series[0].points.size() == 2);
  CHECK(plot.series[0].points[0].x == 1);
  CHECK(plot.series[0].points[1].x == 3);
}

TEST_CASE("step-reward averages the scored steps of each policy", "[report][analysis]") {
  Made made;
  const std::int64_t expert = made.expert("1", 0.9), other = made.expert("2", 0.9);
  made.score(expert, 1.0);
  made.score(other, 0.5);
  made.score(made.agent("1", expert, 0.5), 0.2);
  made.score(made.agent("2", other, 0.5), 0.6, 0);  // a last turn: its true outcome
  const Analysis found = must_have(analyze_step_reward({made.source()}, {}));
  REQUIRE(found.rows.size() == 2);
  CHECK(found.rows[0].at("policy") == "expert");
  CHECK(found.rows[0].at("steps") == 2);
  CHECK(found.rows[0].at("mean").get<double>() == Approx(0.75));
  CHECK(found.rows[0].at("outcomes") == 0);
  CHECK(found.rows[1].at("policy") == "sft");
  CHECK(found.rows[1].at("stage") == "explore");
  CHECK(found.rows[1].at("mean").get<double>() == Approx(0.4));
  CHECK(found.rows[1].at("outcomes") == 1);
  // 0.4 ± t(0.975, 1) · s/√2 with s/√2 = 0.2.
  CHECK(found.rows[1].at("ci95").at(1).get<double>() == Approx(0.4 + 12.7062 * 0.2).margin(1e-3));
}

TEST_CASE("steps of one task are one unit of chance", "[report][analysis]") {
  Made made;
  const std::int64_t expert = made.expert("1", 0.9);
  made.score(expert, 1.0);
  made.score(expert, 0.5, 5, 2);
  const Json row = must_have(analyze_step_reward({made.source()}, {})).rows.at(0);
  CHECK(row.at("steps") == 2);
  CHECK(row.at("tasks") == 1);
  CHECK(row.at("ci95").is_null());
}

TEST_CASE("a record without step rewards is an error that says what to give", "[report][analysis]") {
  Made made;
  made.expert("1", 0.9);
  for (const auto& result : {analyze_step_accuracy({made.source()}, {}), analyze_step_reward({made.source()}, {})}) {
    REQUIRE_FALSE(result.ok());
    CHECK(result.status().code() == Code::kData);
    CHECK(result.status().message().find("holds no step rewards") != std::string::npos);
  }
}
