// Each analysis on a record made by hand, with figures worked by hand.
#include "core/report/analysis.h"

#include <pugixml.hpp>

#include "tests/report/record.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;
using ipr::test::must;

namespace {

// A turn that took `action` and was answered by `observation`.
store::Turn turn(const std::string& action, const std::string& observation, bool valid = true,
                 double progress = store::kNone) {
  store::Turn t;
  t.message = action;
  t.action = action;
  t.observation = observation;
  t.valid = valid;
  t.progress = progress;
  return t;
}

struct Made {
  test::TempFolder folder;
  store::RunStore record = test::open_record(folder.file("run.db"));

  RunSource source(const std::string& name = "run") { return {name, "shop", "", &record}; }
  // An episode of `policy` on the test task `task`.
  void evaluated(const std::string& policy, const std::string& task, double outcome, bool success,
                 std::vector<store::Turn> turns, std::int64_t sample = 0, const std::string& exit_status = "ok") {
    store::Episode e;
    e.stage = store::kEval;
    e.iteration = policy == "sft" ? 0 : 1;
    e.policy = policy;
    e.split = "test";
    e.task_id = task;
    e.sample = sample;
    e.outcome = outcome;
    e.success = success;
    e.first_observation = "start";
    e.exit_status = exit_status;
    e.turns = std::move(turns);
    must(record.add_episode(e).status());
  }
};

Analysis must_have(const Result<Analysis>& analysis) {
  must(analysis.status());
  return *analysis;
}

}  // namespace

TEST_CASE("efficiency counts turns to success, invalid and repeated actions", "[report][analysis]") {
  Made made;
  // Task 1: 4 turns; "b" is refused, so "b" again is the same action in the same situation; "a" in another is none.
  made.evaluated("sft", "1", 1, true,
                 {turn("a", "s1"), turn("b", "no", false), turn("b", "no", false), turn("a", "s2")});
  // Task 2 twice, 2 turns with success and 6 without: its mean number of turns is 4, of successes alone 2.
  made.evaluated("sft", "2", 1, true, {turn("a", "s1"), turn("buy", "end")}, 0);
  made.evaluated("sft", "2", 0, false,
                 {turn("a", "s1"), turn("back", "start"), turn("a", "s1"), turn("back", "start"), turn("a", "s1"),
                  turn("", "format", false)},
                 1);
  const Analysis found = must_have(analyze_efficiency({made.source()}, {}));
  REQUIRE(found.rows.size() == 1);
  const Json& row = found.rows[0];
  CHECK(row.at("kind") == "efficiency");
  CHECK(row.at("policy") == "sft");
  CHECK(row.at("split") == "test");
  CHECK(row.at("episodes") == 3);
  CHECK(row.at("success").get<double>() == Approx(2.0 / 3));
  CHECK(row.at("turns_to_success").at("n") == 2);
  CHECK(row.at("turns_to_success").at("mean").get<double>() == Approx(3));  // of 4 and 2
  CHECK(row.at("turns").at("mean").get<double>() == Approx(4));             // of 4 and (2 + 6) / 2
  CHECK(row.at("invalid").at("mean").get<double>() == Approx(1.25));        // of 2 and (0 + 1) / 2
  CHECK(row.at("repeated").at("mean").get<double>() == Approx(1.25));       // of 1 and (0 + 3) / 2
  // 3 ± t(0.975, 1) · s/√2 with s = √2: 12.706.
  CHECK(row.at("turns_to_success").at("ci95").at(0).get<double>() == Approx(3 - 12.7062).margin(1e-3));
  CHECK(row.at("turns_to_success").at("ci95").at(1).get<double>() == Approx(3 + 12.7062).margin(1e-3));
}

TEST_CASE("efficiency family by family counts each family's episodes alone", "[report][analysis]") {
  Made made;
  for (const auto& [id, family] : {std::pair("1", "lamp"), std::pair("2", "lamp"), std::pair("3", "bag")})
    must(made.record.put_task({"test", id, "", "", family, ""}));
  made.evaluated("sft", "1", 1, true, {turn("a", "s1"), turn("buy", "end")});
  made.evaluated("sft", "2", 0, false, {turn("a", "s1"), turn("b", "no", false), turn("c", "s2"), turn("d", "s3")});
  made.evaluated("sft", "3", 1, true, {turn("buy", "end")});
  AnalysisOptions options;
  options.by_family = true;
  const Analysis found = must_have(analyze_efficiency({made.source()}, options));
  REQUIRE(found.rows.size() == 2);
  for (const Json& row : found.rows) {
    const bool lamp = row.at("family") == "lamp";
    CAPTURE(row.dump());
    CHECK((lamp || row.at("family") == "bag"));
    CHECK(row.at("episodes") == (lamp ? 2 : 1));
    CHECK(row.at("success").get<double>() == Approx(lamp ? 0.5 : 1.0));
    CHECK(row.at("turns").at("mean").get<double>() == Approx(lamp ? 3.0 : 1.0));
    CHECK(row.at("turns_to_success").at("mean").get<double>() == Approx(lamp ? 2.0 : 1.0));
    CHECK(row.at("invalid").at("mean").get<double>() == Approx(lamp ? 0.5 : 0.0));
  }
  CHECK(found.rows[0].at("family") != found.rows[1].at("family"));
}

