// The table of a study, worked by hand.
#include "core/report/study.h"

#include <cmath>

#include "tests/report/record.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;

namespace {

// A policy that earned these on tasks a, b, …
StudyResult result(std::uint64_t seed, const std::vector<double>& outcomes, std::vector<double> iterations = {}) {
  StudyResult made;
  made.seed = seed;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    made.tasks.ids.emplace_back(1, static_cast<char>('a' + i));
    made.tasks.outcomes.push_back(outcomes[i]);
    made.tasks.clusters.emplace_back();
  }
  made.iterations = std::move(iterations);
  return made;
}

StudyRow row(const std::string& name, const std::vector<StudyResult>& results) {
  StudyRow made;
  made.name = name;
  made.results["shop"] = results;
  return made;
}

// SFT earns 0.5, 0.5, 0.6 with three seeds, IPR 0.6, 0.65, 0.8: differences 0.1, 0.15, 0.2.
StudyInput three_seeds() {
  StudyInput study;
  study.name = "small";
  study.columns = {"shop"};
  study.rows = {row("SFT", {result(1, {0.4, 0.6}), result(2, {0.5, 0.5}), result(3, {0.6, 0.6})}),
                row("IPR", {result(1, {0.5, 0.7}), result(2, {0.6, 0.7}), result(3, {0.8, 0.8})})};
  study.contrasts = {{1, 0, false}};
  return study;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("means, intervals and differences have the seed as their unit", "[report][study]") {
  const StudyTable table = make_study_table(three_seeds());
  const StudyEntry& sft = table.entries[0].at("shop");
  // 0.5, 0.5, 0.6: mean 8/15, s² = (2·(1/30)² + (2/30)²)/2 = 1/300, s/√3 = 1/30; t(0.975, 2) = 4.302653.
  CHECK(sft.seeds == 3);
  CHECK(sft.estimate.mean == Approx(8.0 / 15));
  CHECK(*sft.sd == Approx(std::sqrt(1.0 / 300)));
  CHECK(sft.estimate.interval->high == Approx(8.0 / 15 + 4.302652730 / 30));
  const StudyComparison& c = table.comparisons.at(0);
  // 0.1, 0.15, 0.2: mean 0.15, s = 0.05, s/√3 = 0.0288675; t = 5.196152, p = 2·P(T_2 > t) = 0.0351.
  CHECK(c.found.difference.mean == Approx(0.15));
  CHECK(c.found.difference.interval->low == Approx(0.15 - 4.302652730 * 0.05 / std::sqrt(3.0)));
  CHECK(c.found.test == "paired t over seeds");
  CHECK(*c.found.p == Approx(1 - 5.196152423 / std::sqrt(2 + 27.0)));  // df 2: P(|T| > t) = 1 - t/√(2 + t²)
  CHECK(*c.p_adjusted == Approx(*c.found.p));
  // (t(0.975, 2) + t(0.8, 2)) · s/√3; t(0.8, 2) = 1.060660.
  CHECK(*c.found.mde == Approx((4.302652730 + 1.060660172) * 0.05 / std::sqrt(3.0)));
  CHECK(c.baseline_mean == Approx(8.0 / 15));
  CHECK(
      contains(study_sentence(c), "shop: IPR is better than SFT: +15.0 points (+28.1 %; 95 % interval +2.6 to +27.4"));
  CHECK(contains(study_sentence(c), "over 3 seeds, p 0.035"));
}

TEST_CASE("the contrasts of a column are corrected together, the primary one for its columns alone",
          "[report][study]") {
  StudyInput study = three_seeds();
  study.columns = {"shop", "house"};
  for (StudyRow& each : study.rows) each.results["house"] = each.results["shop"];
  study.rows.push_back(row("ETO", {result(1, {0.5, 0.6}), result(2, {0.5, 0.6}), result(3, {0.7, 0.7})}));
  study.rows[2].results["house"] = study.rows[2].results["shop"];
  study.contrasts = {{1, 0, false}, {2, 0, false}, {1, 2, true}};
  const StudyTable table = make_study_table(study);
  REQUIRE(table.comparisons.size() == 6);
  CHECK(table.comparisons[0].primary);  // first, whatever the order in the file
  CHECK(table.comparisons[0].row == "IPR");
  CHECK(table.comparisons[0].baseline == "ETO");
  CHECK(table.comparisons[0].compared == 2);  // its two columns
  CHECK(*table.comparisons[0].p_adjusted == Approx(2 * *table.comparisons[0].found.p));
  // IPR - SFT p 0.0351; ETO - SFT 0.05, 0.05, 0.1: mean 1/15, s/√3 = 1/60, t = 4, p = 1 - 4/√18 = 0.0572. Holm: the
  // smaller one doubled, 0.0702, which the larger one cannot fall below.
  const StudyComparison &ipr = table.comparisons[2], &eto = table.comparisons[4];
  CHECK(ipr.compared == 2);
  CHECK(*ipr.p_adjusted == Approx(2 * (1 - 5.196152423 / std::sqrt(29.0))));
  CHECK(*eto.p_adjusted == Approx(*ipr.p_adjusted));
  // What the hardest test of the two would find: (t(1 - 0.05/4, 2) + t(0.8, 2)) · s/√3.
  CHECK(*ipr.found.mde == Approx((6.205346817 + 1.060660172) * 0.05 / std::sqrt(3.0)));
  const std::string sentence = study_sentence(ipr);
  CHECK(contains(sentence, "no difference between IPR and SFT is shown"));
  CHECK(contains(sentence, "p 0.070 corrected for 2 comparisons"));
  CHECK(contains(sentence, "Its own interval excludes 0, the test after correction does not."));
  CHECK(contains(sentence, "That does not show that they are equal: a true difference of 21.0 points"));
}

TEST_CASE("the average is taken seed by seed over the columns, of seeds that have all", "[report][study]") {
  StudyInput study = three_seeds();
  study.columns = {"shop", "house"};
  study.rows[0].results["house"] = {result(1, {1.0, 1.0}), result(2, {0.0, 0.0})};
  const StudyTable table = make_study_table(study);
  CHECK(table.averages[0].seeds == 2);
  CHECK(table.averages[0].estimate.mean == Approx((0.75 + 0.25) / 2));
  CHECK(table.averages[1].seeds == 0);
}

TEST_CASE("a difference is one over the tasks that both have played", "[report][study]") {
  StudyInput study = three_seeds();
  for (StudyResult& each : study.rows[0].results["shop"]) {  // the SFT rows have a third task, easy and alone
    each.tasks.ids.emplace_back("z");
    each.tasks.outcomes.push_back(1);
    each.tasks.clusters.emplace_back();
  }
  study.rows[1].results["shop"].push_back(result(4, {0.9, 0.9}));  // and no SFT row has this seed
  const StudyComparison with = make_study_table(study).comparisons.at(0);
  CHECK(with.seeds == 3);
  CHECK(with.tasks == 2);
  CHECK(with.found.difference.mean == Approx(0.15));
  CHECK(with.baseline_mean == Approx(8.0 / 15));  // not of the third task
}

TEST_CASE("one seed has an interval over its tasks, and says so", "[report][study]") {
  StudyInput study = three_seeds();
  study.rows = {row("SFT", {result(5, {0.2, 0.4, 0.6, 0.3})}), row("IPR", {result(5, {0.3, 0.5, 0.6, 0.5})})};
  const StudyTable table = make_study_table(study);
  const StudyComparison& c = table.comparisons.at(0);
  CHECK(c.seeds == 1);
  CHECK(c.tasks == 4);
  CHECK(c.found.difference.n == 4);
  CHECK(c.found.test == "exact sign-flip");
  CHECK(contains(study_sentence(c), "over the 4 tasks of one seed"));
  CHECK(contains(to_text(table), "says nothing about other seeds"));
}

TEST_CASE("only seeds that both rows have are compared, and none leaves no number", "[report][study]") {
  StudyInput study = three_seeds();
  study.rows[1].results["shop"].erase(study.rows[1].results["shop"].begin());
  CHECK(make_study_table(study).comparisons.at(0).found.difference.mean == Approx((0.15 + 0.2) / 2));
  study.rows[1].results.clear();
  const StudyTable table = make_study_table(study);
  CHECK(table.comparisons.at(0).seeds == 0);
  CHECK(contains(study_sentence(table.comparisons[0]), "no seed in common"));
  CHECK(to_json(table).at("comparisons").at(0).at("diff").is_null());
  CHECK(contains(to_text(table), "IPR"));
  // Equal values: nothing differs, and nothing is known about what would be found.
  StudyInput same = three_seeds();
  same.rows[1].results = same.rows[0].results;
  const StudyComparison equal = make_study_table(same).comparisons.at(0);
  CHECK(*equal.found.p == 1);
  CHECK(contains(study_sentence(equal), "That does not show that they are equal."));
}

TEST_CASE("iterations, agents and a paper's rows stand beside the methods", "[report][study]") {
  StudyInput study = three_seeds();
  study.rows[1].results["shop"] = {result(1, {0.5, 0.7}, {0.5, 0.75, 0.25}), result(2, {0.6, 0.7}, {0.5, 0.5, 0.75})};
  study.rows.push_back({"agent: noop", StudyRowKind::kAgent, {{"shop", {result(1, {0, 0})}}}, {}});
  study.rows.push_back({"paper: IPR", StudyRowKind::kQuoted, {}, {{"shop", 71.3}}});
  study.costs = {{"IPR", "shop", 2, {20, 40, 1000, 30, 120}}};
  study.points = {{"IPR", "shop", "train.lr=1e-4", 0.5, true}, {"IPR", "shop", "train.lr=1e-3", 0.25, false}};
  const StudyTable table = make_study_table(study);
  const StudyEntry& ipr = table.entries[1].at("shop");
  CHECK(ipr.by_iteration == std::vector<double>{0.5, 0.625, 0.5});
  CHECK(*ipr.iterations_sd == Approx(0.125 / std::sqrt(2.0)));  // of 0.625 and 0.5
  const std::string text = to_text(table);
  for (const char* part : {"paper: IPR", "71.3", "agent: noop", "never compared", "iter-2", "* IPR"}) {
    INFO(part);
    CHECK(contains(text, part));
  }
  const Json json = to_json(table);
  CHECK(json.at("rows").at(3).at("kind") == "paper");
  CHECK(json.at("rows").at(3).at("points").at("shop") == 71.3);
  CHECK(json.at("cost").at(0).at("scoring_rollouts") == 40);
  CHECK(json.at("grid").at(0).at("chosen") == true);
  CHECK(contains(make_html_study(table), "What the data support"));
}

TEST_CASE("a run's record gives its outcomes, its choice on dev and its cost", "[report][study]") {
  const test::TempFolder folder;
  store::RunStore record = test::open_record(folder.file("run.db"));
  const auto play = [&](const char* stage, int iteration, const char* split, const char* task, double outcome, int n) {
    store::Episode episode;
    episode.stage = stage;
    episode.iteration = iteration;
    episode.policy = iteration == 0 ? "sft" : "iter-1";
    episode.split = split;
    episode.task_id = task;
    episode.sample = n;
    episode.outcome = outcome;
    test::must(record.add_episode(episode).status());
  };
  for (const int iteration : {0, 1}) {
    play(store::kEval, iteration, "test", "t1", iteration, 0);
    play(store::kEval, iteration, "test", "t2", 0.5, 0);
    play(store::kEval, iteration, "dev", "d1", 0.25 + iteration * 0.5, 0);
  }
  test::must(record.put_task({"test", "t1", "", "shelf", "", ""}));
  test::must(record.put_policy({"iter-1", 1, "", "", true, false}));
  for (int n = 0; n < 3; ++n) play(store::kExplore, 1, "train", "x1", 0, n);
  play(store::kExplore, 1, "train", "x2", 0, 0);
  for (int n = 0; n < 3; ++n) play(store::kMonteCarlo, 1, "train", "x1", 0, n);
  test::must(record.add_cost({0, "sft", 0, 0, 0, 0, 0, 12}));
  test::must(record.add_cost({1, store::kMonteCarlo, 3, 0, 0, 0, 50, 4}));
  test::must(record.add_cost({1, store::kExplore, 4, 0, 0, 0, 20, 2}));

  const Result<StudyRun> run = read_study_run(record, {"test"}, {"dev"});
  REQUIRE(run.ok());
  CHECK(run->chosen == 1);
  CHECK(*run->dev == Approx(0.75));
  CHECK(run->evaluations.size() == 1);  // dev has done its part
  const TaskOutcomes& played = run->evaluations.at("test").at(1);
  CHECK(played.outcomes == std::vector<double>{1, 0.5});
  CHECK(played.clusters == std::vector<std::string>{"shelf", ""});
  CHECK(run->cost.explored == 4);
  CHECK(run->cost.scoring_rollouts == 3);
  CHECK(run->cost.tokens_generated == 70);
  CHECK(run->cost.sft_seconds == 12);
  CHECK(run->cost.seconds == 6);
  CHECK(rollouts_per_task(record).value() == 4);  // 7 of 2 tasks, rounded
}
