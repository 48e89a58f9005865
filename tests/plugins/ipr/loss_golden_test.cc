// The loss against the recorded training steps of data/tiny-llama (PyTorch): same sequence log-likelihoods, same
// losses.
#include "plugins/ipr/loss.h"
#include "tests/plugins/support/batch.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr_optimizer;
using ipr::Json;
using ipr::test::Batch;
using ipr::test::Row;

namespace {

// Chosen and rejected rows of one kind. The record holds sums, so each is spread over the side's masked tokens.
void add_rows(std::vector<Row>& rows, std::uint32_t tag, const Json& pairs, const Json& policy, const Json& reference) {
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    for (const bool chosen : {true, false}) {
      const Json& mask = pairs[i].at(chosen ? "chosen_mask" : "rejected_mask");
      const std::size_t at = chosen ? i : pairs.size() + i;
      Row row{tag,
              chosen ? static_cast<std::uint32_t>(IPR_ROLE_CHOSEN) : static_cast<std::uint32_t>(IPR_ROLE_REJECTED),
              tag * 100 + i,
              1,
              {},
              {},
              {}};
      double tokens = 0;
      for (const Json& m : mask) tokens += m.get<double>();
      for (const Json& m : mask) {
        row.mask.push_back(m.get<float>());
        row.logp.push_back(static_cast<float>(policy[at].get<double>() / tokens));
        row.ref.push_back(static_cast<float>(reference[at].get<double>() / tokens));
      }
      rows.push_back(row);
    }
  }
}

}  // namespace

TEST_CASE("the recorded losses of the paper's, the token-mean and the released variant", "[ipr][loss]") {
  const std::string file = ipr::test::shared_file("data/tiny-llama/train_golden.json.gz");
  if (file.empty()) return;
  const Json golden = ipr::test::load_json(file);
  const double beta = golden.at("hyper").at("dpo_beta");
  const std::map<std::string, LossSettings> variants = {{"paper_sum", {beta, 1, 1, 0, false, false, false}},
                                                        {"token_mean", {beta, 1, 1, 0, false, false, true}},
                                                        {"ipr_code", {beta, 1, 1, 0, true, true, false}}};
  std::size_t checked = 0;
  for (const auto& [name, steps] : golden.at("runs").items()) {
    const std::string variant = name.substr(name.find('/') + 1, name.rfind('/') - name.find('/') - 1);
    CAPTURE(name);
    REQUIRE(variants.count(variant) == 1);
    for (const Json& step : steps) {
      if (!step.contains("o_policy_logps")) continue;
      std::vector<Row> rows;
      add_rows(rows, kTagOutcome, golden.at("outcome_pairs"), step.at("o_policy_logps"), step.at("o_ref_logps"));
      add_rows(rows, kTagStep, golden.at("step_pairs"), step.at("s_policy_logps"), step.at("s_ref_logps"));
      Batch batch(rows, ipr::test::totals_of(rows));
      const LossTerms terms = mixture_loss(batch.get(), variants.at(variant));
      CHECK(terms.total == Approx(step.at("total").get<double>()).epsilon(1e-6));
      CHECK(terms.o_dpo == Approx(step.at("o_dpo").get<double>()).epsilon(1e-5));
      CHECK(terms.s_dpo == Approx(step.at("s_dpo").get<double>()).epsilon(1e-5));
      if (variant == "paper_sum") CHECK(terms.sft == Approx(step.at("sft_sum").get<double>()).epsilon(1e-6));
      if (variant == "token_mean") CHECK(terms.sft == Approx(step.at("sft_token_mean").get<double>()).epsilon(1e-6));
      ++checked;
    }
  }
  CHECK(checked >= 4);
}
