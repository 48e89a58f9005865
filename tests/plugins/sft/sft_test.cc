#include "tests/plugins/support/batch.h"
#include "tests/plugins/support/fake_host.h"
#include "tests/plugins/support/plain_loss.h"
#include "tests/support/catch.h"

using namespace ipr;
using test::Batch;
using test::Row;

namespace {

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

}  // namespace

TEST_CASE("the loss is the mean over the agent's tokens, other tokens at their own weight", "[sft]") {
  Fitting fitting;
  const std::vector<Row> rows = {{0, IPR_ROLE_PLAIN, 1, 1, {0, -1, -2, -4}, {0, 0, 0, 0}, {0, 1, 0.5F, 1}},
                                 {0, IPR_ROLE_PLAIN, 2, 2, {0, -3}, {0, 0}, {0, 1}}};
  Batch batch(rows, test::totals_of(rows));
  CHECK(fitting.loss(batch) == Approx((1 + 0.5 * 2 + 4 + 2 * 3) / 3.0));
  CHECK(batch.gradient(0, 1) == Approx(-1 / 3.0));
  CHECK(batch.gradient(0, 2) == Approx(-0.5 / 3.0));
  CHECK(batch.gradient(1, 1) == Approx(-2 / 3.0));
  CHECK(batch.gradient(0, 0) == 0);
  CHECK(fitting.host_.metrics["sft"] == Approx(4));
}

TEST_CASE("the parts of a step add up to the whole step, in any order", "[sft]") {
  Fitting fitting;
  test::check_parts_add_up([&](Batch& batch) { return fitting.loss(batch); });
}

TEST_CASE("the gradient agrees with finite differences", "[sft]") {
  Fitting fitting;
  test::check_gradient([&](Batch& batch) { return fitting.loss(batch); });
}

TEST_CASE("no rows cost nothing", "[sft]") {
  Fitting fitting;
  Batch batch({}, {});
  CHECK(fitting.loss(batch) == 0);
}

TEST_CASE("every expert trajectory becomes one row over all its turns", "[sft]") {
  Fitting fitting;
  const ipr_ctx ctx = test::context();
  ipr_error error = test::fresh_error();
  ipr_collect plan{};
  plan.struct_size = sizeof plan;
  REQUIRE(fitting.table().plan_at(fitting.self(), &ctx, 0, 0, &plan, &error) == IPR_OK);
  CHECK(plan.source == IPR_COLLECT_EXPERT);
  CHECK(plan.split.size == 0);
  CHECK(plan.task_limit == 0);
  CHECK(fitting.table().plan_at(fitting.self(), &ctx, 0, 1, &plan, &error) == IPR_NOT_FOUND);
  for (const std::uint64_t id : {11, 12}) {
    ipr_trajectory trajectory{};
    trajectory.struct_size = sizeof trajectory;
    trajectory.id = id;
    trajectory.turn_count = id - 8;
    REQUIRE(fitting.table().absorb(fitting.self(), &ctx, 0, &trajectory, &error) == IPR_OK);
  }
  ipr_query query{};
  CHECK(fitting.table().want(fitting.self(), &ctx, 0, &query, &error) == IPR_NOT_FOUND);

  struct Seen {
    std::uint64_t id, group;
    std::size_t first, last;
    std::uint32_t role;
    double weight;
  };
  std::vector<Seen> seen;
  const ipr_example_sink sink = {sizeof(ipr_example_sink), 0, &seen, [](void* impl, const ipr_example* e, ipr_error*) {
                                   static_cast<std::vector<Seen>*>(impl)->push_back(
                                       {e->trajectory->id, e->group, e->first_turn, e->last_turn, e->role, e->weight});
                                   return static_cast<ipr_status>(IPR_OK);
                                 }};
  REQUIRE(fitting.table().emit(fitting.self(), &ctx, &sink, &error) == IPR_OK);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].id == 11);
  CHECK(seen[0].first == 0);
  CHECK(seen[0].last == 3);
  CHECK(seen[1].last == 4);
  CHECK(seen[0].group != seen[1].group);
  CHECK(seen[0].role == IPR_ROLE_PLAIN);
  CHECK(seen[0].weight == 1);
}

TEST_CASE("a refused row ends the emission with the host's words", "[sft]") {
  Fitting fitting;
  const ipr_ctx ctx = test::context();
  ipr_error error = test::fresh_error();
  ipr_collect plan{};
  REQUIRE(fitting.table().plan_at(fitting.self(), &ctx, 0, 0, &plan, &error) == IPR_OK);
  ipr_trajectory trajectory{};
  trajectory.id = 1;
  REQUIRE(fitting.table().absorb(fitting.self(), &ctx, 0, &trajectory, &error) == IPR_OK);
  const ipr_example_sink sink = {sizeof(ipr_example_sink), 0, nullptr, [](void*, const ipr_example*, ipr_error* why) {
                                   std::snprintf(why->message, sizeof why->message, "disk full");
                                   return static_cast<ipr_status>(IPR_RESOURCE_EXHAUSTED);
                                 }};
  CHECK(fitting.table().emit(fitting.self(), &ctx, &sink, &error) == IPR_RESOURCE_EXHAUSTED);
  CHECK(std::string(error.message) == "disk full");
}

TEST_CASE("training defaults and profile values are JSON with known keys", "[sft]") {
  Fitting fitting;
  const ipr_str text = fitting.table().train_defaults(fitting.self(), 0);
  const Json defaults = Json::parse(text.data, text.data + text.size);
  CHECK(defaults["lr"] == 2e-5);
  CHECK(defaults["batch_unit"] == "rows");
  const Json mini = Json::parse(ipr_library_v0()->plugins[0]->config_schema)["x-profiles"]["mini"];
  for (const auto& [key, value] : mini.items()) CHECK(defaults.contains(key.substr(6)));
  CHECK(mini["train.observation_loss"] == 0.5);
}
