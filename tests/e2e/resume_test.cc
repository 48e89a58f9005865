// A run that was stopped in any way goes on and ends as if nothing had happened.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "core/base/files.h"
#include "tests/e2e/killed_run.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> grid_words() {
  return {"--env", "gridworld", "--scorer", "mc", "--preset", "quick", "--limit", "8", "--samples", "2"};
}

// Made once, for all tests.
const Undisturbed& undisturbed() {
  static const Workplace place;
  static const Undisturbed run = run_undisturbed(place, grid_words());
  return run;
}

Ended run_into(const Workplace& place, const std::string& out, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = grid_words();
  words.insert(words.end(), {"--out", out});
  words.insert(words.end(), more.begin(), more.end());
  return place.host(words);
}

// A run that a signal stopped when it said `text`.
Ended stop_run(const Workplace& place, const std::string& out, int signal, const std::string& text) {
  Call call = place.call(grid_words());
  call.arguments.insert(call.arguments.end(), {"--out", out});
  call.signal = signal;
  call.signal_at = text;
  return run_program(call);
}

}  // namespace

TEST_CASE("a run killed five times, on any threads and scoring eagerly, ends with the undisturbed run's results",
          "[e2e][resume]") {
  const Workplace place;
  std::vector<std::string> eager = grid_words();
  eager.insert(eager.end(), {"--set", "optimizer.lazy=false"});
  kill_and_go_on(place, eager, undisturbed(), /*kills=*/5, /*seed=*/17);
  for (const auto& entry : fs::recursive_directory_iterator(place.path())) {
    const std::string name = entry.path().filename().string();
    INFO(name);
    CHECK_FALSE(contains(name, ".tmp."));
    CHECK_FALSE(contains(name, "training.ckpt"));
  }
}

TEST_CASE("a killed run of any optimizer ends with the undisturbed run's results", "[e2e][resume]") {
  for (const std::string optimizer : {"eto", "rft"}) {
    INFO(optimizer);
    const Workplace place;
    std::vector<std::string> words = grid_words();
    words.insert(words.end(), {"--optimizer", optimizer});
    kill_and_go_on(place, words, run_undisturbed(place, words), /*kills=*/3, /*seed=*/23);
  }
}

TEST_CASE("a killed run with adaptive sampling finds its rollouts and its questions again", "[e2e][resume]") {
  const Workplace place;
  std::vector<std::string> words = grid_words();
  words.insert(words.end(), {"--iterations", "2", "--set", "scorer.adaptive=true", "--set", "scorer.cap=6"});
  const Undisturbed whole = run_undisturbed(place, words);
  kill_and_go_on(place, words, whole, /*kills=*/4, /*seed=*/41);
  const Workplace other;
  words.insert(words.end(), {"--set", "optimizer.lazy=false"});  // more steps are asked than those of the pairs
  kill_and_go_on(other, words, whole, /*kills=*/1, /*seed=*/43);
}

TEST_CASE("a killed policy gradient finds the advantages of its rows again", "[e2e][resume]") {
  for (const std::string optimizer : {"gigpo", "ppo", "step-ppo"}) {
    INFO(optimizer);
    const Workplace place;
    std::vector<std::string> words = grid_words();
    words.insert(words.end(), {"--optimizer", optimizer, "--set", "sft.train.steps=120",  // so that there are rows
                               "--set", "optimizer.kl=0.1"});  // two kinds of log-probs to be found again
    kill_and_go_on(place, words, run_undisturbed(place, words), /*kills=*/3, /*seed=*/31);
  }
}

TEST_CASE("a run stopped by a signal in each stage says how to go on, and goes on", "[e2e][resume]") {
  const Workplace place;
  const std::vector<std::pair<std::string, std::string>> stages = {
      {"expert  ", "goes on: "},        // stops before the first training step
      {"tokenizer  ", "goes on: SFT"},  // in training
      {"SFT  ", "goes on: "},           // evaluates
      {"explore  ", "goes on: iteration 1"},
      {"iteration 1: train  ", "goes on: iteration 1"}};
  const bool terminate[] = {false, true};
  std::size_t number = 0;
  for (const auto& [text, answer] : stages) {
    INFO(text);
    const std::string out = "stopped-" + std::to_string(number);
    const bool politely = terminate[number++ % 2];
    const Ended stopped = stop_run(place, out, politely ? SIGTERM : SIGINT, text);
    INFO(stopped.err);
    CHECK(stopped.exit_code == (politely ? 143 : 130));
    REQUIRE(stopped.error_lines().size() >= 1);
    CHECK(contains(stopped.error_lines().back(), "the same command goes on"));
    CHECK(contains(stopped.error_lines().back(), "--limit 8"));
    CHECK_FALSE(fs::exists(place.file(out + "/certificate.json")));
    const Ended again = run_into(place, out, {"--resume"});
    INFO(again.err);
    REQUIRE(again.exit_code == 0);
    CHECK(contains(again.err, answer));
    CHECK(results_of(place, out) == undisturbed().results);
  }
}

TEST_CASE("a begun run is left alone by another config and by a second process", "[e2e][resume]") {
  const Workplace place;
  REQUIRE(stop_run(place, "run", SIGINT, "tokenizer  ").exit_code == 130);
  const Ended other = run_into(place, "run", {"--seed", "3", "--set", "ipr.beta=0.25"});
  CHECK(other.exit_code == 2);
  REQUIRE(other.error_lines().size() == 1);
  CHECK(contains(other.error_lines()[0], "seed is 0 there, 3 here"));
  CHECK(contains(other.error_lines()[0], "optimizer.settings.beta is 0.1 there, 0.25 here"));

  const int lock = ::open(place.file("run/run.lock").c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(lock >= 0);
  REQUIRE(::flock(lock, LOCK_EX | LOCK_NB) == 0);  // as a process that works there holds it
  const Ended second = run_into(place, "run");
  CHECK(second.exit_code == 1);
  REQUIRE(second.error_lines().size() == 1);
  CHECK(contains(second.error_lines()[0], "another process works on this run"));
  ::close(lock);
  CHECK(run_into(place, "run").exit_code == 0);
}

TEST_CASE("a damaged training checkpoint or checkpoint folder is noticed", "[e2e][resume]") {
  const Workplace place;
  REQUIRE(stop_run(place, "run", SIGINT, "tokenizer  ").exit_code == 130);
  if (fs::exists(place.file("run/training.ckpt"))) {
    REQUIRE(write_file(place.file("run/training.ckpt"), "no checkpoint").ok());
  }
  REQUIRE(stop_run(place, "run", SIGINT, "explore  ").exit_code == 130);
  const std::string weights = place.file("run/checkpoints/iter-0/model.safetensors");
  const std::string bytes = read_file(weights).value();
  std::string changed = bytes;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  REQUIRE(write_file(weights, changed).ok());
  const Ended refused = run_into(place, "run");
  CHECK(refused.exit_code == 3);
  REQUIRE(refused.error_lines().size() == 1);
  CHECK(contains(refused.error_lines()[0], "checkpoints/iter-0"));
  REQUIRE(write_file(weights, bytes).ok());
  REQUIRE(run_into(place, "run").exit_code == 0);
  CHECK(results_of(place, "run") == undisturbed().results);
}
