#include "core/report/leaderboard.h"

#include <set>

#include "core/report/format.h"
#include "core/report/html_leaderboard.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::report;

namespace {

// A record being made for a test.
class Run {
 public:
  explicit Run(const std::string& path) : record_(open(path)) {}

  void evaluate(const std::string& policy, int iteration, const std::vector<double>& outcomes,
                const std::string& split = "test", int sample = 0) {
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      store::Episode episode;
      episode.stage = store::kEval;
      episode.policy = policy;
      episode.iteration = iteration;
      episode.split = split;
      episode.task_id = "task " + std::to_string(i);
      episode.sample = sample;
      episode.outcome = outcomes[i];
      episode.extra_json = outcomes[i] > 0 ? R"({"bought":true,"options":2})" : R"({"bought":false,"options":0.5})";
      must(record_.add_episode(episode).status());
    }
  }
  void policy(const std::string& name, int iteration, bool chosen, bool rolled_back = false) {
    must(record_.put_policy({name, iteration, "", "", chosen, rolled_back}));
  }
  static void must(const Status& status) {
    if (!status.ok()) throw std::runtime_error(status.message());
  }
  store::RunStore& record() { return record_; }
  RunSource source(const std::string& name = "webshop-mc-ipr") { return {name, "webshop", "panel-hash", &record_}; }

 private:
  static store::RunStore open(const std::string& path) {
    auto record = store::RunStore::open(path);
    must(record.status());
    return std::move(*record);
  }
  store::RunStore record_;
};

std::vector<double> shifted(std::vector<double> values, double by) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += by + (i % 2 == 0 ? 0.01 : -0.01);
  return values;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::vector<double> kOutcomes{0.5, 0.25, 0, 0.75, 0.5, 0.5, 0.25, 0.75};

}  // namespace

TEST_CASE("a row holds mean, interval and the difference paired by task", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  run.evaluate("sft", 0, {0.5, 0, 1, 0.5});
  run.evaluate("iter-1", 1, {0.75, 0, 1, 1});
  run.policy("sft", 0, false);
  run.policy("iter-1", 1, true);
  const auto table = make_leaderboard({run.source()});
  REQUIRE(table.ok());
  REQUIRE(table->rows.size() == 2);
  const Row& start = table->rows[0];
  CHECK(start.policy == "sft");
  CHECK(start.n == 4);
  CHECK(start.mean == Approx(0.5));
  CHECK(start.baseline.empty());
  CHECK_FALSE(start.diff.has_value());
  CHECK(start.extra.at("bought") == Approx(0.75));
  CHECK(start.extra.at("options") == Approx((3 * 2 + 0.5) / 4));
  const Row& row = table->rows[1];
  const Estimate difference = estimate_mean({0.25, 0, 0, 0.5});
  CHECK(row.chosen);
  CHECK(row.mean == Approx(0.6875));
  CHECK(row.ci95 == estimate_mean({0.75, 0, 1, 1}).interval);
  CHECK(row.baseline == "sft");
  CHECK(*row.diff == Approx(difference.mean));
  CHECK(row.diff_ci95->low == Approx(difference.interval->low));
  CHECK(row.test == "exact sign-flip");
  CHECK(*row.p == Approx(0.5));  // two differences of one sign: 2 of 2² assignments
  CHECK(*row.p_adjusted == Approx(0.5));
  CHECK(*row.mde == Approx(*minimum_detectable_effect(difference)));
}

TEST_CASE("repeats of a task are averaged before anything else", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  run.evaluate("sft", 0, {0, 1, 1}, "test", 0);
  run.evaluate("sft", 0, {1, 1, 0}, "test", 1);
  const auto table = make_leaderboard({run.source()});
  CHECK(table->rows[0].n == 3);
  CHECK(table->rows[0].ci95 == estimate_mean({0.5, 1, 0.5}).interval);
}

