// A run that trains a LoRA change to a frozen model: it ends, goes on after kills, and its checkpoints are PEFT
// folders.
#include <cmath>
#include <filesystem>

#include "tests/e2e/killed_run.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

// The fixture's model and tokenizer as one folder; false where the shared folder is absent.
bool put_model(const Workplace& place) {
  const std::string weights = shared_file("data/tiny-llama/untied");
  if (weights.empty()) return false;
  fs::copy(weights, place.file("model"));
  fs::copy(fs::path(weights).parent_path() / "tokenizer.json", place.file("model/tokenizer.json"));
  return true;
}

std::vector<std::string> words(const Workplace& place, const std::string& rank, const std::string& dtype) {
  return {"--env",           "gridworld", "--scorer",         "mc",    "--model", place.file("model"),
          "--chat-template", "chatml",    "--preset",         "quick", "--limit", "6",
          "--dtype",         dtype,       "--max-new-tokens", "8",     "--lora",  rank,
          "--samples",       "2",         "--max-steps",      "4"};
}

// Log-probs of a few ids under a checkpoint.
std::vector<double> logprobs(const Workplace& place, const std::string& folder) {
  const Ended ended = place.host({"model", "logprobs", folder},
                                 R"({"id":1,"prompt_ids":[5,6,7],"continuation_ids":[8,9,200,300,1000,3]})");
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  return Json::parse(ended.out).at("token_logprobs").get<std::vector<double>>();
}

}  // namespace

TEST_CASE("a run with --lora leaves PEFT folders, verifies and merges", "[e2e][lora]") {
  const Workplace place;
  if (!put_model(place)) return;
  for (const char* const dtype : {"fp32", "bf16"}) {
    CAPTURE(dtype);
    const std::string out = std::string("run-") + dtype;
    std::vector<std::string> run = words(place, "4", dtype);
    run.insert(run.end(), {"--out", out});
    const Ended ended = place.host(run);
    INFO(ended.err);
    REQUIRE(ended.exit_code == 0);
    const std::size_t gap = ended.err.find("engine against trainer"), largest = ended.err.find("largest ", gap);
    REQUIRE(largest != std::string::npos);
    CHECK(std::stod(ended.err.substr(largest + 8)) < (std::string(dtype) == "fp32" ? 1e-4 : 0.1));
    const std::string trained = place.file(out + "/checkpoints/iter-1");
    CHECK(fs::exists(trained + "/adapter_model.safetensors"));
    CHECK_FALSE(fs::exists(trained + "/model.safetensors"));  // the base stays where it is
    CHECK(load_json(trained + "/adapter_config.json").at("base_model_name_or_path") == place.file("model"));
    const Ended verified = place.host({"verify", out});
    INFO(verified.err);
    CHECK(verified.exit_code == 0);
    const std::string merged = place.file(std::string("merged-") + dtype);
    REQUIRE(place.host({"model", "merge", trained, merged}).exit_code == 0);
    const auto of_change = logprobs(place, trained), of_all = logprobs(place, merged),
               of_base = logprobs(place, place.file("model"));
    double moved = 0;
    for (std::size_t i = 0; i < of_all.size(); ++i) {
      CHECK(of_change[i] == Approx(of_all[i]).margin(1e-4));
      moved = std::max(moved, std::abs(of_all[i] - of_base[i]));
    }
    CHECK(moved > 1e-5);  // something was learned
  }
}

TEST_CASE("a killed run with --lora goes on to the same results", "[e2e][lora]") {
  const Workplace place;
  if (!put_model(place)) return;
  const std::vector<std::string> run = words(place, "2", "fp32");
  kill_and_go_on(place, run, run_undisturbed(place, run), 3, 7);
}

TEST_CASE("--lora and --dtype are refused where they mean nothing", "[e2e][lora]") {
  const Workplace place;
  const auto refused = [&](const std::vector<std::string>& more, const char* part) {
    std::vector<std::string> run = {"--env", "gridworld", "--scorer", "mc", "--out", "run"};
    run.insert(run.end(), more.begin(), more.end());
    const Ended ended = place.host(run);
    CHECK(ended.exit_code == 2);
    CHECK(contains(ended.err, part));
    CHECK_FALSE(fs::exists(place.file("run")));
  };
  refused({"--lora", "4"}, "adapts a pretrained model");
  refused({"--lora", "-1"}, "give a rank");
  refused({"--dtype", "int8"}, "unknown dtype");
  refused({"--device", "tpu"}, "unknown device");
}
