// Each warning on a record made by hand: on, off, and not known.
#include "core/report/checks.h"

#include <cmath>
#include <pugixml.hpp>

#include "core/report/html_report.h"
#include "tests/report/record.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;
using ipr::test::must;

namespace {

struct Made {
  test::TempFolder folder;
  store::RunStore record = test::open_record(folder.file("run.db"));
  std::int64_t samples = 0;

  void policy(const std::string& name, int iteration, bool chosen = false) {
    must(record.put_policy({name, iteration, "", "", chosen, false}));
  }
  // `outcomes` of tasks 0, 1, … on dev.
  void evaluation(const std::string& policy, int iteration, const std::vector<double>& outcomes,
                  std::size_t unfinished = 0) {
    for (std::size_t task = 0; task < outcomes.size(); ++task) {
      store::Episode e;
      e.stage = store::kEval;
      e.policy = policy;
      e.iteration = iteration;
      e.split = "dev";
      e.task_id = std::to_string(task);
      e.outcome = outcomes[task];
      e.terminated = task >= unfinished;
      must(record.add_episode(e).status());
    }
  }
  // An episode of the agent; `sample` tells them apart.
  std::int64_t explored(std::int64_t sample) {
    store::Episode e;
    e.stage = store::kExplore;
    e.policy = "sft";
    e.sample = sample;
    const auto id = record.add_episode(e);
    must(id.status());
    return *id;
  }
  void pairs(int iteration, std::size_t count) {
    store::Pair pair;
    pair.kind = "step";
    pair.winner_id = pair.loser_id = explored(++samples);
    must(record.replace_pairs(iteration, std::vector<store::Pair>(count, pair)));
  }
  Check check(const std::string& id, std::optional<double> tau = {}) {
    const auto checks = check_run({{"run", "env", "", &record}, {"dev"}, tau});
    must(checks.status());
    for (const Check& check : *checks) {
      if (check.id == id) return check;
    }
    throw std::runtime_error("no check " + id);
  }
};

}  // namespace

TEST_CASE("step rewards noisier than tau are a warning", "[report][checks]") {
  Made made;
  CHECK(made.check("step-noise", 0.1).state == CheckState::kUnknown);
  const std::int64_t episode = made.explored(0);
  must(made.record.put_score({episode, 0, "mc", "h", 0.5, 0.20, 5}));  // error² 0.04
  must(made.record.put_score({episode, 1, "mc", "h", 0.5, 0.00, 5}));  // 0
  must(made.record.put_score({episode, 2, "mc", "h", 1.0, 0.00, 0}));  // the outcome: not sampled
  const Check warns = made.check("step-noise", 0.1);
  CHECK(warns.state == CheckState::kWarning);
  CHECK(*warns.value == Approx(std::sqrt(0.02)));  // root of the mean of 0.04 and 0
  CHECK(*warns.threshold == Approx(0.1));
  CHECK(warns.text.find("About 10 samples") != std::string::npos);  // mean variance 0.1 / 0.1²
  CHECK(made.check("step-noise", 0.2).state == CheckState::kFine);
  CHECK(made.check("step-noise").state == CheckState::kUnknown);
  CHECK(made.check("step-noise", -2).state == CheckState::kUnknown);  // no filter
}

TEST_CASE("pairs with a gap beyond its own interval are counted", "[report][checks]") {
  Made made;
  const std::int64_t winner = made.explored(0), loser = made.explored(1);
  must(made.record.put_score({winner, 1, "mc", "h", 0.9, 0.05, 5}));  // error 0.1 each, 0.141 of the gap
  must(made.record.put_score({loser, 1, "mc", "h", 0.5, 0.05, 5}));
  store::Pair pair;
  pair.kind = "step";
  pair.turn = 1;
  pair.winner_id = winner;
  pair.loser_id = loser;
  pair.step_gap = 0.4;
  store::Pair small = pair;
  small.step_gap = 0.2;
  must(made.record.replace_pairs(1, {pair, small, small}));
  CHECK(made.check("step-noise", 0.5).text.find("Of 3 scored pairs 1 have") != std::string::npos);
}

TEST_CASE("shrinking pair counts are a warning", "[report][checks]") {
  Made made;
  CHECK(made.check("pairs-shrink").state == CheckState::kUnknown);
  made.policy("sft", 0);
  made.policy("iter-1", 1);
  made.pairs(1, 20);
  CHECK(made.check("pairs-shrink").state == CheckState::kUnknown);  // one iteration is no trend
  made.policy("iter-2", 2);
  made.pairs(2, 10);
  const Check half = made.check("pairs-shrink");
  CHECK(half.state == CheckState::kFine);
  CHECK(*half.value == Approx(0.5));
  made.pairs(2, 9);
  CHECK(made.check("pairs-shrink").state == CheckState::kWarning);
  made.policy("iter-3", 3);  // found none at all
  const Check none = made.check("pairs-shrink");
  CHECK(none.state == CheckState::kWarning);
  CHECK(*none.value == 0);
}

