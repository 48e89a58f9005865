// What breaks around the program: files, disks and signals.
#include <csignal>
#include <filesystem>

#include "core/base/files.h"
#include "tests/host/small_run.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

// A copy of the small run's checkpoint to be broken.
std::string broken_checkpoint(const Workplace& place) {
  const std::string copy = place.file("checkpoint");
  fs::copy(small_run().checkpoint(), copy);
  return copy;
}

// These commands refuse the checkpoint: exit 3 and one line that contains `part`.
void refused(const Workplace& place, const std::vector<std::vector<std::string>>& commands, const std::string& part) {
  for (const std::vector<std::string>& words : commands) {
    const Ended ended = place.host(words, "{\"id\":1,\"text\":\"a\",\"prompt\":\"a\",\"continuation\":\"b\"}\n");
    INFO(words[0] << " " << words[1] << "\n" << ended.err);
    CHECK(ended.exit_code == 3);
    REQUIRE(ended.error_lines().size() == 1);
    CHECK(contains(ended.error_lines()[0], part));
  }
}

std::vector<std::string> run_with_model(const std::string& model) {
  return {"run", "--env", "gridworld", "--limit", "4", "--model", model, "--out", "out"};
}

// The small run, hit by a signal when it says `text`.
Ended signalled(const Workplace& place, int signal, const std::string& text) {
  Call call = place.call(small_run_words("run"));
  call.signal = signal;
  call.signal_at = text;
  return run_program(call);
}

}  // namespace

TEST_CASE("a checkpoint with a file missing or cut short is refused", "[host][faults]") {
  const Workplace place;
  const std::string checkpoint = broken_checkpoint(place);
  fs::resize_file(checkpoint + "/model.safetensors", fs::file_size(checkpoint + "/model.safetensors") / 2);
  refused(place, {{"model", "inspect", checkpoint}, {"model", "logprobs", checkpoint}, run_with_model(checkpoint)},
          "model.safetensors");
  REQUIRE(write_file(checkpoint + "/model.safetensors", "no tensors at all").ok());
  refused(place, {{"model", "inspect", checkpoint}}, "model.safetensors");
  fs::remove(checkpoint + "/model.safetensors");
  refused(place, {{"model", "inspect", checkpoint}, {"model", "generate", checkpoint}}, "model.safetensors");
  refused(place, {{"model", "inspect", place.file("nowhere")}, run_with_model("nowhere")}, "nowhere");
}

TEST_CASE("weights of another shape are refused with the tensor's name", "[host][faults]") {
  const Workplace place;
  const std::string checkpoint = broken_checkpoint(place);
  Json config = load_json(checkpoint + "/config.json");
  config["intermediate_size"] = config.at("intermediate_size").get<int>() / 2;
  REQUIRE(write_file(checkpoint + "/config.json", config.dump()).ok());
  refused(place, {{"model", "inspect", checkpoint}, {"model", "logprobs", checkpoint}, run_with_model(checkpoint)},
          "mlp.");
}

TEST_CASE("a tokenizer that does not fit is refused", "[host][faults]") {
  const Workplace place;
  const std::string checkpoint = broken_checkpoint(place);
  const Json good = load_json(checkpoint + "/tokenizer.json");
  Json larger = good;
  Json added = larger.at("added_tokens").at(0);
  added["id"] = load_json(checkpoint + "/config.json").at("vocab_size");
  added["content"] = "<|beyond|>";
  larger["added_tokens"].push_back(added);
  REQUIRE(write_file(checkpoint + "/tokenizer.json", larger.dump()).ok());
  refused(place, {{"model", "logprobs", checkpoint}, {"model", "generate", checkpoint}, run_with_model(checkpoint)},
          "do not belong together");
  const std::string text = good.dump();
  REQUIRE(write_file(checkpoint + "/tokenizer.json", text.substr(0, text.size() / 2)).ok());
  refused(place, {{"model", "tokenize", checkpoint}, run_with_model(checkpoint)}, "tokenizer.json");
  fs::remove(checkpoint + "/tokenizer.json");
  refused(place, {{"model", "tokenize", checkpoint}}, "tokenizer.json");
}

