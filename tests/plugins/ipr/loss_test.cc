#include "plugins/ipr/loss.h"

#include <cmath>

#include "core/base/rng.h"
#include "tests/plugins/support/batch.h"
#include "tests/support/catch.h"

using namespace ipr_optimizer;
using ipr::test::Batch;
using ipr::test::Row;
using ipr::test::totals_of;

namespace {

// A side whose log-likelihoods sum up as given, over `tokens` tokens.
Row side(std::uint32_t tag, std::uint32_t role, std::uint64_t group, double logp, double ref, std::size_t tokens) {
  Row row{tag, role, group, 1, {}, {}, {}};
  row.logp.assign(tokens, static_cast<float>(logp / static_cast<double>(tokens)));
  row.ref.assign(tokens, static_cast<float>(ref / static_cast<double>(tokens)));
  row.mask.assign(tokens, 1.0F);
  return row;
}

void add_pair(std::vector<Row>& rows, std::uint32_t tag, double w, double l, double ref_w, double ref_l,
              std::size_t tokens_w) {
  const std::uint64_t group = rows.size();
  rows.push_back(side(tag, IPR_ROLE_CHOSEN, group, w, ref_w, tokens_w));
  rows.push_back(side(tag, IPR_ROLE_REJECTED, group, l, ref_l, 32));
}

// The three pairs of ipr-pipeline.md section 8.
std::vector<Row> golden_pairs(std::size_t tokens_of_second = 40) {
  std::vector<Row> rows;
  add_pair(rows, kTagOutcome, -40, -55, -42, -50, 80);
  add_pair(rows, kTagStep, -20, -18, -19, -19, tokens_of_second);
  add_pair(rows, kTagStep, -10, -30, -12, -28, 20);
  return rows;
}

LossTerms loss_of(const std::vector<Row>& rows, const LossSettings& settings) {
  Batch batch(rows, totals_of(rows));
  return mixture_loss(batch.get(), settings);
}

LossSettings paper(double beta) {
  return {beta, 1, 1, 0, false, false, false};
}
LossSettings released(double beta) {
  return {beta, 1, 1, 0, true, true, false};
}

}  // namespace

TEST_CASE("the golden totals of the paper's, the released and the token-mean loss", "[ipr][loss]") {
  const std::vector<Row> rows = golden_pairs();
  const auto near = [](double value) { return Approx(value).margin(2e-6).epsilon(0); };
  CHECK(loss_of(rows, paper(0.1)).total == near(41.058763));
  CHECK(loss_of(rows, released(0.1)).total == near(23.904780));
  CHECK(loss_of(rows, {0.1, 1, 1, 0, false, false, true}).total == near(1.558763));
  CHECK(loss_of(rows, paper(0.5)).total == near(40.749845));
  CHECK(loss_of(rows, released(0.5)).total == near(23.823313));
  CHECK(loss_of(rows, {0.5, 1, 1, 0, false, false, true}).total == near(1.249845));
  CHECK(loss_of(rows, paper(0.1)).o_dpo == near(0.403186));
  CHECK(loss_of(rows, paper(0.1)).s_dpo == near((0.798139 + 0.513015) / 2));
  CHECK(loss_of(rows, paper(0.1)).sft == near(40));
  CHECK(loss_of(rows, paper(0.5)).o_dpo == near(0.029750));
  CHECK(loss_of(rows, paper(0.1)).margin_accuracy == near(2 / 3.0));
  CHECK(loss_of(rows, paper(0.1)).chosen_logp == near(-70 / 3.0));
}

TEST_CASE("the default loss pools the winners' tokens of both sets", "[ipr][loss]") {
  CHECK(loss_of(golden_pairs(20), LossSettings()).total == Approx(1.642096).margin(2e-6).epsilon(0));
}

TEST_CASE("each kind of pairs has a weight of its own in the preference term", "[ipr][loss]") {
  const double outcome = 0.403186, step = (0.798139 + 0.513015) / 2;
  const auto near = [](double value) { return Approx(value).margin(3e-6).epsilon(0); };
  LossSettings settings = paper(0.1);
  settings.sft_weight = 0;
  settings.outcome_weight = 2;
  settings.step_weight = 0.25;
  CHECK(loss_of(golden_pairs(), settings).total == near(2 * outcome + 0.25 * step));
  CHECK(loss_of(golden_pairs(), settings).o_dpo == near(outcome));  // the parts are reported without weights
  settings.pooled = true;
  CHECK(loss_of(golden_pairs(), settings).total == near((2 * outcome + 0.25 * 2 * step) / 3));
  settings.dpo_weight = 0;
  CHECK(loss_of(golden_pairs(), settings).total == 0);
}

