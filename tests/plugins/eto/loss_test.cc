#include "plugins/eto/loss.h"

#include <cmath>

#include "core/base/rng.h"
#include "tests/plugins/support/batch.h"
#include "tests/support/catch.h"

using namespace eto_optimizer;
using ipr::sdk::kTagAnchor;
using ipr::test::Batch;
using ipr::test::Row;
using ipr::test::totals_of;

namespace {

// A pair whose sides' log-likelihoods sum up as given.
void add_pair(std::vector<Row>& rows, std::uint32_t tag, double w, double l, double ref_w, double ref_l,
              std::size_t tokens_w) {
  const std::uint64_t group = rows.size() + 1;
  const auto side = [&](std::uint32_t role, double logp, double ref, std::size_t tokens) {
    const auto each = [&](double sum) {
      return std::vector<float>(tokens, static_cast<float>(sum / static_cast<double>(tokens)));
    };
    rows.push_back({tag, role, group, 1, each(logp), each(ref), std::vector<float>(tokens, 1.0F)});
  };
  side(IPR_ROLE_CHOSEN, w, ref_w, tokens_w);
  side(IPR_ROLE_REJECTED, l, ref_l, 32);
}

// The three pairs of ipr-pipeline.md section 8; here all of one kind.
std::vector<Row> golden_pairs() {
  std::vector<Row> rows;
  add_pair(rows, 0, -40, -55, -42, -50, 80);
  add_pair(rows, 0, -20, -18, -19, -19, 40);
  add_pair(rows, 0, -10, -30, -12, -28, 20);
  return rows;
}

// Pairs and anchors with masks, weights and values of every kind.
std::vector<Row> random_rows(std::uint64_t seed) {
  ipr::Rng rng(seed);
  std::vector<Row> rows;
  const auto add = [&](std::uint32_t tag, std::uint32_t role, std::uint64_t group) {
    Row row{tag, role, group, 0.5 + rng.uniform(), {}, {}, {}};
    const std::size_t tokens = 3 + rng.below(5);
    for (std::size_t t = 0; t < tokens; ++t) {
      row.logp.push_back(static_cast<float>(-3 * rng.uniform()));
      row.ref.push_back(static_cast<float>(-3 * rng.uniform()));
      row.mask.push_back(t == 0 || rng.below(3) == 0 ? 0.0F : 1.0F);
    }
    row.mask[1] = 1;
    rows.push_back(row);
  };
  for (std::uint64_t group = 1; group <= 4; ++group) {
    add(group == 4 ? 1 : 0, IPR_ROLE_CHOSEN, group);
    add(group == 4 ? 1 : 0, IPR_ROLE_REJECTED, group);
    if (group != 2) add(kTagAnchor, IPR_ROLE_PLAIN, group);
  }
  return rows;
}

const std::vector<LossSettings> kAll = {{}, {0.5, 1, 0, 0}, {0.7, 0.5, 1, 3}, {0.1, 0, 0.3, 0}};

LossTerms loss_of(const std::vector<Row>& rows, const LossSettings& settings) {
  Batch batch(rows, totals_of(rows));
  return contrast_loss(batch.get(), settings);
}

}  // namespace

TEST_CASE("the loss is the mean DPO of the golden pairs, with no SFT term", "[eto][loss]") {
  const auto near = [](double value) { return Approx(value).margin(2e-6).epsilon(0); };
  CHECK(loss_of(golden_pairs(), {0.1}).total == near((0.403186 + 0.798139 + 0.513015) / 3));
  CHECK(loss_of(golden_pairs(), {0.5}).total == near((0.029750 + 1.313262 + 0.126928) / 3));
  CHECK(loss_of(golden_pairs(), {0.1}).margin_accuracy == near(2 / 3.0));
  CHECK(loss_of(golden_pairs(), {0.1}).chosen_logp == near(-70 / 3.0));
  CHECK(loss_of(golden_pairs(), {0.1, 1, 1, 0}).sft == near(0.5));
  CHECK(loss_of(golden_pairs(), {0.1, 0, 2, 0}).total == near(1));
}

