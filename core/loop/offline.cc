#include "core/loop/offline.h"

#include <algorithm>
#include <cstdio>

#include "core/base/rng.h"

namespace ipr::loop {
namespace {

constexpr int kIteration = 1;  // of train_defaults: what the optimizer would do first

Result<std::unique_ptr<OptimizerPlugin>> make_optimizer(const PluginChoice& choice,
                                                        std::map<std::string, double>& parts) {
  plugin::HostServices services = choice.services;
  services.metric = [&parts](std::string_view name, double value) { parts[std::string(name)] += value; };
  IPR_ASSIGN(auto instance, plugin::Instance::create(choice.manifest, choice.settings, std::move(services)));
  return OptimizerPlugin::make(std::move(instance));
}

// One pass over all rows before the first step: what is compared with does not change.
Result<train::RowLogprobs> logprobs_under(train::Backend& backend, const model::Weights& compared, const char* title,
                                          const std::vector<train::TrainRow>& rows, ProgressLine& progress,
                                          const std::atomic<bool>& stop) {
  IPR_TRY(backend.set_weights(compared));
  std::vector<const train::TrainRow*> all;
  for (const train::TrainRow& row : rows) all.push_back(&row);
  progress.begin(title, "rows", rows.size());
  train::RowLogprobs logps;
  constexpr std::size_t kPiece = 64;
  for (std::size_t at = 0; at < all.size(); at += kPiece) {
    if (stop) return Status(Code::kInterrupted, "training: interrupted; nothing was written");
    IPR_ASSIGN(train::RowLogprobs piece,
               backend.logprobs(std::span(all).subspan(at, std::min(kPiece, all.size() - at))));
    std::move(piece.begin(), piece.end(), std::back_inserter(logps));
    progress.update(logps.size());
  }
  progress.finish(std::to_string(logps.size()) + " rows");
  return logps;
}

}  // namespace

Result<StageSettings> offline_settings(const PluginChoice& choice) {
  std::map<std::string, double> unused;
  IPR_ASSIGN(const auto optimizer, make_optimizer(choice, unused));
  IPR_ASSIGN(const StageSettings settings, settings_of(*optimizer, choice, kIteration));
  IPR_TRY(check_trains(*optimizer, settings, train::Output::kLogp));
  return settings;
}

Result<OfflineResult> train_offline(OfflineJob job, ProgressLine& progress, const std::atomic<bool>& stop) {
  std::map<std::string, double> parts;
  IPR_ASSIGN(const auto optimizer, make_optimizer(job.optimizer, parts));
  IPR_ASSIGN(const StageSettings settings, settings_of(*optimizer, job.optimizer, kIteration));
  bound_observations(settings, job.rows);
  IPR_ASSIGN(const auto backend, train::load_backend(backend_options(job.compute)));

  train::TrainJob stage;
  stage.rows = job.rows;
  stage.settings = settings.train;
  stage.settings.epochs = bounded_epochs(settings, job.rows);
  stage.seed = mix(job.seed, fnv1a64("train"));
  stage.loss = [&optimizer](ipr_batch& batch) { return optimizer->loss(batch); };
  stage.stop = &stop;
  train::RowLogprobs reference, old;
  if (optimizer->needs_reference() && settings.train.reference != train::Reference::kNone) {
    IPR_ASSIGN(reference, logprobs_under(*backend, job.reference != nullptr ? *job.reference : *job.start, "reference",
                                         job.rows, progress, stop));
    stage.reference = [&backend](std::span<const train::TrainRow* const> rows) { return backend->logprobs(rows); };
    stage.ref_logp = &reference;
  }
  if (optimizer->needs_old() && !reference.empty() && job.reference == nullptr) {
    stage.old_logp = &reference;  // the same model
  } else if (optimizer->needs_old()) {
    IPR_ASSIGN(old, logprobs_under(*backend, *job.start, "policy before it", job.rows, progress, stop));
    stage.old_logp = &old;
  }
  IPR_TRY(backend->set_weights(*job.start));

  OfflineResult result;
  progress.begin("train", "steps",
                 static_cast<std::uint64_t>(train::step_count(stage.rows, stage.settings, stage.seed)));
  stage.on_step = [&](const train::StepRecord& record) -> Status {
    result.steps.push_back({record, std::exchange(parts, {})});
    char note[48];
    std::snprintf(note, sizeof note, "loss %.4f", record.loss);
    progress.update(static_cast<std::uint64_t>(record.step + 1), note);
    return {};
  };
  Result<train::TrainReport> trained = train::train(*backend, stage);
  if (stop) return Status(Code::kInterrupted, "training: interrupted; nothing was written");
  IPR_ASSIGN(const train::TrainReport report, std::move(trained));
  result.tokens_per_second = report.seconds > 0 ? static_cast<double>(report.tokens) / report.seconds : 0;
  char line[96];
  std::snprintf(line, sizeof line, "%zu rows, %zu steps, %.0f tokens/s", job.rows.size(), result.steps.size(),
                result.tokens_per_second);
  progress.finish(line);
  IPR_ASSIGN(result.weights, backend->weights());
  return result;
}

}  // namespace ipr::loop