TEST_CASE("a policy far from the scorer's is a warning", "[report][checks]") {
  Made made;
  CHECK(made.check("divergence").state == CheckState::kUnknown);
  must(made.record.put_metric({1, "divergence", 0, "kl_to_start", 0.4}));
  must(made.record.put_metric({1, "divergence", 0, "kl_standard_error", 0.1}));
  CHECK(made.check("divergence").state == CheckState::kFine);
  must(made.record.put_metric({2, "divergence", 0, "kl_to_start", kMostDivergence + 0.1}));
  const Check far = made.check("divergence");
  CHECK(far.state == CheckState::kWarning);
  CHECK(*far.value == Approx(kMostDivergence + 0.1));
  CHECK(far.text.find("0.40, 1.10 nats") != std::string::npos);
}

TEST_CASE("a last iteration that gained nothing measurable on dev is a warning", "[report][checks]") {
  Made made;
  made.policy("sft", 0);
  made.evaluation("sft", 0, {0, 0.25, 0, 0.5, 0, 0.25, 0, 0.5});
  CHECK(made.check("plateau").state == CheckState::kUnknown);
  made.policy("iter-1", 1);
  made.evaluation("iter-1", 1, {0.5, 0.75, 0.25, 1, 0.5, 0.75, 0.5, 1});
  const Check gained = made.check("plateau");
  CHECK(gained.state == CheckState::kFine);
  CHECK(*gained.value > 0.4);
  made.policy("iter-2", 2);
  made.evaluation("iter-2", 2, {0.5, 1, 0.25, 0.75, 0.5, 1, 0.5, 0.75});
  const Check flat = made.check("plateau");
  CHECK(flat.state == CheckState::kWarning);
  CHECK(*flat.value == Approx(0));
  CHECK(flat.text.find("iter-2 minus iter-1") != std::string::npos);
}

TEST_CASE("margins near chance are a warning", "[report][checks]") {
  Made made;
  CHECK(made.check("margin-accuracy").state == CheckState::kUnknown);
  for (int step = 0; step < 8; ++step) {
    must(made.record.put_metric({1, "train", step, "margin_accuracy", 0.55}));
    must(made.record.put_metric({2, "train", step, "margin_accuracy", step < 6 ? 0.0 : 0.8}));
  }
  const Check last_quarter = made.check("margin-accuracy");
  CHECK(last_quarter.state == CheckState::kFine);
  CHECK(*last_quarter.value == Approx(0.8));  // the last two of eight steps of the last iteration
  must(made.record.put_metric({3, "train", 0, "margin_accuracy", 0.59}));
  CHECK(made.check("margin-accuracy").state == CheckState::kWarning);
}

TEST_CASE("many unfinished episodes of the chosen policy are a warning", "[report][checks]") {
  Made made;
  CHECK(made.check("unfinished").state == CheckState::kUnknown);
  made.policy("sft", 0);
  made.policy("iter-1", 1, /*chosen=*/true);
  made.policy("iter-2", 2);
  made.evaluation("sft", 0, std::vector<double>(20, 1.0), 20);
  made.evaluation("iter-1", 1, std::vector<double>(20, 1.0), 2);
  made.evaluation("iter-2", 2, std::vector<double>(20, 1.0), 20);
  const Check tenth = made.check("unfinished");
  CHECK(tenth.state == CheckState::kFine);
  CHECK(*tenth.value == Approx(0.1));
  made.policy("iter-1", 1, false);  // none chosen: the last
  const Check all = made.check("unfinished");
  CHECK(all.state == CheckState::kWarning);
  CHECK(*all.value == Approx(1));
}

TEST_CASE("the page shows warnings before what is fine", "[report][checks][html]") {
  Made made;
  made.policy("sft", 0);
  made.evaluation("sft", 0, {1, 1});
  must(made.record.put_metric({1, "divergence", 0, "kl_to_start", 9}));
  ReportInput input;
  input.run = {"run", "env", "", &made.record};
  input.dev_splits = {"dev"};
  const auto page = make_html_report(input);
  must(page.status());
  pugi::xml_document parsed;
  REQUIRE(parsed.load_string(page->c_str()));
  const auto items = parsed.select_nodes("//ul[@class='checks']/li");
  REQUIRE(items.size() == 6);
  CHECK(std::string(items[0].node().attribute("id").value()) == "check-divergence");
  CHECK(std::string(items[0].node().attribute("class").value()) == "warning");
  CHECK(parsed.select_nodes("//li[@class='warning']").size() == 1);
  CHECK(parsed.select_nodes("//li[@class='fine']").size() == 1);  // unfinished
}
