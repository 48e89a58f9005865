#include "environment/reward.h"

#include <fstream>
#include <string>
#include <vector>

#include "engine/value.h"
#include "environment/observation.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace intercodesql;
using ipr::Json;

namespace {

Value cell(const Json& json) {
  if (json.is_null()) return Value::null();
  if (json.is_number_integer()) return Value::of_int(json.get<std::int64_t>());
  if (json.is_string()) return Value::of_text(json.get<std::string>());
  const std::string kind = json.begin().key(), text = json.begin().value().get<std::string>();
  if (kind == "double") return Value::of_double(std::stod(text));
  if (kind == "decimal") return Value::of(Value::Kind::kDecimal, text);
  if (kind == "bytes") return Value::of(Value::Kind::kBytes, text);
  if (kind == "date") return Value::of(Value::Kind::kDate, text);
  REQUIRE(kind == "datetime");
  return Value::of(Value::Kind::kDatetime, text);
}

std::vector<std::string> texts(const Json& rows) {
  std::vector<std::string> result;
  for (const Json& cells : rows) {
    Row row;
    for (const Json& json : cells) row.push_back(cell(json));
    result.push_back(python_text(row));
  }
  return result;
}

// Rounded to cents, an exact half in the third decimal may go either way.
bool is_half_way(double reward, double expected) {
  return std::abs(reward - expected) <= 0.01 + 1e-9;
}

}  // namespace

TEST_CASE("rewards of recorded and constructed answers are those of the reference in both modes",
          "[intercodesql][golden]") {
  const std::string path = ipr::test::shared_file("golden/intercodesql/reward_cases.jsonl");
  if (path.empty()) return;
  std::ifstream file(path);
  std::size_t cases = 0, halves = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const Json golden = Json::parse(line);
    CAPTURE(cases);
    if (!golden["agent"].is_array()) {  // nothing or an error pays nothing, without a look at the rows
      CHECK(golden["iou"] == 0.0);
      CHECK(golden["intercode"] == 0.0);
      continue;
    }
    const auto agent = texts(golden["agent"]), gold = texts(golden["gold"]);
    CHECK(row_reward(RewardMode::kIou, agent, gold) == Approx(golden["iou"].get<double>()).margin(1e-9));
    const double reward = row_reward(RewardMode::kIntercode, agent, gold), expected = golden["intercode"];
    if (std::abs(reward - expected) <= 1e-9) continue;
    ++halves;
    CHECK(is_half_way(reward, expected));
  }
  CHECK(cases > 100);
  CHECK(halves <= cases / 100);
}

TEST_CASE("an unordered answer pays in full by rows and less by order", "[intercodesql]") {
  const std::vector<std::string> gold = {"(1,)", "(2,)", "(3,)"}, reversed = {"(3,)", "(2,)", "(1,)"};
  CHECK(row_reward(RewardMode::kIou, reversed, gold) == 1);
  CHECK(row_reward(RewardMode::kIntercode, reversed, gold) == -1);
  CHECK(row_reward(RewardMode::kIntercode, gold, gold) == 1);
}

TEST_CASE("the reward of rows does not depend on which side is the agent's", "[intercodesql]") {
  const std::vector<std::string> a = {"(1,)", "(1,)", "(2,)", "(5,)"}, b = {"(2,)", "(1,)", "(3,)"};
  CHECK(row_reward(RewardMode::kIou, a, b) == Approx(2.0 / 5));
  CHECK(row_reward(RewardMode::kIou, b, a) == Approx(2.0 / 5));
  CHECK(row_reward(RewardMode::kIntercode, a, b) == row_reward(RewardMode::kIntercode, b, a));
}

TEST_CASE("empty answers equal an empty gold and nothing else", "[intercodesql]") {
  const std::vector<std::string> none, some = {"(1,)"};
  for (const RewardMode mode : {RewardMode::kIou, RewardMode::kIntercode}) {
    CHECK(row_reward(mode, none, none) == 1);
    CHECK(row_reward(mode, none, some) == 0);
    CHECK(row_reward(mode, some, none) == 0);
  }
}

TEST_CASE("tau counts pairs as its definition does", "[intercodesql]") {
  std::uint32_t state = 1;
  const auto draw = [&] { return (state = state * 1664525u + 1013904223u) >> 28; };
  for (int round = 0; round < 50; ++round) {
    std::vector<std::uint32_t> a(12), b(12);
    for (auto& value : a) value = draw();
    for (auto& value : b) value = draw();
    double difference = 0, free_a = 0, free_b = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t j = i + 1; j < a.size(); ++j) {
        const int x = (a[i] > a[j]) - (a[i] < a[j]), y = (b[i] > b[j]) - (b[i] < b[j]);
        difference += x * y;
        free_a += x != 0;
        free_b += y != 0;
      }
    }
    const auto tau = kendall_tau_b(a, b);
    REQUIRE(tau.has_value());
    CHECK(*tau == Approx(difference / std::sqrt(free_a * free_b)).margin(1e-12));
  }
  const std::vector<std::uint32_t> one = {1}, equal = {2, 2}, other = {1, 2};
  CHECK_FALSE(kendall_tau_b(one, one).has_value());
  CHECK_FALSE(kendall_tau_b(equal, other).has_value());
}

TEST_CASE("an observation prints as Python prints it", "[intercodesql]") {
  CHECK(text_of({}) == "None");
  CHECK(text_of({Observation::Kind::kRows, {}, ""}) == "[]");
  CHECK(text_of({Observation::Kind::kRows, {"(1,)", "('a', None)"}, ""}) == "[(1,), ('a', None)]");
  CHECK(text_of({Observation::Kind::kError, {}, "Error executing query: no"}) == "Error executing query: no");
  std::string cut;
  append_text({Observation::Kind::kRows, {"(1,)", "(2,)", "(3,)"}, ""}, cut, 2);
  CHECK(cut == "[(1,), (2,)]");
}
