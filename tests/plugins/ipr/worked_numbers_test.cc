// The worked numbers of ipr-pipeline.md, through the plugin's own profiles: pairs (section 7.1) and losses (section 8).
#include <string>

#include "tests/plugins/support/iteration.h"

using namespace ipr;
using test::Batch;
using test::EmittedRow;
using test::Iteration;
using test::Row;

namespace {

// Section 7.1. Ids: the task's number for the expert, task * 10 + t for the agent's trajectories.
void absorb_example(Iteration& iteration) {
  iteration.plan(0);
  iteration.absorb(0, 7, 0, 0, 1.0, {"A1", "A2", "A3", "A4"});
  iteration.absorb(0, 9, 0, 0, 0.7, {"E1", "E2"});
  iteration.absorb(0, 11, 0, 0, 1.0, {"J1", "J2", "J3"});
  iteration.absorb(1, 71, 7, 0, 0.5, {"B1", "B2", "B3"});
  iteration.absorb(1, 72, 7, 1, 0.5, {"A1", "C2", "C3"});
  iteration.absorb(1, 73, 7, 2, 1.0, {"A1", "A2", "D3", "D4"});
  iteration.absorb(1, 74, 7, 3, 0.75, {"A1", "A2", "A3", "buy"});
  iteration.absorb(1, 91, 9, 0, 1.0, {"F1", "F2", "F3"});
  iteration.absorb(1, 92, 9, 1, 1.0, {"E1", "I2", "I3"});
  iteration.absorb(1, 111, 11, 0, 1.0, {"K1"});
  iteration.absorb(1, 112, 11, 1, 0.0, {"J1", "L2", "L3"});
  iteration.absorb(1, 113, 11, 2, 0.0, {"J1", "J2", "M3"});
  const std::map<std::pair<std::uint64_t, std::size_t>, double> rewards = {
      {{7, 0}, 0.60},  {{7, 1}, 0.80},  {{7, 2}, 1.00},  {{7, 3}, 1.00},  {{9, 0}, 0.60},   {{9, 1}, 0.70},
      {{11, 0}, 0.50}, {{11, 1}, 0.62}, {{11, 2}, 1.00}, {{71, 0}, 0.50}, {{72, 1}, 0.50},  {{73, 2}, 1.00},
      {{74, 3}, 0.75}, {{91, 0}, 0.80}, {{92, 1}, 0.90}, {{111, 0}, 0.5}, {{112, 1}, 0.62}, {{113, 2}, 1.00}};
  const auto asked = iteration.queries();
  for (std::size_t i = 0; i < asked.size(); ++i) iteration.answer(i, rewards.at(asked[i]));
}

struct Counts {
  double d_t, d_s, agent_wins;
  bool operator==(const Counts&) const = default;
};

Counts pairs_of(const std::string& profile, const Json& changes = Json::object()) {
  Iteration iteration(changes, profile);
  absorb_example(iteration);
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  auto& counted = iteration.host.metrics;
  CHECK(static_cast<double>(rows.size()) == 2 * (counted["d_t"] + counted["d_s"]));
  return {counted["d_t"], counted["d_s"], counted["agent_wins"]};
}

// Section 8: winners of 80, `second` and 20 tokens.
std::vector<Row> golden_pairs(std::size_t second) {
  std::vector<Row> rows;
  const auto add = [&](std::uint32_t tag, double w, double l, double ref_w, double ref_l, std::size_t tokens_w) {
    const std::uint64_t group = rows.size();
    const auto side = [&](std::uint32_t role, double logp, double ref, std::size_t tokens) {
      const auto each = [&](double sum) {
        return std::vector<float>(tokens, static_cast<float>(sum / static_cast<double>(tokens)));
      };
      rows.push_back({tag, role, group, 1, each(logp), each(ref), std::vector<float>(tokens, 1.0F)});
    };
    side(IPR_ROLE_CHOSEN, w, ref_w, tokens_w);
    side(IPR_ROLE_REJECTED, l, ref_l, 32);
  };
  add(0, -40, -55, -42, -50, 80);
  add(1, -20, -18, -19, -19, second);
  add(1, -10, -30, -12, -28, 20);
  return rows;
}

double loss_of(const std::string& profile, double beta, std::size_t second = 40) {
  Iteration iteration(Json{{"beta", beta}}, profile);
  const std::vector<Row> rows = golden_pairs(second);
  Batch batch(rows, test::totals_of(rows));
  return iteration.loss(batch);
}

}  // namespace

TEST_CASE("the profiles make the pairs of the worked example", "[ipr][golden]") {
  CHECK(pairs_of("released") == Counts{2, 3, 2});
  CHECK(pairs_of("released", {{"threshold", 0.35}}) == Counts{2, 0, 1});
  CHECK(pairs_of("paper") == Counts{1, 3, 0});
  CHECK(pairs_of("") == Counts{1, 2, 0});  // default: turn 1 of task 7 is the outcome pair's alone
}

TEST_CASE("the profiles have the totals of the golden pairs", "[ipr][golden]") {
  const auto near = [](double value) { return Approx(value).margin(1e-6).epsilon(0); };
  CHECK(loss_of("paper", 0.1) == near(41.058763));
  CHECK(loss_of("paper", 0.5) == near(40.749845));
  CHECK(loss_of("released", 0.1) == near(23.904780));
  CHECK(loss_of("released", 0.5) == near(23.823313));
  CHECK(loss_of("", 0.1) == near(1.558763));
  CHECK(loss_of("", 0.5) == near(1.249845));
  CHECK(loss_of("", 0.1, 20) == near(1.642096));
}
