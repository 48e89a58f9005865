#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/plugins/support/fake_host.h"
#include "tests/support/catch.h"

using namespace ipr;

namespace {

// What the host's models were asked; one at a time.
struct Models {
  std::string spec;
  std::vector<std::pair<std::uint64_t, std::size_t>> asked;
  ipr_status open_status = IPR_OK, value_status = IPR_OK;
  int open = 0;
};
Models* models = nullptr;

void say(ipr_error* error, const char* text) {
  std::snprintf(error->message, sizeof error->message, "%s", text);
}

const ipr_host_model_v1 kModels = {
    sizeof(ipr_host_model_v1), 0,
    [](const ipr_host*, const ipr_ctx*, ipr_str spec, ipr_model** out, ipr_error* error) -> ipr_status {
      models->spec.assign(spec.data, spec.size);
      if (models->open_status != IPR_OK) {
        say(error, "no such folder");
        return models->open_status;
      }
      ++models->open;
      *out = reinterpret_cast<ipr_model*>(models);
      return IPR_OK;
    },
    [](ipr_model*, const ipr_ctx*, std::size_t n, const ipr_query* const* queries, double* out,
       ipr_error* error) -> ipr_status {
      if (models->value_status != IPR_OK) say(error, "too long");
      for (std::size_t i = 0; i < n; ++i) {
        models->asked.emplace_back(queries[i]->trajectory->id, queries[i]->turn);
        out[i] = static_cast<double>(10 * queries[i]->trajectory->id + queries[i]->turn);
      }
      return models->value_status;
    },
    [](ipr_model*) { --models->open; }};

// An episode of three turns that ended after the last.
struct Played {
  explicit Played(std::uint64_t id, bool ended = true) {
    for (std::size_t t = 0; t < 3; ++t) {
      turns[t].struct_size = sizeof(ipr_turn);
      turns[t].flags = ended && t == 2 ? IPR_STEP_TERMINATED : 0;
      pointers[t] = &turns[t];
    }
    trajectory.struct_size = sizeof trajectory;
    trajectory.id = id;
    trajectory.turns = pointers;
    trajectory.turn_count = 3;
    trajectory.outcome = 0.5;
  }
  Played(const Played&) = delete;
  Played& operator=(const Played&) = delete;
  ipr_turn turns[3] = {};
  const ipr_turn* pointers[3] = {};
  ipr_trajectory trajectory{};
};

class Scoring {
 public:
  Scoring() { models = &models_; }
  void open(const Json& settings = Json::object()) {
    host_.offer(IPR_HOST_MODEL_V1, &kModels);
    instance_ = std::make_unique<test::Instance>(host_, "", settings);
  }
  void open_without_service() { instance_ = std::make_unique<test::Instance>(host_); }
  void close() { instance_.reset(); }

  ipr_status score(const std::vector<std::pair<const Played*, std::size_t>>& asked) {
    std::vector<ipr_query> queries;
    std::vector<const ipr_query*> query_pointers;
    std::vector<ipr_score*> score_pointers;
    scores.assign(asked.size(), {sizeof(ipr_score), 7, 7, 7});
    queries.reserve(asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      queries.push_back({sizeof(ipr_query), 0, &asked[i].first->trajectory, asked[i].second});
      query_pointers.push_back(&queries.back());
      score_pointers.push_back(&scores[i]);
    }
    const ipr_ctx ctx = test::context();
    return instance_->table<ipr_scorer_v1>(IPR_SCORER_V1)
        .score(instance_->self(), &ctx, asked.size(), query_pointers.data(), score_pointers.data(), &error);
  }

  Models models_;
  std::vector<ipr_score> scores;
  ipr_error error = test::fresh_error();

 private:
  test::FakeHost host_;
  std::unique_ptr<test::Instance> instance_;
};

std::string refusal(Scoring& scoring, const Json& settings) {
  try {
    scoring.open(settings);
  } catch (const std::exception& thrown) {
    return thrown.what();
  }
  return {};
}

}  // namespace

TEST_CASE("steps have the model's values, a last turn its outcome", "[reward-model]") {
  Scoring scoring;
  scoring.open({{"model", "some/\"folder\""}});
  CHECK(Json::parse(scoring.models_.spec) == Json{{"checkpoint", "some/\"folder\""}});
  const Played one(1), two(2, /*ended=*/false);
  REQUIRE(scoring.score({{&one, 2}, {&one, 0}, {&two, 2}, {&two, 1}}) == IPR_OK);
  CHECK(scoring.scores[0].value == 0.5);
  CHECK(scoring.scores[1].value == 10);
  CHECK(scoring.scores[2].value == 22);  // not over yet
  CHECK(scoring.scores[3].value == 21);
  for (const ipr_score& score : scoring.scores) CHECK((score.samples == 0 && score.variance == 0));
  using Asked = std::vector<std::pair<std::uint64_t, std::size_t>>;
  CHECK(scoring.models_.asked == Asked{{1, 0}, {2, 2}, {2, 1}});  // one call, without the last turn
  CHECK(scoring.models_.open == 1);
  scoring.close();
  CHECK(scoring.models_.open == 0);
}

TEST_CASE("without a trained model it says how to train one", "[reward-model]") {
  Scoring scoring;
  scoring.models_.open_status = IPR_DATA_LOSS;
  CHECK(refusal(scoring, Json::object()).find("ipr-host train-scorer --scorer reward-model --data") !=
        std::string::npos);
  CHECK(refusal(scoring, {{"model", "nowhere"}}) == "no such folder");
}

TEST_CASE("what goes wrong while it scores is reported", "[reward-model]") {
  Scoring scoring;
  scoring.open();
  scoring.models_.value_status = IPR_DATA_LOSS;
  const Played one(1);
  CHECK(scoring.score({{&one, 0}}) == IPR_DATA_LOSS);
  CHECK(std::string(scoring.error.message) == "too long");
  CHECK(scoring.score({{&one, 3}}) == IPR_INVALID_ARGUMENT);
}

TEST_CASE("a host without models can look at it, not score with it", "[reward-model]") {
  Scoring scoring;
  scoring.open_without_service();
  const Played one(1);
  CHECK(scoring.score({{&one, 2}}) == IPR_OK);
  CHECK(scoring.score({{&one, 0}}) == IPR_FAILED_PRECONDITION);
}
