#include <set>
#include <string>

#include "tests/plugins/support/iteration.h"

using namespace ipr;
using test::EmittedRow;
using test::Iteration;

namespace {

// Task 7 of the worked example, with one task that the agent solves as well as the expert.
void absorb_example(Iteration& iteration) {
  iteration.plan(0);
  iteration.absorb(0, 1, 0, 0, 1.0, {"A1", "A2", "A3", "A4"});
  iteration.absorb(0, 2, 0, 0, 0.9, {"Z1"});
  iteration.absorb(1, 11, 1, 0, 0.5, {"B1", "B2", "B3"});
  iteration.absorb(1, 12, 1, 1, 0.5, {"A1", "C2", "C3"});
  iteration.absorb(1, 13, 1, 2, 1.0, {"A1", "A2", "D3", "D4"});
  iteration.absorb(1, 14, 1, 3, 0.75, {"A1", "A2", "A3", "buy"});
  iteration.absorb(1, 21, 2, 0, 0.9, {"Z1"});
}

}  // namespace

TEST_CASE("an iteration plans the experts and one greedy exploration from every prefix", "[ipr]") {
  Iteration iteration;
  const std::vector<ipr_collect> plans = iteration.plan(3);
  REQUIRE(plans.size() == 2);
  CHECK(plans[0].source == IPR_COLLECT_EXPERT);
  CHECK(plans[1].source == IPR_COLLECT_PREFIX);
  CHECK(plans[1].policy == IPR_POLICY_CURRENT);
  CHECK(plans[1].samples == 1);
  CHECK(plans[1].sampling->temperature == 0);
  CHECK(plans[1].sampling->max_new_tokens == 512);
  CHECK(plans[1].task_limit == 0);
  CHECK(plans[1].task_offset == 0);
  CHECK(iteration.needs() == (IPR_NEED_LOGP | IPR_NEED_REF_LOGP));
}

TEST_CASE("the question about a step has its own environment's threshold", "[ipr]") {
  Iteration iteration(Json{{"threshold", 0.01}, {"threshold_by", "house=0.5,shop=0.1"}});
  iteration.plan(0);
  iteration.absorb(0, 1, 0, 0, 1.0, {"A1", "A2"}, "house:7");
  iteration.absorb(0, 2, 0, 0, 1.0, {"A1", "A2"}, "elsewhere:7");
  iteration.absorb(1, 11, 1, 0, 1.0, {"A1", "A2"}, "house:7");
  iteration.absorb(1, 12, 1, 1, 0.5, {"A1", "B2"}, "house:7");
  iteration.absorb(1, 21, 2, 0, 1.0, {"A1", "A2"}, "elsewhere:7");
  iteration.absorb(1, 22, 2, 1, 0.5, {"A1", "B2"}, "elsewhere:7");
  std::multiset<double> margins;
  std::vector<Iteration::Question> questions;
  (void)iteration.queries(&questions);
  for (const Iteration::Question& question : questions) margins.insert(question.margin);
  CHECK(margins == std::multiset<double>{0.01, 0.01, 0.5, 0.5});
}

TEST_CASE("the profile mini rotates over the tasks", "[ipr]") {
  Iteration iteration(Json::object(), "mini");
  const std::vector<ipr_collect> plans = iteration.plan(2);
  CHECK(plans[0].task_offset == 400);
  CHECK(plans[0].task_limit == 200);
  CHECK(plans[1].task_offset == 400);
  CHECK(plans[1].sampling->max_new_tokens == 64);
}

TEST_CASE("only steps that can still form a pair are asked for", "[ipr]") {
  Iteration iteration;
  absorb_example(iteration);
  // t = 2 and t = 4 pass the outcome condition; t = 3 is a tie; t = 1 is the outcome pair's.
  CHECK(iteration.queries() == std::vector<std::pair<std::uint64_t, std::size_t>>{{1, 1}, {1, 3}, {12, 1}, {14, 3}});
}

TEST_CASE("a step is asked about the one that it makes a pair with, each from its side", "[ipr]") {
  Iteration iteration(Json{{"threshold", 0.2}});
  absorb_example(iteration);
  std::vector<Iteration::Question> questions;
  REQUIRE(iteration.queries(&questions).size() == 4);  // 1/1, 1/3, 12/1, 14/3
  CHECK(questions[0].rival == 2);
  CHECK(questions[2].rival == 0);
  CHECK(questions[1].rival == 3);
  CHECK(questions[3].rival == 1);
  CHECK(questions[0].flags == 0);
  CHECK(questions[2].flags == IPR_QUERY_BEHIND);
  for (const Iteration::Question& question : questions) CHECK(question.margin == 0.2);
}

