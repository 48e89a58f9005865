#include "core/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "core/base/rng.h"
#include "core/train/batches.h"

namespace ipr::train {
namespace {

// Rows per call of the reference: often enough to notice that the run shall stop.
constexpr std::size_t kReferenceRows = 256;

struct PlannedStep {
  std::int64_t epoch = 0;
  Batch batch;
};

std::vector<PlannedStep> plan_steps(std::span<const TrainRow> rows, const TrainSettings& settings, std::uint64_t seed) {
  std::vector<PlannedStep> steps;
  const auto wanted = static_cast<std::size_t>(settings.steps);
  for (std::int64_t epoch = 0; wanted > 0 ? steps.size() < wanted : epoch < settings.epochs; ++epoch) {
    std::vector<Batch> batches = plan_epoch(rows, settings, seed, epoch);
    if (batches.empty()) break;
    for (Batch& batch : batches) {
      if (wanted == 0 || steps.size() < wanted) steps.push_back({epoch, std::move(batch)});
    }
  }
  return steps;
}

Status check_stop(const TrainJob& job) {
  if (job.stop != nullptr && job.stop->load(std::memory_order_relaxed))
    return {Code::kInterrupted, "training: stopped"};
  return {};
}

Status check_count(const RowLogprobs& logps, const TrainJob& job, const char* whose) {
  if (logps.size() == job.rows.size()) return {};
  return failed("training: " + std::to_string(logps.size()) + " " + whose + " log-probs for " +
                std::to_string(job.rows.size()) + " rows");
}

Status fill_reference(const TrainJob& job, RowLogprobs& ref_logp) {
  if (!ref_logp.empty()) return check_count(ref_logp, job, "reference");
  for (std::size_t first = 0; first < job.rows.size(); first += kReferenceRows) {
    IPR_TRY(check_stop(job));
    std::vector<const TrainRow*> piece;
    for (const TrainRow& row : job.rows.subspan(first, std::min(kReferenceRows, job.rows.size() - first)))
      piece.push_back(&row);
    IPR_ASSIGN(RowLogprobs logps, job.reference(piece));
    std::move(logps.begin(), logps.end(), std::back_inserter(ref_logp));
  }
  return {};
}

Result<StepRecord> run_step(Backend& backend, const TrainJob& job, const PlannedStep& planned,
                            const RowLogprobs& ref_logp, std::int64_t step, std::int64_t total) {
  StepRecord record{.step = step, .total = total, .epoch = planned.epoch, .lr = lr_at(job.settings, step, total)};
  std::vector<const TrainRow*> rows;
  std::vector<const std::vector<float>*> references, old;
  for (const std::size_t i : planned.batch) {
    rows.push_back(&job.rows[i]);
    if (job.reference) references.push_back(&ref_logp[i]);
    if (job.old_logp != nullptr) old.push_back(&(*job.old_logp)[i]);
    record.tokens += static_cast<std::int64_t>(job.rows[i].ids.size());
  }
  record.rows = static_cast<std::int64_t>(rows.size());
  LossBatch bridge(rows, {references, old}, static_cast<std::uint64_t>(step), job.settings.trains);
  const LossFunction loss = [&](const auto& outputs, auto& gradient) {
    return bridge.run(job.loss, outputs, gradient);
  };
  StepSettings settings = job.settings.at_lr(record.lr);
  settings.dropout_seed = mix(job.seed, fnv1a64("dropout"), static_cast<std::uint64_t>(step));
  Result<StepStats> stats = backend.step(rows, settings, loss);
  if (!stats.ok()) return stats.status().at("training step " + std::to_string(step));
  record.loss = stats->loss;
  record.grad_norm = stats->grad_norm;
  return record;
}

}  // namespace

std::int64_t step_count(std::span<const TrainRow> rows, const TrainSettings& settings, std::uint64_t seed) {
  return static_cast<std::int64_t>(plan_steps(rows, settings, seed).size());
}

Result<TrainReport> train(Backend& backend, const TrainJob& job) {
  const std::vector<PlannedStep> steps = plan_steps(job.rows, job.settings, job.seed);
  const auto total = static_cast<std::int64_t>(steps.size());
  RowLogprobs own;
  RowLogprobs& ref_logp = job.ref_logp != nullptr ? *job.ref_logp : own;
  if (job.reference && job.first_step < total) IPR_TRY(fill_reference(job, ref_logp));
  if (job.old_logp != nullptr) IPR_TRY(check_count(*job.old_logp, job, "old"));
  TrainReport report;
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t step = job.first_step; step < total; ++step) {
    IPR_TRY(check_stop(job));
    IPR_ASSIGN(const StepRecord record,
               run_step(backend, job, steps[static_cast<std::size_t>(step)], ref_logp, step, total));
    report.steps.push_back(record);
    report.tokens += record.tokens;
    if (job.on_step) IPR_TRY(job.on_step(record));
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace ipr::train
