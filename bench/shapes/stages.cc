#include "bench/shapes/stages.h"

#include "bench/support/figures.h"
#include "core/base/rng.h"
#include "core/rollout/generator.h"
#include "core/train/backend.h"

namespace ipr::bench {
namespace {

std::vector<std::int32_t> random_ids(std::int64_t count, std::int64_t vocab, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::int32_t> ids(static_cast<std::size_t>(count));
  for (std::int32_t& id : ids) id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(vocab)));
  return ids;
}

// The likelihood of what is scored goes up.
Result<double> likelihood(const std::vector<std::vector<float>>& logp, std::vector<std::vector<float>>& d_logp) {
  double loss = 0;
  for (std::size_t r = 0; r < logp.size(); ++r) {
    for (std::size_t t = logp[r].size() / 2; t < logp[r].size(); ++t) {
      loss -= static_cast<double>(logp[r][t]);
      d_logp[r][t] = -1;
    }
  }
  return loss;
}

}  // namespace

Result<double> train_once(const model::Weights& weights, const Work& work) {
  IPR_ASSIGN(const auto backend, train::load_backend({.dtype = work.dtype, .threads = work.threads}));
  IPR_TRY(backend->set_weights(weights));
  std::vector<train::TrainRow> rows(static_cast<std::size_t>(work.rows));
  std::vector<const train::TrainRow*> pointers;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    rows[r].ids = random_ids(work.row_tokens, weights.config.vocab_size, r);
    rows[r].mask.assign(rows[r].ids.size(), 0);
    std::fill(rows[r].mask.begin() + work.row_tokens / 2, rows[r].mask.end(), 1.0f);
    pointers.push_back(&rows[r]);
  }
  const double began = wall_seconds();
  IPR_ASSIGN([[maybe_unused]] const train::StepStats stats,
             backend->step(pointers, {.lr = 1e-4, .clip = 1}, likelihood));
  return wall_seconds() - began;
}

Result<double> roll_out(const model::Weights& weights, const Work& work) {
  const model::Width width = work.dtype == "bf16" ? model::Width::kBf16 : model::Width::kF32;
  const model::CpuEngine engine(weights, work.threads, model::best_kernels(width));
  rollout::Generator generator(engine, {});
  std::vector<rollout::GenerateRequest> requests(static_cast<std::size_t>(work.samples));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].prompt = random_ids(work.prompt_tokens, weights.config.vocab_size, 0);
    requests[i].max_new_tokens = work.new_tokens;
    requests[i].seed = i;
  }
  const double began = wall_seconds();
  for (const rollout::GenerateReply& reply : rollout::generate_all(generator, std::move(requests))) {
    IPR_TRY(reply.status);
  }
  return wall_seconds() - began;
}

}  // namespace ipr::bench