TEST_CASE("the worked example of the training contract, gradients included", "[ipr][loss]") {
  const std::vector<Row> rows = {{0, IPR_ROLE_CHOSEN, 1, 1, {-0.5F, -1.0F}, {-0.6F, -1.1F}, {1, 1}},
                                 {0, IPR_ROLE_REJECTED, 1, 1, {-0.7F}, {-0.5F}, {1}},
                                 {1, IPR_ROLE_CHOSEN, 2, 1, {-0.2F, -0.4F, -0.9F}, {-0.3F, -0.4F, -1.0F}, {1, 1, 1}},
                                 {1, IPR_ROLE_REJECTED, 2, 1, {-1.2F, -0.3F}, {-1.0F, -0.2F}, {1, 1}}};
  Batch batch(rows, totals_of(rows));
  const LossTerms terms = mixture_loss(batch.get(), paper(0.1));
  CHECK(terms.o_dpo == Approx(0.673347).margin(1e-6));
  CHECK(terms.s_dpo == Approx(0.668460).margin(1e-6));
  CHECK(terms.sft == Approx(1.5));
  CHECK(terms.total == Approx(2.841807).margin(1e-6));
  CHECK(batch.gradient(0, 0) == Approx(-1.0490).margin(1e-5));
  CHECK(batch.gradient(0, 1) == Approx(-1.0490).margin(1e-5));
  CHECK(batch.gradient(1, 0) == Approx(0.0490).margin(1e-5));
  CHECK(batch.gradient(2, 2) == Approx(-0.04875).margin(1e-5));
  CHECK(batch.gradient(3, 1) == Approx(0.04875).margin(1e-5));
  CHECK(batch.gradient(1, 1) == 0);  // padding
}

TEST_CASE("a margin of any size gives a finite loss and gradient", "[ipr][loss]") {
  for (const double logp : {-1e5, 1e5}) {
    std::vector<Row> rows;
    add_pair(rows, kTagOutcome, logp, 0, 0, 0, 4);
    Batch batch(rows, totals_of(rows));
    const LossTerms terms = mixture_loss(batch.get(), LossSettings{});
    CHECK(terms.o_dpo == Approx(logp < 0 ? 1e4 : 0).margin(1e-9));
    CHECK(std::isfinite(batch.gradient(0, 0)));
    CHECK(batch.gradient(1, 0) == Approx(logp < 0 ? 0.1 : 0).margin(1e-9));
  }
}

TEST_CASE("the anchor is a token mean of its own", "[ipr][loss]") {
  std::vector<Row> rows;
  add_pair(rows, kTagStep, -1, -2, -1, -2, 2);
  rows.push_back({kTagAnchor, IPR_ROLE_PLAIN, 0, 1, {0, -2, -4, -9}, {0, 0, 0, 0}, {0, 1, 1, 0}});
  rows.push_back({kTagAnchor, IPR_ROLE_PLAIN, 9, 1, {0, -3}, {0, 0}, {0, 1}});
  LossSettings settings;
  settings.dpo_weight = 0.5;
  settings.anchor_weight = 3;
  Batch batch(rows, totals_of(rows));
  const LossTerms terms = mixture_loss(batch.get(), settings);
  CHECK(terms.anchor == Approx(3));
  CHECK(terms.total == Approx(0.5 * std::log(2.0) + 0.5 + 3 * 3));
  CHECK(batch.gradient(2, 1) == Approx(-1));
  CHECK(batch.gradient(2, 3) == 0);
}

TEST_CASE("no rows cost nothing", "[ipr][loss]") {
  CHECK(loss_of({}, LossSettings()).total == 0);
}

TEST_CASE("a torn pair and a row of no known meaning are refused", "[ipr][loss]") {
  std::vector<Row> rows;
  add_pair(rows, kTagStep, -1, -2, -1, -2, 2);
  const auto totals = totals_of(rows);
  Batch torn({rows[0]}, totals);
  CHECK_THROWS_AS(mixture_loss(torn.get(), LossSettings()), ipr::sdk::Failure);
  Batch doubled({rows[0], rows[1], rows[1]}, totals);
  CHECK_THROWS_AS(mixture_loss(doubled.get(), LossSettings()), ipr::sdk::Failure);
  rows[0].tag = 5;
  Batch unknown({rows[0]}, totals);
  CHECK_THROWS_AS(mixture_loss(unknown.get(), LossSettings()), ipr::sdk::Failure);
}