TEST_CASE("steps that make no pair are compared with none", "[ipr]") {
  Iteration iteration(Json{{"lazy", false}});
  absorb_example(iteration);
  std::vector<Iteration::Question> questions;
  REQUIRE(iteration.queries(&questions).size() == 10);
  CHECK(questions[0].rival == SIZE_MAX);  // 1/0: the outcome pair's turn
  CHECK(questions[1].rival == 5);         // 1/1 against 12/1
  CHECK(questions[2].rival == SIZE_MAX);  // 1/2: a tie
  CHECK(questions[9].rival == SIZE_MAX);
}

TEST_CASE("every step is asked for where that is wanted", "[ipr]") {
  Iteration iteration(Json{{"lazy", false}});
  absorb_example(iteration);
  CHECK(iteration.queries() ==
        std::vector<std::pair<std::uint64_t, std::size_t>>{
            {1, 0}, {1, 1}, {1, 2}, {1, 3}, {11, 0}, {12, 1}, {13, 2}, {14, 3}, {2, 0}, {21, 0}});
}

TEST_CASE("pairs become rows of one group each, and their counts are reported", "[ipr]") {
  Iteration iteration;
  absorb_example(iteration);
  REQUIRE(iteration.queries().size() == 4);
  iteration.answer(0, 0.8);
  iteration.answer(1, 1.0);
  iteration.answer(2, 0.5);
  iteration.answer(3, 0.75);
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].tag == 0);
  CHECK(rows[0].role == IPR_ROLE_CHOSEN);
  CHECK(rows[0].trajectory == 1);
  CHECK(rows[0].first == 0);
  CHECK(rows[0].last == 4);
  CHECK(rows[1].role == IPR_ROLE_REJECTED);
  CHECK(rows[1].trajectory == 11);
  CHECK(rows[1].last == 3);
  CHECK(rows[2].tag == 1);
  CHECK(rows[2].first == 1);
  CHECK(rows[3].trajectory == 12);
  CHECK(rows[3].first == 1);
  CHECK(rows[3].last == 3);
  CHECK(rows[5].trajectory == 14);
  std::set<std::uint64_t> groups;
  for (const EmittedRow& row : rows) groups.insert(row.group);
  CHECK(groups.size() == 3);
  CHECK(iteration.host.metrics["d_t"] == 1);
  CHECK(iteration.host.metrics["d_s"] == 2);
  CHECK(iteration.host.metrics["candidates"] == 2);
  CHECK(iteration.host.metrics["ties"] == 1);
  CHECK(iteration.host.lines.size() == 1);
}

TEST_CASE("missing step rewards are an error, not fewer pairs", "[ipr]") {
  Iteration iteration;
  absorb_example(iteration);
  REQUIRE(iteration.queries().size() == 4);
  iteration.answer(0, 0.8);
  std::vector<EmittedRow> rows;
  CHECK(iteration.emit(rows) == IPR_FAILED_PRECONDITION);
  CHECK(iteration.message().find("3 of 4 step rewards are missing") != std::string::npos);
}

TEST_CASE("each pair carries an anchor in its own group where anchors are on", "[ipr]") {
  Iteration iteration(Json::object(), "mini");
  absorb_example(iteration);
  const std::size_t asked = iteration.queries().size();
  for (std::size_t i = 0; i < asked; ++i) iteration.answer(i, i < 2 ? 1 : 0);
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  REQUIRE(rows.size() == 9);
  std::set<std::uint64_t> anchored;
  for (std::size_t i = 2; i < rows.size(); i += 3) {
    CHECK(rows[i].tag == 2);
    CHECK(rows[i].role == IPR_ROLE_PLAIN);
    CHECK(rows[i].group == rows[i - 1].group);
    CHECK(rows[i].first == 0);
    CHECK(rows[i].last == (rows[i].trajectory == 1 ? 4 : 1));
    anchored.insert(rows[i].trajectory);
  }
  CHECK(anchored == std::set<std::uint64_t>{1, 2});  // three anchors go round two tasks

  std::vector<EmittedRow> again;
  REQUIRE(iteration.emit(again) == IPR_OK);
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(again[i].trajectory == rows[i].trajectory);
}

