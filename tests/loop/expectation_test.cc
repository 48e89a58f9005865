// The arithmetic of --dry-run: what whole runs of the generated shop did, from what can be counted before them.
#include "core/loop/expectation.h"

#include <stdexcept>

#include "tests/support/catch.h"

using namespace ipr::loop;

namespace {

// The generated shop with the embedded model, three iterations.
Workload default_run() {
  Workload w;
  w.train_tasks = 560;
  w.dev_tasks = 100;
  w.test_tasks = 500;
  w.experts = 435;
  w.expert_turns = 4.3;
  w.surprise = 0.16;
  w.row_tokens = 418;
  w.prompt_tokens = 75;
  w.reply_tokens = 17;
  w.sft_steps = 1962;
  w.sft_tokens = 1.64e6;
  w.iterations = 3;
  w.max_steps = 10;
  w.max_new_tokens = 64;
  w.explored_experts = 200;
  w.episodes_per_expert = 4.3;
  w.along_prefixes = true;
  w.samples = 5;
  w.shape.vocab_size = 768;
  w.shape.hidden_size = 128;
  w.shape.intermediate_size = 352;
  w.shape.num_layers = 2;
  w.shape.num_heads = w.shape.num_kv_heads = 4;
  w.shape.head_dim = 32;
  w.shape.tie_word_embeddings = true;
  w.kv_budget_bytes = 1.6e9;
  w.rows_in_flight = 320;
  w.tokens_per_pass = 16384;
  return w;
}

// The tiny shop with a third of the SFT: an agent that has learned nothing yet.
Workload tiny_run() {
  Workload w = default_run();
  w.dev_tasks = 8;
  w.test_tasks = 16;
  w.experts = w.explored_experts = 20;
  w.expert_turns = w.episodes_per_expert = 4.3;
  w.sft_steps = 30;
  w.sft_tokens = 25000;
  w.iterations = 1;
  return w;
}

// The credit world: longer episodes and an expert that can hardly be foreseen; one iteration.
Workload credit_run() {
  Workload w = default_run();
  w.experts = 536;
  w.expert_turns = w.episodes_per_expert = 8.5;
  w.surprise = 0.49;
  w.row_tokens = 908;
  w.sft_steps = 2412;
  w.sft_tokens = 4.4e6;
  w.max_steps = 15;
  w.explored_experts = 100;
  w.iterations = 1;
  return w;
}

constexpr Rates kRates{30000, 20000, 5000, 1e-7};

void within_a_factor_of_2(double expected, double happened) {
  CHECK(expected > happened / 2);
  CHECK(expected < happened * 2);
}

const ExpectedStage& stage(const Expectation& e, const std::string& name) {
  for (const ExpectedStage& one : e.stages) {
    if (one.name == name) return one;
  }
  throw std::runtime_error("no stage " + name);
}

}  // namespace

TEST_CASE("expected rollouts are within a factor of 2 of recorded runs", "[loop][dry-run]") {
  const Expectation full = expect(default_run(), kRates);
  within_a_factor_of_2(stage(full, "explore").rollouts, 2599);
  within_a_factor_of_2(full.mc_rollouts, 455);  // two seeds
  within_a_factor_of_2(full.mc_rollouts, 360);
  within_a_factor_of_2(full.rollouts, 2599 + 455);
  CHECK(full.episodes == 4 * 600);
  const Expectation credit = expect(credit_run(), kRates);
  within_a_factor_of_2(stage(credit, "explore").rollouts, 859);
  within_a_factor_of_2(credit.mc_rollouts, 2100);
  const Expectation tiny = expect(tiny_run(), kRates);
  within_a_factor_of_2(tiny.mc_rollouts, 560);
  within_a_factor_of_2(tiny.rollouts, 86 + 560);
}

TEST_CASE("more SFT leaves less of the agent lost, and never more than all of it", "[loop][dry-run]") {
  double before = 1;
  for (const double steps : {0.0, 1.0, 30.0, 100.0, 1000.0, 10000.0}) {
    CHECK(lost_share(steps) <= before);
    before = lost_share(steps);
  }
  CHECK(lost_share(0) == 1);
  CHECK(before > 0);
}

TEST_CASE("time falls with the rates, memory does not", "[loop][dry-run]") {
  const Expectation slow = expect(default_run(), kRates);
  const Expectation fast =
      expect(default_run(), {2 * kRates.train, 2 * kRates.prompt, 2 * kRates.generate, kRates.attend / 2});
  CHECK(fast.seconds == Approx(slow.seconds / 2));
  CHECK(fast.memory_bytes == slow.memory_bytes);
  double sum = 0;
  for (const ExpectedStage& one : slow.stages) sum += one.seconds;
  CHECK(sum == Approx(slow.seconds));
}

TEST_CASE("a change to a frozen base needs less memory than all weights", "[loop][dry-run]") {
  Workload w = default_run();
  w.shape.hidden_size = 4096;
  w.shape.intermediate_size = 11008;
  w.shape.num_layers = 32;
  w.shape.num_heads = w.shape.num_kv_heads = 32;
  w.shape.head_dim = 128;
  w.shape.vocab_size = 32000;
  w.shape.tie_word_embeddings = false;
  for (const bool gpu : {false, true}) {
    w.memory = {0, true, gpu, 2};
    const Expectation all = expect(w, kRates);
    w.memory.lora_rank = 16;
    const Expectation lora = expect(w, kRates);
    CAPTURE(gpu);
    CHECK(lora.memory_bytes < all.memory_bytes / 2);
    CHECK(lora.lora_memory_bytes == 0);
    CHECK(all.lora_memory_bytes == Approx(gpu ? lora.memory_bytes : lora.least_memory_bytes));
    CHECK(lora.least_memory_bytes <= lora.memory_bytes);
    CHECK((lora.device_bytes > 13e9) == gpu);  // 6.7e9 weights of two bytes
    CHECK(lora.least_device_bytes <= lora.device_bytes);
  }
}

TEST_CASE("a scorer without rollouts costs none", "[loop][dry-run]") {
  Workload w = default_run();
  w.samples = 0;
  CHECK(expect(w, kRates).mc_rollouts == 0);
  CHECK(stage(expect(w, kRates), "score").seconds == 0);
}