TEST_CASE("tasks that share a cluster widen the interval", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  run.evaluate("sft", 0, {0, 0, 0, 1, 1, 1});
  const auto apart = make_leaderboard({run.source()});
  for (int i = 0; i < 6; ++i) {
    Run::must(run.record().put_task({"test", "task " + std::to_string(i), "", i < 3 ? "a" : "b", "", ""}));
  }
  const auto together = make_leaderboard({run.source()});
  CHECK(together->rows[0].mean == apart->rows[0].mean);
  CHECK(together->rows[0].ci95->high > apart->rows[0].ci95->high);
}

TEST_CASE("a difference is over the tasks both have played, in the same split and run", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("a.db"));
  Run other(folder.file("b.db"));
  run.evaluate("sft", 0, {0, 0.5});
  run.evaluate("iter-1", 1, {1, 0.5, 1, 1});
  run.evaluate("iter-1", 1, {1, 1}, "dev");
  other.evaluate("iter-1", 1, {1, 1});
  const auto table = make_leaderboard({run.source("a"), other.source("b")});
  REQUIRE(table->rows.size() == 4);
  CHECK(table->rows[0].split == "dev");
  CHECK_FALSE(table->rows[0].diff.has_value());  // no start on dev
  CHECK(table->rows[2].n == 4);
  CHECK(*table->rows[2].diff == Approx(0.5));
  CHECK_FALSE(table->rows[3].diff.has_value());  // the start of another run is not this one's
  CHECK(make_leaderboard({run.source()}, {{"test"}, "sft", ""})->rows.size() == 2);
  CHECK(make_leaderboard({run.source()}, {{"test"}, "expert", ""})->rows[1].baseline.empty());
}

TEST_CASE("the JSON has exactly the documented keys", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  run.evaluate("sft", 0, kOutcomes);
  run.evaluate("iter-1", 1, shifted(kOutcomes, 0.1));
  run.policy("iter-1", 1, true);
  Run::must(run.record().add_cost({1, store::kMonteCarlo, 600, 1000, 400, 20, 50, 1.5}));
  Run::must(run.record().add_cost({2, store::kMonteCarlo, 400, 1000, 400, 20, 50, 1.5}));
  Run::must(run.record().add_cost({1, store::kExplore, 99, 99, 99, 99, 99, 99}));
  const Json json = to_json(*make_leaderboard({run.source()}));
  const auto keys = [](const Json& object) {
    std::set<std::string> names;
    for (const auto& item : object.items()) names.insert(item.key());
    return names;
  };
  CHECK(keys(json) == std::set<std::string>{"rows", "cost", "paper"});
  CHECK(json["cost"] == Json::parse(R"({"rollouts":1000,"tokens_asked":2000,"tokens_computed":800,"tokens_padding":40,
                                        "seconds":3.0})"));
  for (const Json& row : json["rows"]) {
    CHECK(keys(row) == std::set<std::string>{"run",   "env",        "policy", "iteration", "chosen",
                                             "split", "panel",      "n",      "clusters",  "mean",
                                             "ci95",  "baseline",   "diff",   "diff_ci95", "p",
                                             "test",  "p_adjusted", "mde",    "overlap",   "extra"});
    CHECK(keys(row["extra"]) == std::set<std::string>{"bought", "options"});
    CHECK(row["ci95"].size() == 2);
  }
  CHECK(json["rows"][0]["baseline"].is_null());
  CHECK(json["rows"][0]["diff"].is_null());
  CHECK(json["rows"][0]["test"].is_null());
  CHECK(json["rows"][0]["chosen"] == false);
  CHECK(json["rows"][1]["baseline"] == "sft");
  CHECK(json["rows"][1]["chosen"] == true);
  CHECK(json["rows"][1]["diff_ci95"].size() == 2);
  CHECK(json.dump() == to_json(*make_leaderboard({run.source()})).dump());
}