TEST_CASE("a kind of weight 0 is neither trained nor scored, and costs no play", "[ipr]") {
  Iteration outcomes(Json{{"step_weight", 0}});
  CHECK(outcomes.plan(0)[1].source == IPR_COLLECT_FULL);
  absorb_example(outcomes);
  CHECK(outcomes.queries().empty());
  std::vector<EmittedRow> rows;
  REQUIRE(outcomes.emit(rows) == IPR_OK);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].tag == 0);

  Iteration steps(Json{{"outcome_weight", 0}});
  CHECK(steps.plan(0)[1].source == IPR_COLLECT_PREFIX);
  absorb_example(steps);
  const std::size_t asked = steps.queries().size();
  CHECK(asked == 4);
  for (std::size_t i = 0; i < asked; ++i) steps.answer(i, i < 2 ? 1 : 0);
  rows.clear();
  REQUIRE(steps.emit(rows) == IPR_OK);
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].tag == 1);
  CHECK(rows[3].tag == 1);
}

TEST_CASE("without the filter nothing is scored, unless the record wants every score", "[ipr]") {
  Iteration unfiltered(Json{{"filter", "off"}, {"pairs", "action"}});
  absorb_example(unfiltered);
  CHECK(unfiltered.queries().empty());
  std::vector<EmittedRow> rows;
  REQUIRE(unfiltered.emit(rows) == IPR_OK);
  REQUIRE(rows.size() == 6);
  CHECK(rows[1].last == 3);  // the outcome pair is whole
  for (std::size_t i = 2; i < rows.size(); ++i) CHECK(rows[i].last == rows[i].first + 1);

  Iteration recorded(Json{{"filter", "off"}, {"lazy", false}});
  absorb_example(recorded);
  CHECK(recorded.queries().size() == 10);
}

TEST_CASE("anchors alone: one for each explored task where no pair is made", "[ipr]") {
  Iteration iteration(Json{{"outcome_weight", 0}, {"step_weight", 0}}, "mini");
  absorb_example(iteration);
  CHECK(iteration.queries().empty());
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].tag == 2);
  CHECK(std::set<std::uint64_t>{rows[0].trajectory, rows[1].trajectory} == std::set<std::uint64_t>{1, 2});
  CHECK(rows[0].group != rows[1].group);
}

TEST_CASE("a new iteration forgets the old one", "[ipr]") {
  Iteration iteration;
  absorb_example(iteration);
  REQUIRE(iteration.queries().size() == 4);
  iteration.plan(1);
  CHECK(iteration.queries().empty());
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  CHECK(rows.empty());
}

TEST_CASE("the loss goes through the table and reports its parts", "[ipr]") {
  Iteration iteration;
  const std::vector<test::Row> rows = {{0, IPR_ROLE_CHOSEN, 1, 1, {-1, -1}, {-1, -1}, {1, 1}},
                                       {0, IPR_ROLE_REJECTED, 1, 1, {-2, 0}, {-2, 0}, {1, 0}}};
  test::Batch batch(rows, test::totals_of(rows));
  CHECK(iteration.loss(batch) == Approx(std::log(2.0) + 1));
  CHECK(iteration.host.metrics["o_dpo"] == Approx(std::log(2.0)));
  CHECK(iteration.host.metrics["s_dpo"] == 0);
  CHECK(iteration.host.metrics["sft"] == Approx(1));
  CHECK(iteration.host.metrics.count("anchor") == 0);
}

TEST_CASE("every profile names known settings and training keys, and opens", "[ipr]") {
  Iteration iteration;
  const Json defaults = iteration.train_defaults();
  CHECK(defaults["reference"] == "base");
  CHECK(defaults["init"] == "previous");
  CHECK(defaults["lr"] == 3e-6);
  const Json schema = Json::parse(ipr_library_v0()->plugins[0]->config_schema);
  for (const auto& [profile, values] : schema["x-profiles"].items()) {
    CAPTURE(profile);
    for (const auto& [key, value] : values.items()) {
      CAPTURE(key);
      if (key.rfind("train.", 0) == 0) {
        CHECK(defaults.contains(key.substr(6)));
      } else {
        CHECK(schema["properties"].contains(key));
      }
    }
    CHECK_NOTHROW(Iteration(Json::object(), profile));
  }
}
