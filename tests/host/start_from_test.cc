// Runs that take their SFT model from another run.
#include <filesystem>

#include "tests/host/record_rows.h"
#include "tests/host/small_run.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;

namespace {

std::vector<std::string> words_from(const std::string& out, const std::vector<std::string>& more) {
  std::vector<std::string> words = small_run_words(out);
  words.insert(words.end(), {"--start-from", small_run().out});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string results_of(const std::string& out) {
  return load_json(small_run().place.file(out) + "/certificate.json").at("results");
}

}  // namespace

TEST_CASE("a run that takes over the SFT model has the results of one that trains it", "[host][run]") {
  const SmallRun& run = small_run();
  const Ended ended = run.place.host(words_from("taken", {}));
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK_FALSE(contains(ended.err, "SFT "));  // no such stage
  CHECK_FALSE(contains(ended.err, "evaluate sft"));
  CHECK(results_of("taken") == results_of(run.out));
}

TEST_CASE("a run that takes step scores has the results of one that plays them", "[host][run]") {
  const SmallRun& run = small_run();
  const Ended ended = run.place.host(words_from("scores-taken", {"--scores-from", run.out}));
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK(contains(ended.err, "step scores taken from "));
  CHECK_FALSE(contains(ended.err, ": score "));  // every step was scored there
  CHECK(results_of("scores-taken") == results_of(run.out));
  const std::string scores =
      "SELECT e.task_id, s.turn, s.value, s.samples FROM step_score s JOIN episode e ON e.id = "
      "s.episode_id ORDER BY 1, 2, 3";
  const std::string rollouts =
      "SELECT task_id, prefix_turns, sample, outcome FROM episode WHERE stage = 'mc' ORDER BY "
      "1, 2, 3, 4";
  for (const std::string& query : {scores, rollouts}) {
    CHECK(rows(run.place.file("scores-taken/run.db"), query) == rows(run.folder() + "/run.db", query));
  }
  const Ended checked = run.place.host({"verify", "scores-taken"});
  INFO(checked.err);
  CHECK(checked.exit_code == 0);
}

TEST_CASE("a checkpoint plays Monte Carlo's rollouts: the SFT agent's own gives its scores", "[host][run]") {
  const SmallRun& run = small_run();
  const auto scores_of = [&](const std::string& out) {
    return rows(run.place.file(out) + "/run.db",
                "SELECT e.task_id, e.sample, s.turn, s.value FROM step_score s JOIN episode e ON e.id = s.episode_id");
  };
  const auto scored_by = [&](const std::string& out, const std::string& iteration) {
    const Ended ended =
        run.place.host(words_from(out, {"--set", "scorer.policy=" + run.folder() + "/checkpoints/" + iteration}));
    INFO(ended.err);
    REQUIRE(ended.exit_code == 0);
  };
  scored_by("by-sft", "iter-0");
  CHECK(scores_of("by-sft") == scores_of(run.out));
  CHECK(results_of("by-sft") == results_of(run.out));
  scored_by("by-iter-1", "iter-1");
  const auto said = [&](const std::string& out) {
    return rows(run.place.file(out) + "/run.db",
                "SELECT t.message FROM turn t JOIN episode e ON e.id = t.episode_id WHERE e.stage = 'mc' ORDER BY "
                "e.task_id, e.prefix_turns, e.sample, t.turn");
  };
  CHECK(said("by-sft") == said(run.out));
  CHECK_FALSE(said("by-iter-1") == said(run.out));

  const Ended taken = run.place.host(words_from(
      "taken-by", {"--scores-from", "by-sft", "--set", "scorer.policy=" + run.folder() + "/checkpoints/iter-1"}));
  CHECK(taken.exit_code == 2);  // the path is another setting
  const Ended missing = run.place.host(words_from("by-none", {"--set", "scorer.policy=nowhere"}));
  CHECK(missing.exit_code == 3);
  REQUIRE(missing.error_lines().size() == 1);
  CHECK(contains(missing.error_lines()[0], "nowhere"));
  CHECK_FALSE(std::filesystem::exists(run.place.file("by-none")));
}

TEST_CASE("scores by other settings of the scorer are not taken", "[host][run]") {
  const SmallRun& run = small_run();
  const Ended other =
      run.place.host(words_from("fewer", {"--scores-from", run.out, "--set", "scorer.temperature=0.5"}));
  CHECK(other.exit_code == 2);
  REQUIRE(other.error_lines().size() == 1);
  CHECK(contains(other.error_lines()[0], "scorer.settings.temperature (1 there, 0.5 here)"));
  CHECK_FALSE(std::filesystem::exists(run.place.file("fewer")));
}

TEST_CASE("what follows the SFT stage may differ, what makes it may not", "[host][run]") {
  const SmallRun& run = small_run();
  const Ended control = run.place.host(words_from("control", {"--set", "ipr.filter=off", "--dry-run"}));
  CHECK(control.exit_code == 0);
  const Ended other = run.place.host(words_from("other", {"--seed", "7", "--set", "env.detours=0.1"}));
  CHECK(other.exit_code == 2);
  REQUIRE(other.error_lines().size() == 1);
  CHECK(contains(other.error_lines()[0], "seed (0 there, 7 here)"));
  CHECK(contains(other.error_lines()[0], "env.settings.detours (0.4 there, 0.1 here)"));
  CHECK_FALSE(std::filesystem::exists(run.place.file("other")));  // refused before anything is made
}

TEST_CASE("a folder without a complete SFT stage is no start", "[host][run]") {
  const SmallRun& run = small_run();
  std::vector<std::string> words = small_run_words("none");
  words.insert(words.end(), {"--start-from", "nowhere"});
  const Ended missing = run.place.host(words);
  CHECK(missing.exit_code == 3);
  REQUIRE(missing.error_lines().size() == 1);
  CHECK(contains(missing.error_lines()[0], "nowhere"));
}