TEST_CASE("the text table is aligned, marks the chosen iteration and ends with the cost", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  run.evaluate("sft", 0, kOutcomes);
  run.evaluate("iter-1", 1, shifted(kOutcomes, 0.1));
  run.evaluate("iter-2", 2, shifted(kOutcomes, -0.1));
  run.policy("iter-1", 1, true);
  run.policy("iter-2", 2, false, true);
  Run::must(run.record().add_cost({1, store::kMonteCarlo, 1600, 1234567, 400, 20, 50, 1.5}));
  const auto table = *make_leaderboard({run.source()});
  CHECK(
      to_text(table) ==
      "  policy  split  n  reward   95 % interval  minus sft     95 % interval      p  p Holm    mde  bought  options\n"
      "  sft     test   8   0.438  [0.221, 0.654]                                                       0.88     1.81\n"
      "* iter-1  test   8   0.537  [0.326, 0.749]     +0.100  [+0.091, +0.109]  0.008   0.016  0.012    1.00     2.00\n"
      "! iter-2  test   8   0.338  [0.126, 0.549]     -0.100  [-0.109, -0.091]  0.008   0.016  0.012    0.88     1.81\n"
      "* chosen on dev\n"
      "! rolled back: reward on dev fell by more than its interval\n"
      "p: exact sign-flip, two-sided; p Holm: corrected for the rows compared, up to 2 of one run and split\n"
      "mde: the true difference that one test at 5 % would find with 80 % chance\n"
      "Monte Carlo cost: 1,600 rollouts; prompt tokens 1,234,567 asked for, 400 computed (0.0 %), 20 padding; 1.50 "
      "s\n");
  CHECK_FALSE(contains(to_text(table), "\033"));
  CHECK(contains(to_text(table, {.color = true}), "\033[1m* iter-1"));
  CHECK_FALSE(contains(to_text(table, {.cost = false}), "rollouts"));
}

TEST_CASE("the verdict says better, worse or not shown, and never why", "[report][leaderboard]") {
  const test::TempFolder folder;
  const auto verdict_of = [&](const std::string& name, double by, bool chosen) {
    Run run(folder.file(name));
    run.evaluate("sft", 0, kOutcomes);
    run.evaluate("iter-1", 1, shifted(kOutcomes, by));
    if (chosen) run.policy("iter-1", 1, true);
    return verdict(*make_leaderboard({run.source()}));
  };
  CHECK(verdict_of("a", 0.1, true) ==
        "IPR is better than its SFT start by +0.100 (95 % interval +0.091 to +0.109, p 0.008, 8 test tasks, iter-1 "
        "chosen on dev).");
  CHECK(verdict_of("b", -0.1, true) ==
        "IPR is worse than its SFT start by 0.100 (difference -0.100, 95 % interval -0.109 to -0.091, p 0.008, 8 "
        "test tasks, iter-1 chosen on dev).");
  CHECK(verdict_of("c", 0.001, false) ==
        "IPR: no difference to its SFT start shown: +0.001 (95 % interval -0.008 to +0.010, p 0.734, 8 test tasks). A "
        "difference of 0.012 would be found with 80 % chance.");
  for (const double by : {0.1, -0.1, 0.0}) {
    CHECK_FALSE(contains(verdict_of("d" + std::to_string(by), by, true), "because"));
  }
}

TEST_CASE("the verdict uses the p-value corrected for all iterations", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  const std::vector<double> start(40, 0.5);
  // +0.1 on 15 tasks, -0.1 on 5 of 40: p about 0.02 on its own.
  std::vector<double> gained = start, same = start;
  for (std::size_t i = 0; i < 20; ++i) gained[i] += i < 15 ? 0.1 : -0.1;
  for (std::size_t i = 0; i < 40; ++i) same[i] += i % 2 == 0 ? 0.1 : -0.1;
  run.evaluate("sft", 0, start);
  run.evaluate("iter-1", 1, gained);
  run.policy("iter-1", 1, true);
  CHECK(contains(verdict(*make_leaderboard({run.source()})), "IPR is better than its SFT start by +0.025"));
  run.evaluate("iter-2", 2, same);
  run.evaluate("iter-3", 3, same);
  const auto table = *make_leaderboard({run.source()});
  REQUIRE(table.rows[1].diff_ci95->low > 0);
  CHECK(*table.rows[1].p < 0.05);
  CHECK(*table.rows[1].p_adjusted == Approx(3 * *table.rows[1].p));
  CHECK(finding(table.rows[1]) == Finding::kNotShown);
  CHECK(contains(verdict(table), "no difference to its SFT start shown: +0.025"));
  CHECK(contains(verdict(table), "corrected for 3 rows"));
}

