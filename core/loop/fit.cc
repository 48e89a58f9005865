// Training a policy: what the optimizer collects and emits, and the optimizer steps over it.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "core/base/rng.h"
#include "core/loop/engine_gap.h"
#include "core/loop/examples.h"
#include "core/loop/run_state.h"
#include "core/loop/stage_settings.h"
#include "core/train/trainer.h"

namespace ipr::loop {

Result<std::vector<Example>> Run::gather(OptimizerPlugin& optimizer, int iteration) {
  metric_iteration_ = iteration;
  metric_stage_ = "pairs";
  pending_metrics_.clear();
  const std::uint64_t seed = mix(config_.seed, static_cast<std::uint64_t>(iteration), fnv1a64(optimizer.id()));
  IPR_ASSIGN(const std::vector<CollectPlan> plans, optimizer.plans(static_cast<std::uint64_t>(iteration), seed));
  for (std::size_t i = 0; i < plans.size(); ++i) {
    IPR_TRY(interrupted());
    IPR_ASSIGN(std::vector<const rollout::Trajectory*> collected, collect(plans[i], i, iteration));
    std::sort(collected.begin(), collected.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
    for (const rollout::Trajectory* trajectory : collected) IPR_TRY(optimizer.absorb(i, *trajectory));
  }
  IPR_TRY(score_wanted(optimizer, iteration));
  Result<std::vector<Example>> examples = optimizer.emit(seed);
  for (const store::Metric& counted : pending_metrics_) {  // one value of each name
    IPR_TRY(store_->put_metric({iteration, metric_stage_, 0, counted.name, counted.value}));
  }
  pending_metrics_.clear();
  return examples;
}

// Rows and settings of a training stage, the same for equal examples.
Status Run::plan_training(const OptimizerPlugin& optimizer, const PluginChoice& choice, int iteration,
                          const std::vector<Example>& examples, Training& training) {
  IPR_ASSIGN(const StageSettings stage_settings, settings_of(optimizer, choice, iteration));
  training.settings = stage_settings.train;
  IPR_ASSIGN(training.rows, make_rows(examples, book_, *dialogue_, training.settings.observation_loss));
  cut_rows(training.rows, static_cast<std::size_t>(start_weights_.config.max_positions));
  bound_observations(stage_settings, training.rows);
  training.settings.epochs = bounded_epochs(stage_settings, training.rows);
  if (iteration == 0 && config_.sft_share < 1) {
    training.settings.epochs =
        std::max<std::int64_t>(1, std::llround(static_cast<double>(training.settings.epochs) * config_.sft_share));
  }
  training.seed = mix(config_.seed, static_cast<std::uint64_t>(iteration), fnv1a64("train"));
  training.steps = train::step_count(training.rows, training.settings, training.seed);
  return {};
}

// What is compared with does not change while a stage trains: one pass over all rows, before the first step. `known` is
// of `saved`.
Status Run::compute_logprobs(const std::string& title, const model::Weights& compared,
                             const std::vector<train::TrainRow>& rows, SavedTraining& saved,
                             train::RowLogprobs& known) {
  if (known.size() >= rows.size()) return {};
  IPR_TRY(backend_->set_weights(compared));
  std::vector<const train::TrainRow*> all;
  all.reserve(rows.size());
  for (const train::TrainRow& row : rows) all.push_back(&row);
  progress_.begin(title, "rows", rows.size());
  constexpr std::size_t kPiece = 64;
  while (known.size() < all.size()) {
    const std::size_t at = known.size();
    IPR_ASSIGN(train::RowLogprobs piece,
               backend_->logprobs(std::span(all).subspan(at, std::min(kPiece, all.size() - at))));
    for (auto& logp : piece) known.push_back(std::move(logp));
    progress_.update(known.size());
    if (saved.due() || stop_) IPR_TRY(saved.save(*backend_, 0));
    IPR_TRY(interrupted());
  }
  return {};
}

Status Run::write_metrics(std::vector<store::Metric>& metrics) {
  IPR_ASSIGN(store::Unit unit, store_->begin());
  for (const store::Metric& metric : metrics) IPR_TRY(store_->put_metric(metric));
  IPR_TRY(unit.commit());
  metrics.clear();
  return {};
}

Result<model::Weights> Run::fit(OptimizerPlugin& optimizer, const PluginChoice& choice, int iteration,
                                const std::vector<Example>& examples, const model::Weights& init) {
  Training training;
  IPR_TRY(plan_training(optimizer, choice, iteration, examples, training));
  const std::string stage = iteration == 0 ? "SFT" : "iteration " + std::to_string(iteration) + ": train";
  SavedTraining saved(training_file(), stage_name(iteration, "train"), training.steps, config_.save_seconds);
  IPR_TRY(saved.restore(init, progress_));
  goes_on(iteration, "training step " + std::to_string(saved.step()) + " of " + std::to_string(training.steps));

  train::TrainJob job;
  job.rows = training.rows;
  job.settings = training.settings;
  job.seed = training.seed;
  job.first_step = saved.step();
  job.loss = [&optimizer](ipr_batch& batch) { return optimizer.loss(batch); };
  job.stop = &stop_;
  const model::Weights* reference = nullptr;
  if (optimizer.needs_reference() && training.settings.reference != train::Reference::kNone) {
    const bool to_base = training.settings.reference == train::Reference::kBase;
    reference = to_base ? &base_->weights : &previous_weights();
    IPR_TRY(compute_logprobs(stage + " (reference)", *reference, training.rows, saved, saved.reference()));
    job.reference = [this](std::span<const train::TrainRow* const> part) { return backend_->logprobs(part); };
    job.ref_logp = &saved.reference();  // all there already
  }
  if (optimizer.needs_old()) {
    const bool same = reference == &init;  // in iteration 1 the SFT model both
    if (!same) IPR_TRY(compute_logprobs(stage + " (policy before it)", init, training.rows, saved, saved.old()));
    job.old_logp = same ? &saved.reference() : &saved.old();
  }
  IPR_TRY(saved.load(*backend_, init));

  metric_stage_ = iteration == 0 ? "sft" : "train";
  pending_metrics_.clear();
  std::vector<store::Metric> curve;
  auto began = std::chrono::steady_clock::now();  // what is not in the cost table yet
  const auto add_seconds = [&]() -> Status {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - std::exchange(began, now)).count();
    return store_->add_cost({iteration, metric_stage_, 0, 0, 0, 0, 0, seconds});
  };
  progress_.begin(stage, "steps", static_cast<std::uint64_t>(training.steps));
  job.on_step = [&](const train::StepRecord& step) -> Status {
    const auto add = [&](const std::string& name, double value) {
      curve.push_back({iteration, metric_stage_, step.step, name, value});
    };
    add("loss", step.loss);
    add("grad_norm", step.grad_norm);
    add("lr", step.lr);
    for (const store::Metric& metric : pending_metrics_) add(metric.name, metric.value);
    pending_metrics_.clear();
    char note[48];
    std::snprintf(note, sizeof note, "loss %.4f", step.loss);
    progress_.update(static_cast<std::uint64_t>(step.step + 1), note);
    if (!saved.due() && !stop_) return {};
    // The curve first: what the file says is done has its points in the record.
    IPR_TRY(write_metrics(curve));
    IPR_TRY(add_seconds());
    return saved.save(*backend_, step.step + 1);
  };
  Result<train::TrainReport> trained = train::train(*backend_, job);
  IPR_TRY(interrupted());  // says how to go on
  IPR_ASSIGN(const train::TrainReport report, std::move(trained));
  IPR_TRY(write_metrics(curve));
  char line[120];
  std::snprintf(line, sizeof line, "%zu rows, %zu steps, %.0f tokens/s, last loss %.4f", training.rows.size(),
                report.steps.size(), report.seconds > 0 ? static_cast<double>(report.tokens) / report.seconds : 0.0,
                report.steps.empty() ? 0.0 : report.steps.back().loss);
  progress_.finish(line);
  IPR_TRY(add_seconds());
  IPR_ASSIGN(model::Weights weights, backend_->weights());
  IPR_TRY(record_engine_gap(weights, training, iteration));
  return weights;
}

Status Run::record_engine_gap(const model::Weights& weights, const Training& training, int iteration) {
  IPR_ASSIGN(const std::unique_ptr<model::Engine> engine, make_engine(weights, config_.compute));
  IPR_ASSIGN(const EngineGap gap, engine_gap(*backend_, *engine, training.rows));
  if (gap.tokens == 0) return {};
  char line[100];
  std::snprintf(line, sizeof line, "log-probs, engine against trainer: mean |difference| %.1e, largest %.1e", gap.mean,
                gap.largest);
  progress_.say(line);
  std::vector<store::Metric> metrics = {{iteration, metric_stage_, training.steps, "engine_gap_mean", gap.mean},
                                        {iteration, metric_stage_, training.steps, "engine_gap_max", gap.largest}};
  return write_metrics(metrics);
}

}  // namespace ipr::loop
