#include "core/model/score.h"

#include <cmath>

#include "core/model/sampler.h"
#include "tests/model/kv_memory.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::model;

TEST_CASE("scores are the log-softmax of the logits, alone or among many requests", "[model][score]") {
  const auto weights = test::tiny_weights(test::odd_config(), 2);
  const CpuEngine engine(weights, 2);
  std::vector<ScoreRequest> requests;
  for (std::uint64_t i = 0; i < 12; ++i) {
    requests.push_back({test::random_ids(1 + 9 * i, 101, i), test::random_ids(i * 7 % 60, 101, 50 + i),
                        static_cast<std::int64_t>(i % 3)});
  }
  const auto replies = score_all(engine, requests);
  REQUIRE(replies.ok());
  for (std::size_t r = 0; r < requests.size(); ++r) {
    CAPTURE(r);
    const auto& [prompt, continuation, top] = requests[r];
    const ScoreReply& reply = (*replies)[r];
    auto ids = prompt;
    ids.insert(ids.end(), continuation.begin(), continuation.end());
    const auto logits = test::logits_alone(engine, ids, 11);
    double total = 0;
    REQUIRE(reply.token_logprobs.size() == continuation.size());
    REQUIRE(reply.greedy_ids.size() == continuation.size());
    for (std::size_t i = 0; i < continuation.size(); ++i) {
      const auto row = std::span(logits).subspan((prompt.size() + i - 1) * 101, 101);
      double sum = 0;
      for (const float logit : row) sum += std::exp(static_cast<double>(logit));
      const double expected = static_cast<double>(row[static_cast<std::size_t>(continuation[i])]) - std::log(sum);
      total += expected;
      CHECK(static_cast<double>(reply.token_logprobs[i]) == Approx(expected).margin(2e-5));
      CHECK(reply.greedy_ids[i] == argmax(engine.kernels(), row));
    }
    CHECK(reply.total == Approx(total).margin(1e-4));
    REQUIRE(reply.top_ids.size() == static_cast<std::size_t>(top));
    const auto last = std::span(logits).subspan((prompt.size() - 1) * 101, 101);
    for (std::size_t i = 0; i < reply.top_ids.size(); ++i) {
      CHECK(reply.top_logits[i] == last[static_cast<std::size_t>(reply.top_ids[i])]);
      if (i == 0) CHECK(reply.top_ids[0] == argmax(engine.kernels(), last));
      if (i > 0) CHECK(reply.top_logits[i - 1] >= reply.top_logits[i]);
    }
    const auto single = score(engine, requests[r]);
    REQUIRE(single.ok());
    CHECK(single->token_logprobs == reply.token_logprobs);
  }
}

TEST_CASE("more top logits than the vocabulary has give the vocabulary", "[model][score]") {
  const auto weights = test::tiny_weights(test::odd_config(), 2);
  const CpuEngine engine(weights, 1);
  const auto reply = score(engine, {{1, 2, 3}, {}, 1000});
  REQUIRE(reply.ok());
  CHECK(reply->top_ids.size() == 101);
  CHECK(reply->token_logprobs.empty());
}

TEST_CASE("a request that cannot be scored is named", "[model][score]") {
  const auto weights = test::tiny_weights(test::odd_config(), 2);
  const CpuEngine engine(weights, 1);
  const std::vector<ScoreRequest> wrong = {{{}, {1}, 0},
                                           {{101}, {}, 0},
                                           {{1}, {-1}, 0},
                                           {{1}, {2}, -1},
                                           {test::random_ids(150, 101, 1), test::random_ids(51, 101, 2), 0}};
  for (const ScoreRequest& request : wrong) {
    const std::vector<ScoreRequest> both = {{{1}, {2}, 0}, request};
    const auto replies = score_all(engine, both);
    REQUIRE_FALSE(replies.ok());
    CHECK(replies.status().code() == Code::kUsage);
    CHECK(replies.status().message().starts_with("request 1: "));
  }
  CHECK(score(engine, {test::random_ids(150, 101, 1), test::random_ids(50, 101, 2), 0}).ok());
}
