// `ipr-host train-scorer` and the scorer `reward-model`: from a run's step rewards to a model that gives them again.
#include <cmath>
#include <csignal>
#include <filesystem>
#include <map>

#include "core/base/files.h"
#include "tests/host/small_run.h"
#include "tests/support/catch.h"
#include "tests/support/succeeds.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

// A small run whose steps are all scored, its steps, and a model that has learned them by heart.
struct Trained {
  Workplace place;
  Json record;  // what train-scorer printed
};

Words training_words(const std::string& out, const Words& more = {}) {
  Words words = {
      "train-scorer", "--scorer", "reward-model", "--data", "steps.jsonl", "--model", "run/checkpoints/iter-0",
      "--out",        out,        "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

const Trained& trained() {
  static const Trained* const made = [] {
    static Trained once;
    Words run = small_run_words("run");
    run.insert(run.end(), {"--set", "optimizer.lazy=false", "--set", "scorer.samples=4"});
    succeeds(once.place, run);
    succeeds(once.place, {"export", "run", "--format", "steps", "--out", "steps.jsonl"});
    once.record =
        Json::parse(succeeds(once.place, training_words("rm", {"--held-out", "0", "--set", "train.epochs=60"})).out);
    return &once;
  }();
  return *made;
}

std::vector<Json> steps_of(const Trained& made) {
  return json_lines(read_file(made.place.file("steps.jsonl")).value());
}

}  // namespace

TEST_CASE("exported steps name their model and how they were chosen", "[host][scorer]") {
  for (const Json& step : steps_of(trained())) {
    CHECK(step.at("model") == "mini");
    CHECK(step.at("env") == "gridworld");
    CHECK(step.at("lazy") == false);
  }
}

TEST_CASE("a trained model gives the rewards of its steps again, through score", "[host][scorer]") {
  const Trained& made = trained();
  CHECK(made.record.at("held_out").at("mse").is_null());
  CHECK(fs::exists(made.place.file("rm/value_head.safetensors")));
  CHECK(load_json(made.place.file("rm/scorer.json")).at("sha256") == made.record.at("sha256"));
  CHECK_FALSE(fs::exists(made.place.file("rm.training.ckpt")));

  std::map<std::pair<std::string, int>, double> labels;  // of the experts' steps
  for (const Json& step : steps_of(made)) {
    if (step.at("policy") == "expert") labels[{step.at("id"), step.at("turn")}] = step.at("value");
  }
  succeeds(made.place,
           {"collect", "--env", "gridworld", "--policy", "expert", "--limit", "8", "--out", "experts.jsonl"});
  const Ended ended =
      succeeds(made.place, {"score", "--env", "gridworld", "--scorer", "reward-model", "--set", "scorer.model=rm",
                            "--data", "experts.jsonl", "--policy", "run/checkpoints/iter-0"});
  double error = 0, spread = 0;
  int compared = 0;
  for (const Json& line : json_lines(ended.out)) {
    CHECK(line.at("scorer").at("id") == "reward-model");
    CHECK(line.at("scorer").at("model_sha256") == made.record.at("sha256"));
    CHECK(line.at("steps").back().at("mean") == line.at("outcome"));
    CHECK(line.at("steps").back().at("standard_error") == 0);
    for (const Json& step : line.at("steps")) {
      const auto label = labels.find({line.at("id"), step.at("turn")});
      if (label == labels.end() || step == line.at("steps").back()) continue;
      CHECK(step.at("n") == 0);
      CHECK(step.at("standard_error").is_null());
      error += std::pow(step.at("mean").get<double>() - label->second, 2);
      spread += std::pow(made.record.at("mean_value").get<double>() - label->second, 2);
      ++compared;
    }
  }
  REQUIRE(compared > 5);
  CHECK(error < 0.2 * spread);
}

TEST_CASE("a run is scored by the model, without rollouts", "[host][scorer]") {
  const Trained& made = trained();
  Words words = {"--env",    "gridworld",
                 "--scorer", "reward-model",
                 "--preset", "quick",
                 "--limit",  "8",
                 "--set",    "sft.train.epochs=6",
                 "--set",    "optimizer.lazy=false",
                 "--set",    "scorer.model=rm",
                 "--out",    "learned"};
  const Ended ended = succeeds(made.place, words);
  CHECK(contains(ended.err, "by 0 rollouts"));
  succeeds(made.place, {"export", "learned", "--format", "steps", "--out", "learned.jsonl"});
  const auto steps = json_lines(read_file(made.place.file("learned.jsonl")).value());
  CHECK(steps.front().at("scorer") == "reward-model");
}

TEST_CASE("a run goes on with the model that it began with, no other", "[host][scorer]") {
  const Trained& made = trained();
  Call call = made.place.call({"--env", "gridworld", "--scorer", "reward-model", "--preset", "quick", "--limit", "8",
                               "--set", "scorer.model=changing", "--out", "begun"});
  fs::copy(made.place.file("rm"), made.place.file("changing"));
  call.signal_at = "SFT";
  call.signal = SIGINT;
  REQUIRE(run_program(call).exit_code == 130);
  fs::remove_all(made.place.file("changing"));
  succeeds(made.place, training_words("changing", {"--set", "train.epochs=1"}));
  call.signal_at.clear();
  const Ended changed = run_program(call);
  CHECK(changed.exit_code == 3);
  CHECK(contains(changed.err, "the model of the scorer has changed"));
}

TEST_CASE("without a trained model the scorer says how to train one, and nothing is begun", "[host][scorer]") {
  const Trained& made = trained();
  const auto refused = [&](const Words& more) {
    Words words = {"--env", "gridworld", "--scorer", "reward-model", "--out", "never"};
    words.insert(words.end(), more.begin(), more.end());
    const Ended ended = made.place.host(words);
    CHECK(ended.exit_code == 3);
    CHECK_FALSE(fs::exists(made.place.file("never")));
    REQUIRE(ended.error_lines().size() == 1);
    return ended.error_lines()[0];
  };
  CHECK(contains(refused({}), "ipr-host train-scorer --scorer reward-model --data"));
  CHECK(contains(refused({"--set", "scorer.model=nowhere"}), "nowhere: is no folder"));
  CHECK(contains(refused({"--set", "scorer.model=run/checkpoints/iter-0"}), "no value_head.safetensors"));
  const Ended score = made.place.host({"score", "--env", "gridworld", "--scorer", "reward-model", "--data",
                                       "experts.jsonl", "--policy", "run/checkpoints/iter-0"});
  CHECK(score.exit_code == 3);
}

TEST_CASE("tasks and a generator are held out and measured", "[host][scorer]") {
  const Trained& made = trained();
  std::string others;
  for (Json step : steps_of(made)) {
    step["model"] = "other";
    others += step.dump() + "\n";
    step["reply"] = "something else";  // a rival of another value, to be ordered
    step["value"] = step["value"].get<double>() - 0.25;
    others += step.dump() + "\n";
  }
  REQUIRE(write_file(made.place.file("others.jsonl"), others).ok());
  Words words = training_words("measured", {"--held-out", "0.4", "--hold-out", "other", "--set", "train.epochs=2"});
  words[4] = "steps.jsonl,others.jsonl";
  const Json record = Json::parse(succeeds(made.place, words).out);
  const std::size_t all = steps_of(made).size();
  CHECK(record.at("trained_on").get<std::size_t>() < all);
  CHECK(record.at("held_out").at("steps").get<int>() > 0);
  CHECK(record.at("held_out").at("mse").get<double>() > 0);
  CHECK(record.at("hold_out").at("measured").at("pairs").get<int>() > 0);
  CHECK(record.at("hold_out").at("measured").at("pair_order").is_number());
  std::size_t by_rollouts = 0;
  for (const Json& step : steps_of(made)) by_rollouts += step.at("samples") > 0 ? 3 : 0;  // twice more in the others
  const double rollout_seconds = steps_of(made).front().at("rollout_seconds");
  CHECK(record.at("rollouts_per_step") == 4);
  CHECK(record.at("label_rollouts") == 4 * by_rollouts);
  // Hours as the run's record has them.
  CHECK(record.at("seconds_per_step").get<double>() == Approx(4 * rollout_seconds));
  CHECK(record.at("label_hours").get<double>() ==
        Approx(4 * rollout_seconds * static_cast<double>(by_rollouts) / 3600));
  CHECK(record.at("data").size() == 2);
  const Ended unknown = made.place.host(training_words("x", {"--hold-out", "nobody"}));
  CHECK(unknown.exit_code == 2);
  CHECK(contains(unknown.err, "the files have those of gridworld, mini"));
}

TEST_CASE("steps of several environments are pooled and measured apart, or one of them is held out", "[host][scorer]") {
  const Trained& made = trained();
  std::string others;
  for (Json step : steps_of(made)) {
    step["env"] = "elsewhere";
    step["value"] = 1 - step["value"].get<double>();
    others += step.dump() + "\n";
    step["id"] = "elsewhere:" + step["id"].get<std::string>();  // as a run over several environments calls it
    others += step.dump() + "\n";
  }
  REQUIRE(write_file(made.place.file("elsewhere.jsonl"), others).ok());
  Words words = training_words("pooled", {"--held-out", "0.4", "--set", "train.epochs=2"});
  words[4] = "steps.jsonl,elsewhere.jsonl";
  const Json pooled = Json::parse(succeeds(made.place, words).out).at("held_out");
  REQUIRE(pooled.at("by_env").size() == 2);
  const int here = pooled.at("by_env").at("gridworld").at("steps"),
            there = pooled.at("by_env").at("elsewhere").at("steps");
  CHECK(here > 0);
  CHECK(there == 2 * here);  // the same tasks, whatever they are called
  CHECK(pooled.at("steps") == here + there);

  words[8] = "held";
  words.insert(words.end(), {"--hold-out", "elsewhere"});
  const Json held = Json::parse(succeeds(made.place, words).out);
  CHECK(held.at("hold_out").at("measured").at("steps").get<std::size_t>() > 0);
  CHECK_FALSE(held.at("held_out").contains("by_env"));
}

TEST_CASE("a training that was killed goes on and ends with the same weights", "[host][scorer]") {
  const Trained& made = trained();
  const Words more = {"--set", "train.epochs=30"};
  const Json whole = Json::parse(succeeds(made.place, training_words("whole", more)).out);
  Call call = made.place.call(training_words("killed", more));
  call.variables["IPR_HOST_SAVE_SECONDS"] = "0";
  bool went_on = false;
  for (int attempt = 1;; ++attempt) {
    REQUIRE(attempt < 60);
    call.kill_after = 0.4 * attempt;
    const Ended ended = run_program(call);
    went_on = went_on || contains(ended.err, "goes on: step");
    if (ended.signal == SIGKILL) {
      CHECK_FALSE(fs::exists(made.place.file("killed")));
      continue;
    }
    REQUIRE(ended.exit_code == 0);
    CHECK(Json::parse(ended.out).at("sha256") == whole.at("sha256"));
    break;
  }
  CHECK(went_on);
  CHECK_FALSE(fs::exists(made.place.file("killed.training.ckpt")));
}

TEST_CASE("what cannot be trained is refused with one line", "[host][scorer]") {
  const Trained& made = trained();
  const auto refused = [&](const Words& words, int code) {
    const Ended ended = made.place.host(words);
    CHECK(ended.exit_code == code);
    REQUIRE(ended.error_lines().size() == 1);
    return ended.error_lines()[0];
  };
  Words words = training_words("x");
  words[2] = "mc";
  CHECK(contains(refused(words, 2), "scorers that have one: reward-model"));
  CHECK(contains(refused({"train-scorer", "--scorer", "reward-model"}, 2), "no --data"));
  CHECK(contains(refused(training_words("rm"), 2), "rm: exists"));
  CHECK(contains(refused(training_words("x", {"--held-out", "1"}), 2), "--held-out"));
  std::string lazy;
  for (Json step : steps_of(made)) {
    step["lazy"] = true;
    lazy += step.dump() + "\n";
  }
  REQUIRE(write_file(made.place.file("lazy.jsonl"), lazy).ok());
  words = training_words("x");
  words[4] = "lazy.jsonl";
  CHECK(contains(refused(words, 3), "optimizer.lazy=false"));
  // The optimizer behind it trains no policy.
  CHECK(contains(refused({"--env", "gridworld", "--scorer", "mc", "--optimizer", "reward-mse", "--out", "never"}, 2),
                 "use `ipr-host train-scorer`"));
  CHECK(contains(
      refused({"train", "--optimizer", "reward-mse", "--model", "rm", "--data", "lazy.jsonl", "--out", "x"}, 2),
      "use `ipr-host train-scorer`"));
}