namespace {

// Pairs of both sets and anchors, with masks, weights and values of every kind.
std::vector<Row> random_rows(std::uint64_t seed) {
  ipr::Rng rng(seed);
  std::vector<Row> rows;
  const auto random_row = [&](std::uint32_t tag, std::uint32_t role, std::uint64_t group) {
    Row row{tag, role, group, 0.5 + rng.uniform(), {}, {}, {}};
    const std::size_t tokens = 3 + rng.below(5);
    for (std::size_t t = 0; t < tokens; ++t) {
      row.logp.push_back(static_cast<float>(-3 * rng.uniform()));
      row.ref.push_back(static_cast<float>(-3 * rng.uniform()));
      row.mask.push_back(t == 0 || rng.below(3) == 0 ? 0.0F : 1.0F);
    }
    row.mask[1] = 1;
    return row;
  };
  const std::uint64_t groups = 2 + rng.below(4);
  for (std::uint64_t group = 1; group <= groups; ++group) {
    const auto tag = static_cast<std::uint32_t>(rng.below(2));
    rows.push_back(random_row(tag, IPR_ROLE_CHOSEN, group));
    rows.push_back(random_row(tag, IPR_ROLE_REJECTED, group));
    if (rng.below(2) == 0) rows.push_back(random_row(kTagAnchor, IPR_ROLE_PLAIN, group));
  }
  return rows;
}

std::vector<LossSettings> all_settings() {
  std::vector<LossSettings> all;
  for (int bits = 0; bits < 8; ++bits) {
    LossSettings settings;
    settings.pooled = (bits & 1) != 0;
    settings.sft_over_all = (bits & 2) != 0;
    settings.sft_token_mean = (bits & 4) != 0;
    all.push_back(settings);  // the weights of the paper
    settings.beta = 0.7;
    settings.dpo_weight = 0.5;
    settings.sft_weight = 0.3;
    settings.anchor_weight = 3;
    all.push_back(settings);
  }
  return all;
}

}  // namespace

TEST_CASE("the gradient agrees with finite differences for every setting", "[ipr][loss]") {
  std::uint64_t seed = 0;
  for (const LossSettings& settings : all_settings()) {
    std::vector<Row> rows = random_rows(++seed);
    const auto totals = totals_of(rows);
    Batch batch(rows, totals, 2);
    (void)mixture_loss(batch.get(), settings);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (std::size_t t = 0; t < rows[r].logp.size(); ++t) {
        CAPTURE(seed, r, t);
        constexpr float kStep = 0x1p-7F;
        const float here = rows[r].logp[t];
        rows[r].logp[t] = here + kStep;
        const LossTerms above = loss_of(rows, settings);
        const float up = rows[r].logp[t];
        rows[r].logp[t] = here - kStep;
        const LossTerms below = loss_of(rows, settings);
        const double width = static_cast<double>(up) - static_cast<double>(rows[r].logp[t]);
        rows[r].logp[t] = here;
        REQUIRE(batch.gradient(r, t) == Approx((above.total - below.total) / width).margin(2e-6).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("the groups of a step, passed one by one, add up to the whole step", "[ipr][loss]") {
  std::uint64_t seed = 100;
  for (const LossSettings& settings : all_settings()) {
    const std::vector<Row> rows = random_rows(++seed);
    const auto totals = totals_of(rows);
    Batch whole(rows, totals);
    const LossTerms expected = mixture_loss(whole.get(), settings);
    LossTerms sum;
    for (std::size_t start = 0, end = 0; start < rows.size(); start = end) {
      for (end = start; end < rows.size() && rows[end].group == rows[start].group;) ++end;
      Batch part({rows.begin() + static_cast<std::ptrdiff_t>(start), rows.begin() + static_cast<std::ptrdiff_t>(end)},
                 totals);
      const LossTerms terms = mixture_loss(part.get(), settings);
      sum.total += terms.total;
      sum.o_dpo += terms.o_dpo;
      sum.s_dpo += terms.s_dpo;
      sum.sft += terms.sft;
      sum.anchor += terms.anchor;
      sum.margin_accuracy += terms.margin_accuracy;
      for (std::size_t r = start; r < end; ++r) {
        for (std::size_t t = 0; t < rows[r].logp.size(); ++t)
          REQUIRE(part.gradient(r - start, t) == whole.gradient(r, t));
      }
    }
    CHECK(sum.total == Approx(expected.total).epsilon(1e-12));
    CHECK(sum.o_dpo == Approx(expected.o_dpo).epsilon(1e-12));
    CHECK(sum.s_dpo == Approx(expected.s_dpo).epsilon(1e-12));
    CHECK(sum.sft == Approx(expected.sft).epsilon(1e-12));
    CHECK(sum.anchor == Approx(expected.anchor).epsilon(1e-12));
    CHECK(sum.margin_accuracy == Approx(expected.margin_accuracy).epsilon(1e-12));
  }
}

TEST_CASE("the order of the rows does not change a bit", "[ipr][loss]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<Row> rows = random_rows(seed);
    LossSettings settings;
    settings.anchor_weight = 3;
    const double expected = loss_of(rows, settings).total;
    ipr::Rng rng(seed);
    rng.shuffle(rows);
    CHECK(loss_of(rows, settings).total == expected);
  }
}

TEST_CASE("a weight of two is the same as two equal pairs of one, but for the divisor", "[ipr][loss]") {
  std::vector<Row> once, twice;
  add_pair(once, kTagOutcome, -3, -4, -3, -3, 4);
  once[0].weight = once[1].weight = 2;
  add_pair(twice, kTagOutcome, -3, -4, -3, -3, 4);
  add_pair(twice, kTagOutcome, -3, -4, -3, -3, 4);
  CHECK(loss_of(once, paper(0.1)).total == Approx(2 * loss_of(twice, paper(0.1)).total));
}
