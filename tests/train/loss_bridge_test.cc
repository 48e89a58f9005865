#include "core/train/loss_bridge.h"

#include <cmath>
#include <limits>

#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::train;

namespace {

std::vector<TrainRow> two_rows() {
  TrainRow chosen, rejected;
  chosen.ids = {5, 6, 7};
  chosen.mask = {1, 1, 0};
  chosen.turn = {0, 0, -1};
  chosen.role = IPR_ROLE_CHOSEN;
  chosen.group = 9;
  chosen.outcome = 0.75;
  rejected = chosen;
  rejected.ids = {5, 6, 7, 8};
  rejected.mask = {0, 0, 1, 1};
  rejected.turn = {-1, -1, 1, 1};
  rejected.role = IPR_ROLE_REJECTED;
  rejected.weight = 2;
  return {chosen, rejected};
}

const float* floats(const ipr_tensor* tensor) {
  return static_cast<const float*>(tensor->data);
}

}  // namespace

TEST_CASE("a batch shows the rows as padded tensors", "[train]") {
  const auto rows = two_rows();
  const TrainRow* const pointers[] = {&rows[0], &rows[1]};
  const std::vector<float> reference[] = {{0, -1, 0}, {0, 0, -2, -3}};
  const std::vector<float>* const references[] = {&reference[0], &reference[1]};
  const std::vector<float> before[] = {{0, -4, 0}, {0, 0, -5, -6}};
  const std::vector<float>* const old[] = {&before[0], &before[1]};
  LossBatch bridge(pointers, {references, old}, 7);
  std::vector<std::vector<float>> d_logp = {{0, 0, 0}, {0, 0, 0, 0}};
  const auto loss = bridge.run(
      [](ipr_batch& batch) -> Result<double> {
        CHECK(batch.struct_size == sizeof batch);
        CHECK(batch.step == 7);
        CHECK(batch.rows == 2);
        CHECK(batch.tokens == 4);
        CHECK(batch.role[1] == IPR_ROLE_REJECTED);
        CHECK(batch.group[0] == 9);
        CHECK(batch.weight[1] == 2);
        CHECK(batch.outcome[0] == 0.75);
        for (const ipr_tensor* tensor :
             {batch.mask, batch.logp, batch.ref_logp, batch.old_logp, static_cast<const ipr_tensor*>(batch.d_logp)}) {
          CHECK((tensor->ndim == 2 && tensor->shape[0] == 2 && tensor->shape[1] == 4 && tensor->strides == nullptr));
          CHECK((tensor->type_code == 2 && tensor->type_bits == 32 && tensor->type_lanes == 1 &&
                 tensor->device_type == 1));
        }
        CHECK(batch.turn->type_code == 0);
        const std::vector<float> mask(floats(batch.mask), floats(batch.mask) + 8);
        CHECK(mask == std::vector<float>{0, 1, 0, 0, 0, 0, 1, 1});
        const auto* turn = static_cast<const std::int32_t*>(batch.turn->data);
        CHECK(std::vector<std::int32_t>(turn, turn + 8) == std::vector<std::int32_t>{0, 0, -1, -1, -1, -1, 1, 1});
        CHECK(floats(batch.logp)[1] == -0.5f);
        CHECK(floats(batch.logp)[3] == 0);
        CHECK(floats(batch.ref_logp)[7] == -3);
        CHECK(floats(batch.old_logp)[1] == -4);
        CHECK(floats(batch.old_logp)[7] == -6);
        REQUIRE(batch.total_count == 3);
        CHECK(batch.totals[IPR_ROLE_CHOSEN].tokens == 1);
        CHECK(batch.totals[IPR_ROLE_REJECTED].tokens == 2);
        for (int i = 0; i < 8; ++i) {
          CHECK(floats(batch.d_logp)[i] == 0);
          static_cast<float*>(batch.d_logp->data)[i] = static_cast<float>(i + 1);
        }
        return 4.5;
      },
      {{0, -0.5f, 0}, {0, 0, -0.25f, -0.125f}}, d_logp);
  REQUIRE(loss.ok());
  CHECK(*loss == 4.5);
  // Only scored tokens take a gradient, whatever the plugin wrote.
  CHECK(d_logp == std::vector<std::vector<float>>{{0, 2, 0}, {0, 0, 7, 8}});
}

