#include "core/loop/value_fit.h"

#include <algorithm>
#include <cstdio>

#include "core/base/rng.h"
#include "core/loop/saved_training.h"
#include "core/loop/step_rows.h"

namespace ipr::loop {
namespace {

constexpr int kIteration = 1;             // of train_defaults: there is no other
constexpr std::size_t kPredictRows = 64;  // rows of one call: often enough to notice that it shall stop

Result<std::unique_ptr<OptimizerPlugin>> make_optimizer(const PluginChoice& choice) {
  plugin::HostServices services = choice.services;
  services.metric = [](std::string_view, double) {};  // the loss itself is shown
  IPR_ASSIGN(auto instance, plugin::Instance::create(choice.manifest, choice.settings, std::move(services)));
  return OptimizerPlugin::make(std::move(instance));
}

Result<StageSettings> settings_for_values(const OptimizerPlugin& optimizer, const PluginChoice& choice) {
  IPR_ASSIGN(const StageSettings settings, settings_of(optimizer, choice, kIteration));
  IPR_TRY(check_trains(optimizer, settings, train::Output::kValue));
  return settings;
}

std::string_view bytes_of(const auto& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(*values.data())};
}

// Names a training by all that decides it: a file that another one saved is not gone on from.
std::string stage_of(const ValueJob& job, const StageSettings& settings) {
  std::uint64_t rows = fnv1a64(dump_line(train::train_settings_to_json(settings.train)));
  for (const train::TrainRow& row : job.steps->rows)
    rows = mix(fnv1a64(bytes_of(row.ids), rows), fnv1a64(bytes_of(row.mask)), fnv1a64(bytes_of(row.turn_score)));
  const Json decides = {weights_hash(job.start), rows, job.seed, job.compute.device, job.compute.dtype,
                        job.compute.threads};
  return "value/" + sha256_hex(dump_line(decides)).substr(0, 16);
}

Status interrupted() {
  return {Code::kInterrupted, "training: interrupted; the same command goes on"};
}

}  // namespace

Result<StageSettings> value_settings(const PluginChoice& choice) {
  IPR_ASSIGN(const auto optimizer, make_optimizer(choice));
  return settings_for_values(*optimizer, choice);
}

Result<FittedValues> fit_values(ValueJob job, ProgressLine& progress, const std::atomic<bool>& stop) {
  IPR_ASSIGN(const auto optimizer, make_optimizer(job.optimizer));
  IPR_ASSIGN(const StageSettings settings, settings_for_values(*optimizer, job.optimizer));
  FittedValues fitted;
  IPR_ASSIGN(fitted.backend, train::load_backend(backend_options(job.compute)));

  train::TrainJob stage;
  stage.rows = job.steps->rows;
  stage.settings = settings.train;
  stage.settings.epochs = bounded_epochs(settings, job.steps->rows);
  stage.seed = mix(job.seed, fnv1a64("train"));
  stage.loss = [&optimizer](ipr_batch& batch) { return optimizer->loss(batch); };
  stage.stop = &stop;
  fitted.settings = stage.settings;
  fitted.steps = train::step_count(stage.rows, stage.settings, stage.seed);
  SavedTraining saved(job.saved_file, stage_of(job, settings), fitted.steps, job.save_seconds);
  IPR_TRY(saved.restore(job.start, progress));
  stage.first_step = saved.step();
  if (stage.first_step > 0)
    progress.say("goes on: step " + std::to_string(stage.first_step) + " of " + std::to_string(fitted.steps));
  IPR_TRY(saved.load(*fitted.backend, job.start));
  job.start = {};  // the backend has its own

  progress.begin("train", "steps", static_cast<std::uint64_t>(fitted.steps));
  stage.on_step = [&](const train::StepRecord& record) -> Status {
    fitted.last_loss = record.loss;
    char note[48];
    std::snprintf(note, sizeof note, "loss %.4f", record.loss);
    progress.update(static_cast<std::uint64_t>(record.step + 1), note);
    return saved.due() || stop ? saved.save(*fitted.backend, record.step + 1) : Status();
  };
  Result<train::TrainReport> trained = train::train(*fitted.backend, stage);
  if (stop) return interrupted();
  IPR_ASSIGN(const train::TrainReport report, std::move(trained));
  char line[96];
  std::snprintf(line, sizeof line, "%zu rows, %lld steps, %.0f tokens/s, last loss %.4f", stage.rows.size(),
                static_cast<long long>(fitted.steps),
                report.seconds > 0 ? static_cast<double>(report.tokens) / report.seconds : 0.0, fitted.last_loss);
  progress.finish(line);
  IPR_ASSIGN(fitted.weights, fitted.backend->weights());
  return fitted;
}

Result<std::vector<double>> predict_values(train::Backend& backend, const StepData& steps, ProgressLine& progress,
                                           const std::atomic<bool>& stop) {
  std::vector<const train::TrainRow*> rows;
  for (const train::TrainRow& row : steps.rows) rows.push_back(&row);
  std::vector<std::vector<float>> values;
  for (std::size_t at = 0; at < rows.size(); at += kPredictRows) {
    if (stop) return interrupted();
    IPR_ASSIGN(std::vector<std::vector<float>> piece,
               backend.values(std::span(rows).subspan(at, std::min(kPredictRows, rows.size() - at))));
    std::move(piece.begin(), piece.end(), std::back_inserter(values));
    progress.update(values.size());
  }
  std::vector<double> predicted;
  for (const ScoredStep& step : steps.steps)
    predicted.push_back(turn_value(steps.rows[step.row], values[step.row], step.turn));
  return predicted;
}

}  // namespace ipr::loop
