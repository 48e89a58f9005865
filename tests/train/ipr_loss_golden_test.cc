// The optimizer plugin `ipr`, loaded from its module, with the trainer: the fixture's three losses over five steps.
#include "core/plugin/instance.h"
#include "core/plugin/schema.h"
#include "tests/support/catch.h"
#include "tests/train/tiny_llama.h"

using namespace ipr;
using namespace ipr::test;

namespace {

std::unique_ptr<plugin::Instance> create_ipr(const std::map<std::string, Json>& settings) {
  const auto library = plugin::open_library(IPR_OPTIMIZER_FILE);
  REQUIRE(library.ok());
  const auto found = plugin::manifests(**library, IPR_OPTIMIZER_FILE);
  REQUIRE(found.ok());
  const auto resolved = plugin::resolve_settings("optimizer", found->at(0).schema, {{"test", settings}});
  REQUIRE(resolved.ok());
  auto instance = plugin::Instance::create(found->at(0), resolved->values, {});
  REQUIRE(instance.ok());
  return std::move(instance).value();
}

// AdamW of the fixture; every row in every step.
train::TrainSettings golden_settings(const Json& hyper, std::size_t steps) {
  train::TrainSettings settings;
  settings.epochs = static_cast<std::int64_t>(steps);
  settings.lr = hyper.at("lr");
  settings.weight_decay = hyper.at("weight_decay");
  settings.clip = hyper.at("max_grad_norm");
  settings.order = train::Order::kEmitted;
  return settings;
}

void run_golden(const std::string& kind, const std::string& variant,
                const std::map<std::string, Json>& plugin_settings) {
  const TrainGolden golden = load_train_golden();
  const std::string name = kind + "/" + variant + "/fp32";
  const Json& run = golden.json.at("runs").at(name);
  const auto instance = create_ipr(plugin_settings);
  const auto* const table = instance->extension<ipr_optimizer_v1>(IPR_OPTIMIZER_V1);
  REQUIRE(table != nullptr);
  const model::Weights start = load_tiny_llama(kind);
  const auto backend = backend_with(start), reference = backend_with(reference_of(start));
  const GoldenCheck check(run, name);
  train::TrainJob job;
  job.rows = golden.rows;
  job.settings = golden_settings(golden.json.at("hyper"), run.size());
  job.loss = train::plugin_loss(*table, instance->self(), "optimizer \"ipr\"", 1);
  job.reference = [&](auto rows) { return reference->logprobs(rows); };
  job.on_step = [&](const train::StepRecord& record) -> Status {
    check.step(*backend, static_cast<std::size_t>(record.step), record.loss, record.grad_norm);
    return {};
  };
  const auto report = train::train(*backend, job);
  REQUIRE(report.ok());
  CHECK(report->steps.size() == run.size());
}

}  // namespace

TEST_CASE("the optimizer ipr trains as the reference implementation does", "[train][golden]") {
  if (tiny_llama_folder().empty()) return;
  const std::map<std::string, Json> paper = {{"beta", 0.1}, {"sft_over", "outcome"}, {"sft_reduce", "sum"}};
  const std::map<std::string, Json> token_mean = {{"beta", 0.1}, {"sft_over", "outcome"}, {"sft_reduce", "token_mean"}};
  const std::map<std::string, Json> released = {
      {"beta", 0.1}, {"sft_over", "all"}, {"sft_reduce", "sum"}, {"loss", "pooled"}};
  run_golden("untied", "paper_sum", paper);
  run_golden("tied", "paper_sum", paper);
  run_golden("untied", "token_mean", token_mean);
  run_golden("untied", "ipr_code", released);
}