TEST_CASE("the gradient of the worked example pushes the winner up and the loser down", "[eto][loss]") {
  const std::vector<Row> rows = {{0, IPR_ROLE_CHOSEN, 1, 1, {-0.5F, -1.0F}, {-0.6F, -1.1F}, {1, 1}},
                                 {0, IPR_ROLE_REJECTED, 1, 1, {-0.7F}, {-0.5F}, {1}}};
  Batch batch(rows, totals_of(rows));
  CHECK(contrast_loss(batch.get(), {}).total == Approx(0.673347).margin(1e-6));
  CHECK(batch.gradient(0, 0) == Approx(-0.0490).margin(1e-5));
  CHECK(batch.gradient(0, 1) == Approx(-0.0490).margin(1e-5));
  CHECK(batch.gradient(1, 0) == Approx(0.0490).margin(1e-5));
  CHECK(batch.gradient(1, 1) == 0);  // padding
}

TEST_CASE("the gradient agrees with finite differences", "[eto][loss]") {
  std::uint64_t seed = 0;
  for (const LossSettings& settings : kAll) {
    std::vector<Row> rows = random_rows(++seed);
    Batch batch(rows, totals_of(rows), 2);
    (void)contrast_loss(batch.get(), settings);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (std::size_t t = 0; t < rows[r].logp.size(); ++t) {
        CAPTURE(seed, r, t);
        constexpr float kStep = 0x1p-7F;
        const float here = rows[r].logp[t];
        rows[r].logp[t] = here + kStep;
        const double above = loss_of(rows, settings).total, up = rows[r].logp[t];
        rows[r].logp[t] = here - kStep;
        const double below = loss_of(rows, settings).total, down = rows[r].logp[t];
        rows[r].logp[t] = here;
        REQUIRE(batch.gradient(r, t) == Approx((above - below) / (up - down)).margin(2e-6).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("the groups of a step, passed one by one, add up to the whole step", "[eto][loss]") {
  for (const LossSettings& settings : kAll) {
    const std::vector<Row> rows = random_rows(9);
    const auto totals = totals_of(rows);
    Batch whole(rows, totals);
    const LossTerms expected = contrast_loss(whole.get(), settings);
    LossTerms sum;
    for (std::size_t start = 0, end = 0; start < rows.size(); start = end) {
      for (end = start; end < rows.size() && rows[end].group == rows[start].group;) ++end;
      Batch part({rows.begin() + static_cast<std::ptrdiff_t>(start), rows.begin() + static_cast<std::ptrdiff_t>(end)},
                 totals);
      const LossTerms terms = contrast_loss(part.get(), settings);
      sum.total += terms.total;
      sum.dpo += terms.dpo;
      sum.margin_accuracy += terms.margin_accuracy;
      for (std::size_t r = start; r < end; ++r) {
        for (std::size_t t = 0; t < rows[r].logp.size(); ++t)
          REQUIRE(part.gradient(r - start, t) == whole.gradient(r, t));
      }
    }
    CHECK(sum.total == Approx(expected.total).epsilon(1e-12));
    CHECK(sum.dpo == Approx(expected.dpo).epsilon(1e-12));
    CHECK(sum.margin_accuracy == Approx(expected.margin_accuracy).epsilon(1e-12));
  }
}

TEST_CASE("the order of the rows does not change a bit", "[eto][loss]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<Row> rows = random_rows(seed);
    const double expected = loss_of(rows, kAll[2]).total;
    ipr::Rng(seed).shuffle(rows);
    CHECK(loss_of(rows, kAll[2]).total == expected);
  }
}

TEST_CASE("a step along the gradient lowers the loss and widens the margin", "[eto][loss]") {
  std::vector<Row> rows = golden_pairs();
  Batch batch(rows, totals_of(rows));
  const LossTerms before = contrast_loss(batch.get(), {});
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t t = 0; t < rows[r].logp.size(); ++t) rows[r].logp[t] -= 10 * batch.gradient(r, t);
  }
  const LossTerms after = loss_of(rows, {});
  CHECK(after.total < before.total);
  CHECK(after.chosen_logp > before.chosen_logp);
  CHECK(after.margin_accuracy == 1);
}

TEST_CASE("no rows cost nothing, torn pairs and unknown rows are refused", "[eto][loss]") {
  CHECK(loss_of({}, {}).total == 0);
  std::vector<Row> rows = golden_pairs();
  const auto totals = totals_of(rows);
  Batch torn({rows[0]}, totals);
  CHECK_THROWS_AS(contrast_loss(torn.get(), {}), ipr::sdk::Failure);
  rows[0].tag = 5;
  Batch unknown({rows[0], rows[1]}, totals);
  CHECK_THROWS_AS(contrast_loss(unknown.get(), {}), ipr::sdk::Failure);
}
