// What a scorer must do, with rollouts whose outcomes and a model whose values are known: determinism, order, true
// outcomes, honest failure.
#include <algorithm>
#include <cmath>
#include <deque>

#include "core/base/rng.h"
#include "core/check/cases.h"

namespace ipr::check {
namespace {

// A trajectory of `turns` turns without text of interest; the last one ended the episode.
struct FakeTrajectory {
  FakeTrajectory(std::uint64_t id, std::size_t turns, double outcome) {
    storage.resize(turns);
    for (std::size_t i = 0; i < turns; ++i) {
      storage[i] = {sizeof(ipr_turn), i + 1 == turns ? std::uint32_t{IPR_STEP_TERMINATED} : 0u,
                    {"act", 3},       {"act", 3},
                    {"seen", 4},      0,
                    std::nan("")};
      pointers.push_back(&storage[i]);
    }
    view = {sizeof(ipr_trajectory), IPR_TRAJ_SUCCESS, id, 0, {"task", 4}, pointers.data(), turns, 0, outcome};
  }
  std::vector<ipr_turn> storage;
  std::vector<const ipr_turn*> pointers;
  ipr_trajectory view{};
};

// Answers rollouts at once, with outcomes that depend on (trajectory, kept turns, sample) only, in a seeded odd order.
class FakeQueue final : public plugin::RolloutQueue {
 public:
  FakeQueue(std::uint64_t order, bool one_fails) : order_(order), one_fails_(one_fails) {}

  static double outcome_of(std::uint64_t id, std::size_t keep, std::uint64_t sample) {
    return static_cast<double>(mix(id, keep, sample) % 11) / 10;
  }

  Result<bool> submit(const ipr_rollout_req& request) override {
    if (waiting_.size() >= 7) return false;  // small: the scorer must cope with a full queue
    Answer answer;
    answer.tag = request.tag;
    answer.status = one_fails_ && submitted_ == 2 ? IPR_UNAVAILABLE : IPR_OK;
    answer.trajectory = std::make_unique<FakeTrajectory>(
        1000 + submitted_, request.from->turn_count, outcome_of(request.from->id, request.keep_turns, request.sample));
    ++submitted_;
    waiting_.push_back(std::move(answer));
    return true;
  }
  Result<std::size_t> wait(std::span<ipr_rollout_res* const> results, std::uint64_t) override {
    shown_.clear();
    std::size_t n = 0;
    for (; n < std::min<std::size_t>(results.size(), 3) && !waiting_.empty(); ++n) {
      const std::size_t pick = order_.below(waiting_.size());
      shown_.push_back(std::move(waiting_[pick]));
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(pick));
      *results[n] = {sizeof(ipr_rollout_res), shown_.back().status, shown_.back().tag,
                     shown_.back().status == IPR_OK ? &shown_.back().trajectory->view : nullptr};
    }
    return n;
  }

 private:
  struct Answer {
    std::uint64_t tag = 0;
    ipr_status status = IPR_OK;
    std::unique_ptr<FakeTrajectory> trajectory;
  };
  Rng order_;
  const bool one_fails_;
  std::size_t submitted_ = 0;
  std::deque<Answer> waiting_, shown_;
};

// Values that depend on (trajectory, turn) only; `fails`: a model that gives none.
class FakeModel final : public plugin::StepModel {
 public:
  explicit FakeModel(bool fails) : fails_(fails) {}
  Result<std::vector<double>> values(std::span<const ipr_query* const> queries) override {
    if (fails_) return failed("the model gives no values");
    std::vector<double> values;
    for (const ipr_query* query : queries) {
      values.push_back(static_cast<double>(mix(query->trajectory->id, query->turn) % 11) / 10);
    }
    return values;
  }