TEST_CASE("without reference log-probs the batch has none", "[train]") {
  const auto rows = two_rows();
  const TrainRow* const pointers[] = {&rows[0], &rows[1]};
  LossBatch bridge(pointers, {}, 0);
  std::vector<std::vector<float>> logp = {{0, 0, 0}, {0, 0, 0, 0}}, d_logp = logp;
  CHECK(bridge
            .run([](ipr_batch& batch)
                     -> Result<double> { return batch.ref_logp == nullptr && batch.old_logp == nullptr ? 1.0 : 0.0; },
                 logp, d_logp)
            .value() == 1);
}

TEST_CASE("a loss or gradient that is not finite is the plugin's error", "[train]") {
  const auto rows = two_rows();
  const TrainRow* const pointers[] = {&rows[0], &rows[1]};
  LossBatch bridge(pointers, {}, 3);
  std::vector<std::vector<float>> logp = {{0, 0, 0}, {0, 0, 0, 0}}, d_logp = logp;
  const auto nan_loss =
      bridge.run([](ipr_batch&) -> Result<double> { return std::numeric_limits<double>::quiet_NaN(); }, logp, d_logp);
  CHECK(nan_loss.status().code() == Code::kPlugin);
  const auto inf_gradient = bridge.run(
      [](ipr_batch& batch) -> Result<double> {
        static_cast<float*>(batch.d_logp->data)[2] = std::numeric_limits<float>::infinity();
        return 1.0;
      },
      logp, d_logp);
  CHECK(inf_gradient.status().message().find("step 3") != std::string::npos);
}

namespace {

ipr_status fail_loss(ipr_self*, const ipr_ctx* ctx, ipr_batch*, double*, ipr_error* error) {
  std::snprintf(error->message, sizeof error->message, "seed %s", ctx->seed != 0 ? "given" : "missing");
  return IPR_INVALID_ARGUMENT;
}

ipr_status sum_loss(ipr_self* self, const ipr_ctx*, ipr_batch* batch, double* loss, ipr_error*) {
  *loss = static_cast<double>(batch->rows) + *reinterpret_cast<const double*>(self);
  return IPR_OK;
}

}  // namespace

TEST_CASE("a plugin's loss is called through its table, its errors carry its name", "[train]") {
  const auto rows = two_rows();
  const TrainRow* const pointers[] = {&rows[0], &rows[1]};
  LossBatch bridge(pointers, {}, 3);
  std::vector<std::vector<float>> logp = {{0, 0, 0}, {0, 0, 0, 0}}, d_logp = logp;
  double offset = 0.5;
  ipr_optimizer_v1 table{};
  table.loss = sum_loss;
  CHECK(bridge.run(plugin_loss(table, reinterpret_cast<ipr_self*>(&offset), "optimizer \"x\"", 1), logp, d_logp)
            .value() == 2.5);
  table.loss = fail_loss;
  const auto failed = bridge.run(plugin_loss(table, nullptr, "optimizer \"x\"", 1), logp, d_logp);
  CHECK(failed.status().code() == Code::kUsage);
  CHECK(failed.status().message() == "optimizer \"x\": loss of step 3: seed given");
}

TEST_CASE("a batch of values has turn scores beside them, and no log-probs", "[train][value]") {
  auto rows = two_rows();
  rows[1].turn_score = {std::numeric_limits<float>::quiet_NaN(), 0.5f};
  const TrainRow* const pointers[] = {&rows[0], &rows[1]};
  LossBatch bridge(pointers, {}, 7, Output::kValue);
  std::vector<std::vector<float>> gradient = {{0, 0, 0}, {0, 0, 0, 0}};
  const auto loss = bridge.run(
      [](ipr_batch& batch) -> Result<double> {
        CHECK((batch.logp == nullptr && batch.ref_logp == nullptr && batch.d_logp == nullptr));
        CHECK((batch.turn_score->shape[0] == 2 && batch.turn_score->shape[1] == 2));
        const float* const scores = floats(batch.turn_score);
        CHECK((std::isnan(scores[0]) && std::isnan(scores[1]) && std::isnan(scores[2])));
        CHECK(scores[3] == 0.5f);
        CHECK(floats(batch.value)[7] == 0.75f);
        for (std::size_t i = 0; i < 8; ++i) static_cast<float*>(batch.d_value->data)[i] = static_cast<float>(i + 1);
        return 2;
      },
      {{0, 0.25f, 0}, {0, 0, 0.5f, 0.75f}}, gradient);
  REQUIRE(loss.ok());
  CHECK(gradient == std::vector<std::vector<float>>{{0, 2, 0}, {0, 0, 7, 8}});
}