TEST_CASE("an infrastructure failure is nobody's inefficiency", "[report][analysis]") {
  Made made;
  made.evaluated("sft", "1", 1, true, {turn("a", "s1")});
  made.evaluated("sft", "2", 0, false, {}, 0, "timeout");
  const Analysis found = must_have(analyze_efficiency({made.source()}, {{"test"}}));
  CHECK(found.rows.at(0).at("episodes") == 1);
  CHECK(found.rows.at(0).at("infrastructure_errors") == 1);
  CHECK(to_text(found).find("1 episodes ended by infrastructure errors") != std::string::npos);
}

TEST_CASE("without a success there are no turns to it", "[report][analysis]") {
  Made made;
  made.evaluated("sft", "1", 0, false, {turn("a", "s1")});
  const Json row = must_have(analyze_efficiency({made.source()}, {})).rows.at(0);
  CHECK(row.at("turns_to_success") == Json{{"n", 0}, {"mean", nullptr}, {"ci95", nullptr}});
  CHECK(row.at("success") == 0.0);
}

TEST_CASE("family shows the policies' rewards family by family", "[report][analysis]") {
  Made made;
  for (const auto& [id, family] : {std::pair("1", "lamp"), std::pair("2", "lamp"), std::pair("3", "bag")})
    must(made.record.put_task({"test", id, "", "", family, ""}));
  made.evaluated("sft", "1", 0.2, true, {});
  made.evaluated("sft", "2", 0.4, true, {});
  made.evaluated("sft", "3", 0.8, true, {});
  made.evaluated("iter-1", "1", 0.6, true, {});
  made.evaluated("iter-1", "2", 0.6, true, {});
  made.evaluated("iter-1", "3", 0.5, true, {});
  const Analysis found = must_have(analyze_family({made.source()}, {}));
  REQUIRE(found.rows.size() == 4);
  const auto is = [&](std::size_t row, const char* family, const char* policy, int n, double mean) {
    CHECK(found.rows[row].at("family") == family);
    CHECK(found.rows[row].at("policy") == policy);
    CHECK(found.rows[row].at("n") == n);
    CHECK(found.rows[row].at("mean").get<double>() == Approx(mean));
  };
  is(0, "bag", "sft", 1, 0.8);
  is(1, "bag", "iter-1", 1, 0.5);
  is(2, "lamp", "sft", 2, 0.3);
  is(3, "lamp", "iter-1", 2, 0.6);
  CHECK(found.rows[0].at("ci95").is_null());               // one task has no interval
  CHECK(to_text(found).find("run") == std::string::npos);  // one run needs no name
}

TEST_CASE("family of tasks without one, and of other splits, is an error that says what to do", "[report][analysis]") {
  Made made;
  made.evaluated("sft", "1", 0.2, true, {});
  const auto none = analyze_family({made.source()}, {});
  REQUIRE_FALSE(none.ok());
  CHECK(none.status().code() == Code::kData);
  CHECK(none.status().message().find("tells no family") != std::string::npos);
  const auto other = analyze_family({made.source()}, {{"dev"}});
  REQUIRE_FALSE(other.ok());
  CHECK(other.status().message().find("nothing was evaluated on dev") != std::string::npos);
}

TEST_CASE("cost sums the iterations of a stage, in the order of the work", "[report][analysis]") {
  Made made;
  must(made.record.add_cost({1, "mc", 10, 1000, 100, 5, 50, 2.0}));
  must(made.record.add_cost({2, "mc", 20, 2000, 300, 0, 70, 3.0}));
  must(made.record.add_cost({0, "sft", 0, 0, 0, 0, 0, 15.0}));
  const Analysis found = must_have(analyze_cost({made.source("a"), made.source("b")}, {}));
  REQUIRE(found.rows.size() == 4);  // "all" is for people alone
  CHECK(found.rows[0].at("stage") == "sft");
  CHECK(found.rows[1] == Json{{"kind", "cost"},
                              {"run", "a"},
                              {"model", ""},
                              {"env", "shop"},
                              {"stage", "mc"},
                              {"rollouts", 30},
                              {"tokens_asked", 3000},
                              {"tokens_computed", 400},
                              {"tokens_padding", 5},
                              {"tokens_generated", 120},
                              {"seconds", 5.0}});
  const std::string text = to_text(found);
  CHECK(text.find("75.0 %") != std::string::npos);  // 15 of 20 s
  CHECK(text.find("all") != std::string::npos);
}

TEST_CASE("a plot in a file of its own is whole SVG with its style", "[report][analysis]") {
  Made made;
  must(made.record.add_cost({1, "mc", 10, 1000, 100, 5, 50, 2.0}));
  const std::string svg = svg_file(must_have(analyze_cost({made.source()}, {})).plot);
  pugi::xml_document document;
  REQUIRE(document.load_string(svg.c_str()));
  CHECK(std::string(document.document_element().name()) == "svg");
  CHECK(document.select_nodes("//rect[@class='bar s0']").size() == 1);
  CHECK(std::string(document.select_node("//style").node().text().get()).find("var(") == std::string::npos);
  CHECK(svg_file(LinePlot{}).empty());
  CHECK(svg_file(BarPlot{}).empty());
}
