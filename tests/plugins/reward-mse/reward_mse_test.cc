#include <cmath>

#include "tests/plugins/support/batch.h"
#include "tests/plugins/support/fake_host.h"
#include "tests/plugins/support/plain_loss.h"
#include "tests/support/catch.h"

using namespace ipr;
using test::Batch;
using test::Row;

namespace {

const float kNone = std::nanf("");

class Fitting {
 public:
  Fitting() : instance_(host_) {}
  [[nodiscard]] const ipr_optimizer_v1& table() const { return instance_.table<ipr_optimizer_v1>(IPR_OPTIMIZER_V1); }
  [[nodiscard]] ipr_self* self() const { return instance_.self(); }
  double loss(Batch& batch) {
    double value = -1;
    const ipr_ctx ctx = test::context();
    ipr_error error = test::fresh_error();
    REQUIRE(table().loss(self(), &ctx, &batch.get(), &value, &error) == IPR_OK);
    return value;
  }
  test::FakeHost host_;

 private:
  test::Instance instance_;
};

// Values at each token; two scored turns of three in the first row, one in the second, none in the third.
std::vector<Row> three_rows() {
  Row first{0, IPR_ROLE_PLAIN, 1, 2, {0, 0.1F, 0.2F, 0.7F, 0.4F, 0.9F}, {}, {0, 0, 1, 1, 0, 1}, {-1, 0, 1, 1, -1, 2}};
  first.turn_score = {0.3F, 0.5F, 1};
  Row second{0, IPR_ROLE_PLAIN, 2, 1, {0, -1, 0.25F}, {}, {0, 1, 1}, {-1, 0, 0}};
  second.turn_score = {0.75F};
  Row third{0, IPR_ROLE_PLAIN, 3, 1, {0, 5}, {}, {0, 1}, {-1, 0}};
  third.turn_score = {kNone};
  return {first, second, third};
}

}  // namespace

TEST_CASE("the loss is the mean squared error at the last token of each scored turn", "[reward-mse]") {
  Fitting fitting;
  const std::vector<Row> rows = three_rows();  // turn 0 of the first is context: its mask is 0
  Batch batch(rows, test::totals_of(rows), 2);
  CHECK(fitting.loss(batch) == Approx((2 * (0.04 + 0.01) / 2 + 0.25) / 4));
  CHECK(batch.gradient(0, 3) == Approx(2 * 0.2 / 4));
  CHECK(batch.gradient(0, 5) == Approx(2 * -0.1 / 4));
  CHECK(batch.gradient(1, 2) == Approx(2 * -0.5 / 4));
  for (const std::size_t token : {0, 1, 2, 4}) CHECK(batch.gradient(0, token) == 0);
  CHECK(batch.gradient(1, 1) == 0);
  CHECK(batch.gradient(2, 1) == 0);
  CHECK(fitting.host_.metrics["mse"] == Approx(0.075));
}

TEST_CASE("the gradient agrees with finite differences", "[reward-mse]") {
  Fitting fitting;
  test::check_gradient([&](Batch& batch) { return fitting.loss(batch); }, three_rows());
}

TEST_CASE("the parts of a step add up to the whole step", "[reward-mse]") {
  Fitting fitting;
  const std::vector<Row> rows = three_rows();
  const auto totals = test::totals_of(rows);
  Batch whole(rows, totals);
  const double expected = fitting.loss(whole);
  Batch first({rows[0]}, totals), rest({rows[1], rows[2]}, totals);
  CHECK(fitting.loss(first) + fitting.loss(rest) == Approx(expected).epsilon(1e-12));
  CHECK(rest.gradient(0, 2) == whole.gradient(1, 2));
}

TEST_CASE("no rows cost nothing", "[reward-mse]") {
  Fitting fitting;
  Batch batch({}, {});
  CHECK(fitting.loss(batch) == 0);
}

TEST_CASE("it needs values alone and says that it trains them", "[reward-mse]") {
  Fitting fitting;
  CHECK(fitting.table().needs(fitting.self()) == IPR_NEED_VALUE);
  const ipr_str text = fitting.table().train_defaults(fitting.self(), 1);
  const Json defaults = Json::parse(text.data, text.data + text.size);
  CHECK(defaults["trains"] == "value");
  const Json profiles = Json::parse(ipr_library_v0()->plugins[0]->config_schema)["x-profiles"];
  for (const auto& [name, values] : profiles.items()) {
    for (const auto& [key, value] : values.items()) CHECK(defaults.contains(key.substr(6)));
  }
}
