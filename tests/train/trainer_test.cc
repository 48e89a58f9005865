#include "core/train/trainer.h"

#include "core/train/batches.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::train;

namespace {

// Records what it is asked; log-probs are minus the token id.
class FakeBackend final : public Backend {
 public:
  struct Step {
    std::vector<std::int32_t> first_ids;
    StepSettings settings;
    std::vector<std::vector<float>> d_logp;
  };
  std::vector<Step> steps;

  Status set_weights(const model::Weights&) override { return {}; }
  Result<model::Weights> weights() const override { return model::Weights{}; }
  Result<std::vector<std::vector<float>>> logprobs(std::span<const TrainRow* const> rows) override {
    std::vector<std::vector<float>> out;
    for (const TrainRow* row : rows) {
      out.emplace_back();
      for (const std::int32_t id : row->ids) out.back().push_back(static_cast<float>(-id));
    }
    return out;
  }
  Result<std::vector<std::vector<float>>> values(std::span<const TrainRow* const> rows) override {
    return logprobs(rows);
  }
  Result<std::vector<float>> logits(std::span<const std::int32_t>) override { return std::vector<float>{}; }
  Result<StepStats> step(std::span<const TrainRow* const> rows, const StepSettings& settings,
                         const LossFunction& loss) override {
    IPR_ASSIGN(const auto logp, logprobs(rows));
    Step record{{}, settings, logp};
    for (auto& row : record.d_logp) row.assign(row.size(), 0);
    for (const TrainRow* row : rows) record.first_ids.push_back(row->ids[0]);
    IPR_ASSIGN(const double value, loss(logp, record.d_logp));
    steps.push_back(std::move(record));
    return StepStats{value, 2};
  }
  std::map<std::string, double> last_grad_norms() const override { return {}; }
  Result<std::string> save_state() const override { return std::string(); }
  Status load_state(std::string_view) override { return {}; }
};

std::vector<TrainRow> numbered_rows(std::int32_t count) {
  std::vector<TrainRow> rows;
  for (std::int32_t i = 0; i < count; ++i) {
    TrainRow row;
    row.ids = {i, i + 1, i + 2};
    row.mask = {0, 1, 1};
    row.turn = {-1, 0, 0};
    row.group = static_cast<std::uint64_t>(i);
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<double> minus_logp(ipr_batch& batch) {
  double loss = 0;
  for (std::size_t i = 0; i < batch.rows * batch.tokens; ++i) {
    loss -= static_cast<const float*>(batch.logp->data)[i] * static_cast<const float*>(batch.mask->data)[i];
    static_cast<float*>(batch.d_logp->data)[i] = -1;
  }
  return loss;
}

TrainJob job_of(const std::vector<TrainRow>& rows) {
  TrainJob job;
  job.rows = rows;
  job.settings.epochs = 2;
  job.settings.batch = 4;
  job.settings.lr = 1;
  job.settings.schedule = Schedule::kLinear;
  job.settings.warmup = 2;
  job.seed = 11;
  job.loss = minus_logp;
  return job;
}

std::vector<std::vector<std::int32_t>> orders(const FakeBackend& backend) {
  std::vector<std::vector<std::int32_t>> out;
  for (const auto& step : backend.steps) out.push_back(step.first_ids);
  return out;
}

}  // namespace

TEST_CASE("a stage runs every epoch and records every step", "[train]") {
  const auto rows = numbered_rows(10);
  FakeBackend backend;
  TrainJob job = job_of(rows);
  std::vector<std::int64_t> seen;
  job.on_step = [&](const StepRecord& record) -> Status {
    seen.push_back(record.step);
    return {};
  };
  const auto report = train::train(backend, job);
  REQUIRE(report.ok());
  REQUIRE(report->steps.size() == 6);
  CHECK(step_count(rows, job.settings, job.seed) == 6);
  CHECK(seen == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
  CHECK(report->tokens == 2 * 10 * 3);
  CHECK(report->steps[3].epoch == 1);
  for (std::size_t i = 0; i < 6; ++i) {
    const StepRecord& record = report->steps[i];
    CHECK(record.lr == lr_at(job.settings, record.step, 6));
    CHECK(backend.steps[i].settings.lr == record.lr);
    CHECK(record.grad_norm == 2);
    CHECK(record.total == 6);
    CHECK(record.rows == static_cast<std::int64_t>(backend.steps[i].first_ids.size()));
    CHECK(backend.steps[i].d_logp[0] == std::vector<float>{0, -1, -1});
  }
}

TEST_CASE("a number of steps cuts an epoch or takes as many as it needs", "[train]") {
  const auto rows = numbered_rows(10);
  const std::vector<std::vector<std::int32_t>> whole = [&] {
    FakeBackend backend;
    REQUIRE(train::train(backend, job_of(rows)).ok());
    return orders(backend);
  }();
  for (const std::size_t steps : {1, 4, 6, 9}) {
    FakeBackend backend;
    TrainJob job = job_of(rows);
    job.settings.steps = static_cast<std::int64_t>(steps);
    REQUIRE(train::train(backend, job).ok());
    REQUIRE(backend.steps.size() == steps);
    CHECK(step_count(rows, job.settings, job.seed) == job.settings.steps);
    for (std::size_t i = 0; i < std::min<std::size_t>(steps, 6); ++i) CHECK(orders(backend)[i] == whole[i]);
  }
}

TEST_CASE("a stage taken up again makes the remaining steps of the whole", "[train]") {
  const auto rows = numbered_rows(10);
  FakeBackend whole, rest;
  TrainJob job = job_of(rows);
  REQUIRE(train::train(whole, job).ok());
  job.first_step = 4;
  const auto report = train::train(rest, job);
  REQUIRE(report.ok());
  CHECK(report->steps[0].step == 4);
  CHECK(report->steps[0].lr == lr_at(job.settings, 4, 6));
  const auto all = orders(whole);
  CHECK(orders(rest) == std::vector<std::vector<std::int32_t>>(all.begin() + 4, all.end()));
}

TEST_CASE("reference log-probs are computed once, and reach the loss", "[train]") {
  const auto rows = numbered_rows(300);
  FakeBackend backend;
  TrainJob job = job_of(rows);
  std::size_t asked = 0;
  job.reference = [&](std::span<const TrainRow* const> piece) -> Result<RowLogprobs> {
    asked += piece.size();
    RowLogprobs out;
    for (const TrainRow* row : piece) out.push_back({0, static_cast<float>(row->ids[0]), 0});
    return out;
  };
  job.loss = [](ipr_batch& batch) -> Result<double> {
    // Our fake policy's log-prob of the second token is -(first id + 1).
    for (std::size_t r = 0; r < batch.rows; ++r) {
      CHECK(static_cast<const float*>(batch.ref_logp->data)[r * 3 + 1] ==
            -1 - static_cast<const float*>(batch.logp->data)[r * 3 + 1]);
    }
    return 0.0;
  };
  RowLogprobs cache;
  job.ref_logp = &cache;
  REQUIRE(train::train(backend, job).ok());
  CHECK(asked == rows.size());
  REQUIRE(train::train(backend, job).ok());
  CHECK(asked == rows.size());
  cache.pop_back();
  CHECK_FALSE(train::train(backend, job).ok());
}

TEST_CASE("log-probs of the policy as the stage began reach the loss, row by row", "[train]") {
  const auto rows = numbered_rows(10);
  FakeBackend backend;
  TrainJob job = job_of(rows);
  RowLogprobs old;
  for (const TrainRow& row : rows) old.push_back({0, static_cast<float>(row.ids[0]), 0});
  job.old_logp = &old;
  job.loss = [](ipr_batch& batch) -> Result<double> {
    CHECK(batch.ref_logp == nullptr);
    for (std::size_t r = 0; r < batch.rows; ++r) {
      CHECK(static_cast<const float*>(batch.old_logp->data)[r * 3 + 1] ==
            -1 - static_cast<const float*>(batch.logp->data)[r * 3 + 1]);
    }
    return 0.0;
  };
  REQUIRE(train::train(backend, job).ok());
  CHECK(backend.steps.size() == static_cast<std::size_t>(train::step_count(rows, job.settings, job.seed)));
  old.pop_back();
  CHECK_FALSE(train::train(backend, job).ok());
}

TEST_CASE("a stage stops when asked, and on an error of its hooks", "[train]") {
  const auto rows = numbered_rows(10);
  TrainJob job = job_of(rows);
  SECTION("by the flag") {
    FakeBackend backend;
    std::atomic<bool> stop = false;
    job.stop = &stop;
    job.on_step = [&](const StepRecord& record) -> Status {
      stop = record.step == 1;
      return {};
    };
    CHECK(train::train(backend, job).status().code() == Code::kInterrupted);
    CHECK(backend.steps.size() == 2);
  }
  SECTION("by the step hook") {
    FakeBackend backend;
    job.on_step = [](const StepRecord&) { return failed("disk full"); };
    CHECK(train::train(backend, job).status().message() == "disk full");
    CHECK(backend.steps.size() == 1);
  }
  SECTION("by the loss") {
    FakeBackend backend;
    job.loss = [](ipr_batch&) -> Result<double> { return plugin_error("bad pair"); };
    CHECK(train::train(backend, job).status().message() == "training step 0: bad pair");
  }
}

TEST_CASE("no rows make no steps", "[train]") {
  CHECK(step_count({}, TrainSettings{.steps = 5}, 1) == 0);
  FakeBackend backend;
  TrainJob job = job_of({});
  const auto report = train::train(backend, job);
  REQUIRE(report.ok());
  CHECK(report->steps.empty());
}