TEST_CASE("a folder that cannot be made ends the run with one line", "[host][faults]") {
  const Workplace place;
  REQUIRE(write_file(place.file("blocked"), "a file").ok());
  const Ended ended = place.host(small_run_words("blocked/run"));
  INFO(ended.err);
  CHECK(ended.exit_code == 1);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0], "blocked"));
}

TEST_CASE("a device that is not there ends the run before it has begun", "[host][faults]") {
  const Workplace place;
  std::vector<std::string> words = small_run_words("run");
  words.insert(words.end(), {"--device", "cuda:99"});
  const Ended ended = place.host(words);
  INFO(ended.err);
  CHECK(ended.exit_code == 1);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0], "device cuda:99"));
  CHECK_FALSE(fs::exists(place.file("run")));
}

TEST_CASE("a full disk ends the run with one line and nothing half-written", "[host][faults]") {
  const Workplace place;
  const std::size_t checkpoint_size = fs::file_size(small_run().checkpoint() + "/model.safetensors");
  Call call = place.call(small_run_words("run"));
  call.largest_file = checkpoint_size - 4096;
  const Ended ended = run_program(call);
  INFO(ended.err);
  CHECK(ended.exit_code == 1);
  CHECK(ended.error_lines().size() == 1);
  CHECK_FALSE(fs::exists(place.file("run/certificate.json")));
  CHECK_FALSE(fs::exists(place.file("run/checkpoints/iter-0/model.safetensors")));
  for (const auto& entry : fs::recursive_directory_iterator(place.file("run"))) {
    if (entry.path().extension() == ".json") CHECK_NOTHROW(load_json(entry.path().string()));
  }
}

TEST_CASE("Ctrl-C says how to go on, and the same command does", "[host][faults]") {
  const Workplace place;
  const Ended stopped = signalled(place, SIGINT, "tokenizer");
  INFO(stopped.err);
  CHECK(stopped.exit_code == 130);
  REQUIRE_FALSE(stopped.error_lines().empty());
  CHECK(contains(stopped.error_lines().back(), "the same command"));
  CHECK_FALSE(fs::exists(place.file("run/certificate.json")));
  const Ended again = place.host(small_run_words("run"));
  INFO(again.err);
  REQUIRE(again.exit_code == 0);
  CHECK(load_json(place.file("run/certificate.json")).at("results") ==
        load_json(small_run().folder() + "/certificate.json").at("results"));
}

TEST_CASE("a polite request to end is answered in its own way", "[host][faults]") {
  const Workplace place;
  const Ended stopped = signalled(place, SIGTERM, "explore");
  INFO(stopped.err);
  CHECK(stopped.exit_code == 143);
  REQUIRE_FALSE(stopped.error_lines().empty());
  CHECK(contains(stopped.error_lines().back(), "the same command"));
  const Ended report = place.host({"report", "run", "--html", "page.html"});
  INFO(report.err);
  CHECK(report.exit_code == 0);
  CHECK(contains(report.out, "unfinished  run"));
}

TEST_CASE("what keeps nothing before its end is ended by the first signal", "[host][faults]") {
  const Workplace place;
  Call call = place.call({"eval", "--env", "gridworld", "--policy", "random", "--repeats", "100000"});
  call.signal_at = "evaluate";
  for (const auto& [signal, code] : {std::pair(SIGTERM, 143), std::pair(SIGINT, 130)}) {
    call.signal = signal;
    const Ended ended = run_program(call);
    INFO(ended.err);
    CHECK(ended.exit_code == code);
    REQUIRE(ended.error_lines().size() == 1);
    CHECK(contains(ended.error_lines()[0], "nothing was written"));
  }
}

TEST_CASE("without an expert there is nothing to start from", "[host][faults]") {
#ifdef IPR_NO_EXPERT
  const Workplace place;
  const Ended run =
      place.host({"--env", "no-expert", "--scorer", "mc", "--plugin-path", IPR_NO_EXPERT, "--out", "run"});
  INFO(run.err);
  CHECK(run.exit_code == 3);
  REQUIRE(run.error_lines().size() == 1);
  CHECK(contains(run.error_lines()[0], "--expert"));
#endif
}