TEST_CASE("clusters make the paired difference as uncertain as it is", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  std::vector<double> start(60, 0.5), now = start;
  for (std::size_t i = 0; i < 60; ++i) {
    now[i] += i / 3 % 3 == 0 ? -0.2 : 0.2 + 0.001 * static_cast<double>(i);
    Run::must(run.record().put_task({"test", "task " + std::to_string(i), "", std::to_string(i / 3), "", ""}));
  }
  run.evaluate("sft", 0, start);
  run.evaluate("iter-1", 1, now);
  const Row row = make_leaderboard({run.source()})->rows[1];
  CHECK(row.clusters == 20);
  CHECK(row.test == "clustered paired t");
  std::vector<double> differences(60);
  std::vector<std::string> keys(60);
  for (std::size_t i = 0; i < 60; ++i) {
    differences[i] = now[i] - start[i];
    keys[i] = std::to_string(i / 3);
  }
  CHECK(row.diff_ci95->low == Approx(estimate_clustered_mean(differences, keys).interval->low));
  CHECK(*row.p == Approx(*t_test(estimate_clustered_mean(differences, keys))));
  CHECK(contains(to_text(*make_leaderboard({run.source()})), "60 tasks are 20 clusters"));
}

TEST_CASE("any policy may be the baseline, of this run or of another with the same panel", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("a.db")), other(folder.file("b.db")), elsewhere(folder.file("c.db"));
  for (Run* made : {&run, &other, &elsewhere}) {
    made->evaluate("sft", 0, kOutcomes);
    made->evaluate("iter-1", 1, shifted(kOutcomes, 0.1));
  }
  RunSource far = elsewhere.source("c");
  far.panel = "another";
  const auto own = *make_leaderboard({run.source("a")}, {{}, "iter-1", ""});
  CHECK(own.rows[0].baseline == "iter-1");
  CHECK(*own.rows[0].diff == Approx(-0.1));
  CHECK(own.rows[1].baseline.empty());
  const auto table = *make_leaderboard({run.source("a"), other.source("b"), far}, {{}, "sft", "a"});
  CHECK(table.rows[0].baseline.empty());
  CHECK(table.rows[2].baseline == "a/sft");
  CHECK(*table.rows[2].diff == Approx(0).margin(1e-12));
  CHECK(*table.rows[3].diff == Approx(0.1));
  CHECK(table.rows[5].baseline.empty());  // other tasks
  const std::string text = to_text(table);
  CHECK(contains(text, "panel: rows are comparable only where it is equal"));
  CHECK(contains(text, "anothe"));
  CHECK_FALSE(contains(to_text(own), "panel"));
}

TEST_CASE("an allowed overlap marks the rows and the table", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  run.evaluate("sft", 0, kOutcomes);
  run.evaluate("sft", 0, kOutcomes, "dev");
  Run::must(run.record().set_state(
      "overlap",
      to_json(std::vector<OverlapNote>{{"train", "test", {{"test", 3}}}, {"dev", "test", {{"test", 2}}}}).dump()));
  const auto table = *make_leaderboard({run.source()});
  CHECK(table.rows[0].overlap == 0);  // dev
  CHECK(table.rows[1].overlap == 3);
  CHECK(to_json(table)["rows"][1]["overlap"] == 3);
  CHECK(contains(to_text(table), "train and test overlap in 3 tasks"));
  Run::must(run.record().set_state("overlap", R"([{"first":1}])"));
  CHECK(make_leaderboard({run.source()}).status().code() == Code::kData);
}

