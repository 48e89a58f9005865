// How fast a small language model runs and trains here, on the shapes of bench/llm/peers.py: decoding, reading prompts,
// Monte Carlo samples of one state, DPO+SFT steps, decoding beside a busy process, and how time and memory grow.
//
// One line per measurement, each made in a process of its own. compare.py runs this program and the peers in turn and
// makes the table of ratios.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>

#include "bench/llm/cases.h"
#include "bench/support/open_environment.h"
#include "core/base/files.h"
#include "core/model/checkpoint.h"

namespace ipr::bench {
namespace {

struct Flags {
  std::string model = cache_folder() + "/models/smollm2";
  std::string width = "both";
  std::vector<std::string> only;
  int threads = 2, repeat = 3;
  bool json = false;
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const int batch : {1, 4, 16, 32, 64})
    cases.push_back(decode_case("decode", "decode b" + std::to_string(batch), batch, 128));
  cases.push_back(prefill_case("prefill", "prefill 512", 512));
  cases.push_back(samples_case("samples", "5 samples, shared prompt", 5, Prompts::kShared));
  cases.push_back(samples_case("samples", "5 prompts, batched", 5, Prompts::kBatched));
  cases.push_back(samples_case("samples", "5 prompts, one by one", 5, Prompts::kOneByOne));
  cases.push_back(training_case("training", "step", ReferencePass::kEachStep));
  cases.push_back(training_case("training", "step, reference cached", ReferencePass::kCached));
  cases.push_back(sync_case("sync", "weights into the engine"));
  cases.push_back(decode_case("neighbour", "decode b1, one thread", 1, 128, 1));
  cases.push_back(busy_decode_case("neighbour", "decode b1, busy neighbour"));
  std::vector<Case> growth = growth_cases();
  std::move(growth.begin(), growth.end(), std::back_inserter(cases));
  return cases;
}

// A name is what a section begins with, or one shape of a section: decode/decode b1.
bool wanted(const Case& work, const std::vector<std::string>& only) {
  return only.empty() || std::any_of(only.begin(), only.end(), [&](const std::string& name) {
           return work.section.starts_with(name) || work.section + "/" + work.shape == name;
         });
}

// Whether all were measured.
bool measure(const model::Weights& weights, const Flags& flags) {
  bool all_done = true;
  const std::vector<std::string> widths =
      flags.width == "both" ? std::vector<std::string>{"f32", "bf16"} : std::vector<std::string>{flags.width};
  print_heading(flags.json);
  for (const Case& work : all_cases()) {
    if (!wanted(work, flags.only)) continue;
    for (const std::string& width : widths) {
      const Setup setup{weights, width, work.threads > 0 ? work.threads : flags.threads, flags.repeat};
      const Reading reading = run_case(work, setup);
      if (reading.done) print_reading(work, setup, reading, flags.json);
      all_done = all_done && reading.done;
    }
  }
  return all_done;
}

}  // namespace
}  // namespace ipr::bench

int main(int argc, char** argv) {
  using namespace ipr;
  bench::Flags flags;
  CLI::App app("speed and memory of the rollout engine and the trainer on a small language model");
  app.add_option("--model", flags.model, "checkpoint folder or GGUF file")->capture_default_str();
  app.add_option("--width", flags.width, "f32, bf16 or both")
      ->check(CLI::IsMember({"f32", "bf16", "both"}))
      ->capture_default_str();
  app.add_option("--threads", flags.threads, "of the model")->capture_default_str();
  app.add_option("--repeat", flags.repeat, "measurements behind each median")->capture_default_str();
  app.add_option("--only", flags.only,
                 "sections, or what they begin with (decode, prefill, samples, training, sync, "
                 "neighbour, growth-batch, -context, -samples, -threads); one shape: decode/decode b1")
      ->delimiter(',');
  app.add_flag("--json", flags.json, "lines of JSON");
  CLI11_PARSE(app, argc, argv);
  const model::Weights weights = bench::must(model::load_checkpoint(flags.model));
  return bench::measure(weights, flags) ? 0 : 1;
}