 private:
  const bool fails_;
};

struct Asked {
  std::vector<std::pair<std::size_t, std::size_t>> queries;  // trajectory, turn
  bool rivals = false;                                       // each neighbours' pair is compared, else none is
};

Asked standard_queries() {
  Asked asked;
  for (std::size_t t = 0; t < 3; ++t) {
    for (std::size_t turn = 0; turn < t + 2; ++turn) asked.queries.emplace_back(t, turn);
  }
  return asked;
}

Result<std::vector<ipr_score>> ask(const Subject& subject, const Asked& asked, std::uint64_t order,
                                   bool one_fails = false) {
  plugin::HostServices services;
  services.open_rollouts = [order, one_fails]() -> Result<std::unique_ptr<plugin::RolloutQueue>> {
    return std::unique_ptr<plugin::RolloutQueue>(std::make_unique<FakeQueue>(order, one_fails));
  };
  services.open_model = [one_fails](std::string_view) -> Result<std::unique_ptr<plugin::StepModel>> {
    return std::unique_ptr<plugin::StepModel>(std::make_unique<FakeModel>(one_fails));
  };
  IPR_ASSIGN(const auto instance, make_instance(subject, std::move(services)));
  const auto* table = instance->extension<ipr_scorer_v1>(IPR_SCORER_V1);
  if (table == nullptr) return plugin_error("no " IPR_SCORER_V1);
  std::vector<FakeTrajectory> trajectories;
  trajectories.reserve(3);
  for (std::size_t t = 0; t < 3; ++t) trajectories.emplace_back(t + 1, t + 2, 0.25 * static_cast<double>(t + 1));
  std::vector<ipr_query> queries;
  std::vector<ipr_score> scores(asked.queries.size());
  std::vector<const ipr_query*> query_pointers;
  std::vector<ipr_score*> score_pointers;
  queries.reserve(asked.queries.size());
  for (std::size_t i = 0; i < asked.queries.size(); ++i) {
    const std::size_t rival = asked.rivals && (i ^ 1) < asked.queries.size() ? i ^ 1 : SIZE_MAX;
    queries.push_back(
        {sizeof(ipr_query), 0, &trajectories[asked.queries[i].first].view, asked.queries[i].second, rival, 0.1});
    query_pointers.push_back(&queries.back());
    scores[i].struct_size = sizeof(ipr_score);
    score_pointers.push_back(&scores[i]);
  }
  const plugin::Context context(subject.seed);
  plugin::ErrorSlot error;
  const ipr_status status = table->score(instance->self(), context.get(), queries.size(), query_pointers.data(),
                                         score_pointers.data(), error.get());
  if (status != IPR_OK) return error.status(status, subject.manifest.subject());
  return scores;
}

bool same(const ipr_score& a, const ipr_score& b) {
  return a.value == b.value && a.variance == b.variance && a.samples == b.samples;
}

Outcome score_deterministic(const Subject& subject) {
  IPR_NEED(const auto first, ask(subject, standard_queries(), 1));
  IPR_NEED(const auto second, ask(subject, standard_queries(), 2));
  for (std::size_t i = 0; i < first.size(); ++i) {
    IPR_EXPECT(
        same(first[i], second[i]),
        "score " + std::to_string(i) + " depends on the order in which rollouts arrive; sum in the order of samples");
  }
  return passed();
}

Outcome score_order_free(const Subject& subject) {
  Asked turned = standard_queries();
  std::reverse(turned.queries.begin(), turned.queries.end());
  IPR_NEED(const auto first, ask(subject, standard_queries(), 1));
  IPR_NEED(const auto second, ask(subject, turned, 1));
  for (std::size_t i = 0; i < first.size(); ++i) {
    IPR_EXPECT(same(first[i], second[first.size() - 1 - i]),
               "score " + std::to_string(i) + " depends on the order of the queries");
  }
  return passed();
}

// What a scorer reads of rivals it may read only of a query's own.
Outcome rival_alone(const Subject& subject) {
  const Asked all{{{0, 0}, {1, 0}, {1, 1}, {2, 0}, {2, 2}, {0, 1}}, true};
  IPR_NEED(const auto together, ask(subject, all, 1));
  for (std::size_t i = 0; i < together.size(); i += 2) {
    IPR_NEED(const auto alone, ask(subject, {{all.queries[i], all.queries[i + 1]}, true}, 2));
    IPR_EXPECT(same(together[i], alone[0]) && same(together[i + 1], alone[1]),
               "score " + std::to_string(i) + " depends on queries that are not its rival");
  }
  return passed();
}

Outcome terminal_is_outcome(const Subject& subject) {
  const Asked asked{{{0, 1}, {1, 2}, {2, 3}}};  // the last turns
  IPR_NEED(const auto scores, ask(subject, asked, 1));
  for (std::size_t i = 0; i < scores.size(); ++i) {
    IPR_EXPECT(scores[i].value == 0.25 * static_cast<double>(i + 1) && scores[i].samples == 0,
               "the score of a last turn must be the trajectory's outcome, with 0 samples");
  }
  return passed();
}

Outcome partial_failure(const Subject& subject) {
  const auto scores = ask(subject, standard_queries(), 1, /*one_fails=*/true);
  if (!scores.ok()) return scores.status().message().empty() ? broken("failed without a message") : passed();
  for (const ipr_score& score : *scores)
    IPR_EXPECT(std::isfinite(score.value), "a failed rollout led to a score that is no number");
  return passed();
}

}  // namespace

const std::vector<Case>& scorer_cases() {
  static const std::vector<Case> cases = {{"score-deterministic", score_deterministic},
                                          {"score-order-free", score_order_free},
                                          {"rival-alone", rival_alone},
                                          {"terminal-is-outcome", terminal_is_outcome},
                                          {"partial-failure", partial_failure}};
  return cases;
}

}  // namespace ipr::check