TEST_CASE("rows with nothing to say are null in JSON, never not a number", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run one(folder.file("one.db")), zero(folder.file("zero.db"));
  one.evaluate("sft", 0, {1});
  one.evaluate("iter-1", 1, {0.5});
  zero.evaluate("sft", 0, {0, 0, 0});
  zero.evaluate("iter-1", 1, {0, 0, 0});
  const auto single = *make_leaderboard({one.source()});
  const Json json = to_json(single)["rows"][1];
  for (const char* key : {"ci95", "diff_ci95", "p", "test", "p_adjusted", "mde"}) {
    CAPTURE(key);
    CHECK(json[key].is_null());
  }
  CHECK(json["diff"] == -0.5);
  CHECK(contains(verdict(single), "too few tasks to compare"));
  const auto none = *make_leaderboard({zero.source()});
  CHECK(none.rows[1].ci95->low == 0);
  CHECK(none.rows[1].ci95->high > 0.5);  // three failures do not prove that it always fails
  CHECK(*none.rows[1].p == 1);
  CHECK(to_json(none)["rows"][1]["mde"].is_null());
  for (const Leaderboard* table : {&single, &none}) CHECK_FALSE(contains(to_text(*table), "nan"));
}

TEST_CASE("the page of a leaderboard has its table and its notes", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  run.evaluate("sft", 0, kOutcomes);
  run.evaluate("iter-<1>", 1, shifted(kOutcomes, 0.1));
  const std::string page = make_html_leaderboard(*make_leaderboard({run.source()}));
  CHECK(contains(page, "iter-&lt;1&gt;</td>"));
  CHECK(contains(page, "exact sign-flip"));
  CHECK(contains(page, "Monte Carlo cost: 0 rollouts"));
  CHECK_FALSE(contains(page, "<script"));
}

TEST_CASE("when dev keeps the start, the verdict says so", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  run.evaluate("sft", 0, kOutcomes);
  run.evaluate("iter-1", 1, shifted(kOutcomes, 0.1));
  run.policy("sft", 0, true);
  CHECK(verdict(*make_leaderboard({run.source()}), "ETO") ==
        "ETO: no iteration was better on dev, the SFT start is kept (reward 0.438, 8 test tasks).");
}

TEST_CASE("an infrastructure failure is counted as 0 and told", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  run.evaluate("sft", 0, {1, 1});
  store::Episode lost;
  lost.stage = store::kEval;
  lost.policy = "sft";
  lost.split = "test";
  lost.task_id = "task 9";
  lost.exit_status = "timeout";
  Run::must(run.record().add_episode(lost).status());
  const auto table = *make_leaderboard({run.source()});
  CHECK(table.rows[0].mean == Approx(2.0 / 3));
  CHECK(contains(to_text(table),
                 "sft on test: 1 episodes ended by infrastructure errors after retries; they count as 0"));
  CHECK(to_json(table)["rows"][0]["extra"]["infrastructure_errors"] == 1);
}

TEST_CASE("names cannot control the terminal and wrong extras are data errors", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  run.evaluate("sft\033[31m\n\xC2\x9B\xFF", 0, kOutcomes);
  const std::string text = to_text(*make_leaderboard({run.source()}));
  CHECK(contains(text, "sft [31m  \xEF\xBF\xBD"));
  CHECK_FALSE(contains(text, "\033"));
  store::Episode bad;
  bad.stage = store::kEval;
  bad.extra_json = "[1]";
  Run::must(run.record().add_episode(bad).status());
  const Status status = make_leaderboard({run.source()}).status();
  CHECK(status.code() == Code::kData);
  CHECK(contains(status.message(), "run.db"));
}

TEST_CASE("an empty record gives an empty table", "[report][leaderboard]") {
  const test::TempFolder folder;
  Run run(folder.file("run.db"));
  const auto table = *make_leaderboard({run.source()});
  CHECK(table.rows.empty());
  CHECK(verdict(table).empty());
  CHECK(to_json(table)["rows"] == Json::array());
  CHECK_FALSE(to_text(table).empty());
}

TEST_CASE("numbers are written the same everywhere", "[report][format]") {
  CHECK(fixed(0.0625) == "0.062");
  CHECK(fixed(-0.0001) == "0.000");
  CHECK(with_sign(-0.0001) == "+0.000");
  CHECK(with_sign(-0.5) == "-0.500");
  CHECK(grouped(0) == "0");
  CHECK(grouped(-1234567) == "-1,234,567");
  CHECK(grouped(999) == "999");
  CHECK(p_value(0.0009) == "<0.001");
  CHECK(short_number(35.24) == "35.2");
  CHECK(general(0.1 + 0.2) == "0.3");
  CHECK(general(1e-5) == "1e-05");
}
