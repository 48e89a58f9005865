#include "core/rollout/generator.h"

#include <set>
#include <thread>

#include "core/base/rng.h"
#include "core/model/score.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::rollout;

namespace {

// Monte Carlo over forks of a few trajectories: several prefixes, several samples each, mixed settings.
std::vector<GenerateRequest> fork_requests(std::int64_t vocab, std::uint64_t seed) {
  std::vector<GenerateRequest> requests;
  for (std::uint64_t task = 0; task < 3; ++task) {
    const auto trajectory = test::random_ids(110, vocab, mix(seed, task));
    for (const std::size_t keep : {7, 32, 50, 64, 101}) {
      for (std::uint64_t sample = 0; sample < 4; ++sample) {
        GenerateRequest request;
        request.prompt.assign(trajectory.begin(), trajectory.begin() + static_cast<std::ptrdiff_t>(keep));
        request.max_new_tokens = static_cast<std::int64_t>(5 + 10 * sample);
        request.temperature = sample == 3 ? 0.0 : 0.7 + 0.3 * static_cast<double>(sample);
        request.top_p = sample == 1 ? 0.9 : 1.0;
        request.top_k = sample == 2 ? 7 : 0;
        request.seed = mix(seed, task, keep, sample);
        request.stop_ids = {2, 5};
        requests.push_back(request);
      }
    }
  }
  return requests;
}

bool same(const GenerateReply& a, const GenerateReply& b) {
  return a.ids == b.ids && a.logprobs == b.logprobs && a.finish == b.finish && a.stop_id == b.stop_id &&
         a.stop_logprob == b.stop_logprob;
}

std::size_t unique_tokens(const std::vector<GenerateRequest>& requests) {
  std::set<std::vector<std::int32_t>> prefixes;
  for (const auto& request : requests) {
    for (std::size_t n = 1; n <= request.prompt.size(); ++n) {
      prefixes.insert({request.prompt.begin(), request.prompt.begin() + static_cast<std::ptrdiff_t>(n)});
    }
  }
  return prefixes.size();
}

}  // namespace

TEST_CASE("a reply has the same bits alone and in any company, on any threads, with any cache",
          "[rollout][generator]") {
  auto weights = test::tiny_weights(test::mini_config(), 4);
  if (GENERATE(false, true)) weights.lora = test::tiny_lora(weights.config, 4, 9);
  const auto requests = fork_requests(weights.config.vocab_size, 11);
  std::vector<GenerateReply> alone;
  const model::CpuEngine single(weights, 1);
  for (const auto& request : requests) {
    Generator generator(single, {1, 7, 1});  // one row, tiny prefill steps, nothing kept
    alone.push_back(generate_all(generator, {request}).front());
    REQUIRE(alone.back().status.ok());
  }
  for (const int threads : {1, 2, 3}) {
    const model::CpuEngine engine(weights, threads);
    for (const GeneratorOptions& options :
         {GeneratorOptions{}, GeneratorOptions{5, 16, std::size_t{1} << 20}, GeneratorOptions{64, 1000, 0}}) {
      Generator generator(engine, options);
      auto shuffled = requests;
      std::vector<std::size_t> order(requests.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      Rng(static_cast<std::uint64_t>(threads)).shuffle(order);
      for (std::size_t i = 0; i < order.size(); ++i) shuffled[i] = requests[order[i]];
      for (int round = 0; round < 2; ++round) {  // the second meets a warm tree
        const auto replies = generate_all(generator, shuffled);
        for (std::size_t i = 0; i < order.size(); ++i) {
          CAPTURE(threads, options.max_rows, round, order[i]);
          CHECK(same(replies[i], alone[order[i]]));
        }
      }
    }
  }
}

TEST_CASE("samples and forks compute each prompt position of the prefix tree once", "[rollout][generator]") {
  const auto weights = test::tiny_weights(test::mini_config(), 4);
  const model::CpuEngine engine(weights, 2);
  Generator generator(engine, {});
  const auto requests = fork_requests(weights.config.vocab_size, 12);
  (void)generate_all(generator, requests);
  const GeneratorCounters counters = generator.counters();
  std::size_t asked = 0;
  for (const auto& request : requests) asked += request.prompt.size();
  CHECK(counters.requests == requests.size());
  CHECK(counters.prompt_tokens_asked == asked);
  CHECK(counters.prompt_tokens_computed == unique_tokens(requests));
  CHECK(counters.padding_tokens == 0);
  CHECK(counters.steps > 0);
  (void)generate_all(generator, requests);  // again: everything is there
  CHECK(generator.counters().prompt_tokens_computed == unique_tokens(requests));
}

TEST_CASE("the next turn's prompt computes only its new tokens", "[rollout][generator]") {
  const auto weights = test::tiny_weights(test::mini_config(), 4);
  const model::CpuEngine engine(weights, 1);
  Generator generator(engine, {});
  GenerateRequest request;
  request.prompt = test::random_ids(40, 96, 1);
  request.max_new_tokens = 20;
  request.stop_ids = {2};
  for (std::uint64_t turn = 0; turn < 4; ++turn) {
    const auto before = generator.counters().prompt_tokens_computed;
    request.seed = turn;
    const auto reply = generate_all(generator, {request}).front();
    REQUIRE(reply.status.ok());
    // Behind a stop id all generated tokens were fed; else the last one was not.
    const std::size_t fed = reply.finish == Finish::kStop ? reply.ids.size() : reply.ids.size() - 1;
    const std::size_t known = request.prompt.size() + fed;
    if (turn > 0) CHECK(generator.counters().prompt_tokens_computed - before <= 12);
    request.prompt.insert(request.prompt.end(), reply.ids.begin(), reply.ids.end());
    request.prompt.resize(known + 11, 3);
  }
}

TEST_CASE("generated log-probs are those of teacher-forced scoring", "[rollout][generator]") {
  const auto weights = test::tiny_weights(test::mini_config(), 5);
  const model::CpuEngine engine(weights, 2);
  Generator generator(engine, {});
  const auto requests = fork_requests(weights.config.vocab_size, 13);
  const auto replies = generate_all(generator, requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    auto continuation = replies[i].ids;
    auto logprobs = replies[i].logprobs;
    if (replies[i].finish == Finish::kStop) {
      continuation.push_back(replies[i].stop_id);
      logprobs.push_back(replies[i].stop_logprob);
    }
    const auto scored = model::score(engine, {requests[i].prompt, continuation, 0});
    REQUIRE(scored.ok());
    CHECK(scored->token_logprobs == logprobs);
    if (requests[i].temperature == 0) CHECK(scored->greedy_ids == continuation);
  }
}

TEST_CASE("a reply ends at a stop id, at its length or at the context limit", "[rollout][generator]") {
  const auto weights = test::tiny_weights(test::mini_config(), 6);
  const model::CpuEngine engine(weights, 1);
  Generator generator(engine, {});
  GenerateRequest request;
  request.prompt = test::random_ids(10, 96, 1);
  request.temperature = 0;
  request.max_new_tokens = 9;
  const auto free = generate_all(generator, {request}).front();
  CHECK(free.finish == Finish::kLength);
  REQUIRE(free.ids.size() == 9);
  CHECK(free.logprobs.size() == 9);

  request.stop_ids = {free.ids[4]};
  const auto first =
      static_cast<std::size_t>(std::find(free.ids.begin(), free.ids.end(), free.ids[4]) - free.ids.begin());
  const auto stopped = generate_all(generator, {request}).front();
  CHECK(stopped.finish == Finish::kStop);
  CHECK(stopped.ids ==
        std::vector<std::int32_t>(free.ids.begin(), free.ids.begin() + static_cast<std::ptrdiff_t>(first)));
  CHECK(stopped.stop_id == free.ids[4]);

  request.stop_ids.clear();
  request.context_limit = 14;
  const auto cut = generate_all(generator, {request}).front();
  CHECK(cut.finish == Finish::kContextOverflow);
  CHECK(cut.ids == std::vector<std::int32_t>(free.ids.begin(), free.ids.begin() + 4));
  request.context_limit = 10;
  CHECK(generate_all(generator, {request}).front().finish == Finish::kContextOverflow);

  request.context_limit = 0;
  request.prompt = test::random_ids(250, 96, 2);
  request.max_new_tokens = 100;
  const auto model_limit = generate_all(generator, {request}).front();
  CHECK(model_limit.finish == Finish::kContextOverflow);
  CHECK(model_limit.ids.size() == 6);  // the model holds 256 positions
  request.max_new_tokens = 0;
  CHECK(generate_all(generator, {request}).front().finish == Finish::kLength);
}

TEST_CASE("where the tail is kept, a prompt that is too long loses its front", "[rollout][generator]") {
  const auto weights = test::tiny_weights(test::mini_config(), 6);
  const model::CpuEngine engine(weights, 1);
  Generator generator(engine, {});
  GenerateRequest request;
  request.prompt = test::random_ids(300, 96, 2);  // the model holds 256 positions
  request.temperature = 0;
  request.max_new_tokens = 20;
  CHECK(generate_all(generator, {request}).front().finish == Finish::kContextOverflow);
  GenerateRequest tail = request;
  tail.overflow = Overflow::kKeepTail;
  const auto kept = generate_all(generator, {tail}).front();
  CHECK(kept.finish == Finish::kLength);
  CHECK(kept.prompt_tokens == 256 - 20 - 1);
  request.prompt.erase(request.prompt.begin(), request.prompt.end() - (256 - 20 - 1));
  const auto same_tail = generate_all(generator, {request}).front();
  CHECK(same(kept, same_tail));
  CHECK(same_tail.prompt_tokens == request.prompt.size());
  // What leaves room for the reply is read whole.
  request.overflow = Overflow::kKeepTail;
  CHECK(same(generate_all(generator, {request}).front(), kept));
}

TEST_CASE("a malformed request is answered with what is wrong", "[rollout][generator]") {
  const auto weights = test::tiny_weights(test::mini_config(), 6);
  const model::CpuEngine engine(weights, 1);
  Generator generator(engine, {});
  std::vector<GenerateRequest> wrong(6);
  wrong[1].prompt = {96};
  wrong[2].prompt = {1};
  wrong[2].temperature = -1;
  wrong[3].prompt = {1};
  wrong[3].top_p = 0;
  wrong[4].prompt = {1};
  wrong[4].top_k = -1;
  wrong[5].prompt = {1};
  wrong[5].overflow = Overflow::kKeepTail;
  wrong[5].max_new_tokens = 255;  // of 256 positions, and one stays free
  for (const auto& reply : generate_all(generator, wrong)) {
    CHECK(reply.finish == Finish::kError);
    CHECK(reply.status.code() == Code::kUsage);
    CHECK_FALSE(reply.status.message().empty());
  }
}

TEST_CASE("a reply may submit the next request, from many threads at once", "[rollout][generator]") {
  const auto weights = test::tiny_weights(test::mini_config(), 7);
  const model::CpuEngine engine(weights, 2);
  Generator generator(engine, {4, 32, std::size_t{1} << 20});
  constexpr int kEpisodes = 24;
  std::atomic<int> turns{0};
  std::atomic<int> finished{0};
  std::function<void(GenerateRequest, int)> turn = [&](GenerateRequest request, int left) {
    auto copy = request;
    generator.submit(std::move(copy), [&turn, &turns, &finished, request, left](GenerateReply reply) mutable {
      ++turns;
      if (left == 0) {
        if (++finished == kEpisodes) finished.notify_one();
        return;
      }
      request.prompt.insert(request.prompt.end(), reply.ids.begin(), reply.ids.end());
      request.prompt.push_back(4);
      turn(std::move(request), left - 1);
    });
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int e = 0; e < kEpisodes / 4; ++e) {
        GenerateRequest request;
        request.prompt = test::random_ids(20, 96, static_cast<std::uint64_t>(e));
        request.max_new_tokens = 8;
        request.seed = static_cast<std::uint64_t>(t * 100 + e);
        turn(request, 3);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int now = finished; now < kEpisodes; now = finished) finished.wait(now);
  CHECK(turns == kEpisodes * 4);
}

TEST_CASE("what is open when the generator goes is answered as interrupted", "[rollout][generator]") {
  const auto weights = test::tiny_weights(test::mini_config(), 8);
  const model::CpuEngine engine(weights, 2);
  std::atomic<int> answered{0};
  std::atomic<int> interrupted{0};
  {
    Generator generator(engine, {2, 8, std::size_t{1} << 20});
    for (std::uint64_t i = 0; i < 20; ++i) {
      GenerateRequest request;
      request.prompt = test::random_ids(100, 96, i);
      request.max_new_tokens = 150;
      generator.submit(request, [&](GenerateReply reply) {
        ++answered;
        if (reply.status.code() == Code::kInterrupted) ++interrupted;
      });
    }
  }
  CHECK(answered == 20);
  CHECK(interrupted > 0);
}
