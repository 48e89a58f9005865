// Monte Carlo step rewards (paper, equation 5):
//
//   r_s(s_t, a_t) = 1/N sum_i r_o(rollout i of pi_s from the state after a_t)      t < n
//   r_s(s_n, a_n) = r_o                                                            the last turn has no future
//
// pi_s is the SFT agent, frozen for all iterations (IPR_POLICY_BASE). The host forks or replays the history, plays on
// and caches; here it is only decided what to ask and how to average.

#include <string>
#include <vector>

#include "ipr/plugin.hpp"

namespace {

using ipr::sdk::Failure;

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "samples": {"type": "integer", "default": 5, "minimum": 1, "maximum": 100000,
                "description": "rollouts per step (N of equation 5)"},
    "temperature": {"type": "number", "default": 1, "minimum": 0, "description": "of the rollouts"},
    "top_p": {"type": "number", "default": 1, "minimum": 0.001, "maximum": 1,
              "description": "of the rollouts: the smallest set of most likely tokens that reaches it; 1: all"},
    "top_k": {"type": "integer", "default": 0, "minimum": 0,
              "description": "of the rollouts: only so many most likely tokens, before top_p; 0: all"},
    "max_new_tokens": {"type": "integer", "default": 512, "minimum": 1, "description": "per message"},
    "max_steps": {"type": "integer", "default": 0, "minimum": 0,
                  "description": "turns of an episode, the given history included; 0: the environment's"}
  },
  "additionalProperties": false,
  "x-profiles": {"mini": {"max_new_tokens": 64}, "quick": {"max_new_tokens": 96, "samples": 3}}
})json";

// A queue of rollouts that is closed, and so cancelled, whatever happens.
class Queue {
 public:
  Queue(const ipr::sdk::Host& host, const ipr_ctx* ctx) : service_(host.rollouts()) {
    if (service_ == nullptr) {
      throw Failure(IPR_FAILED_PRECONDITION,
                    "mc: the host offers no rollouts here; Monte Carlo scoring needs a policy");
    }
    if (const ipr_status status = service_->open(host.raw(), ctx, &queue_, &error_); status != IPR_OK) fail(status);
  }
  ~Queue() { service_->close(queue_); }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // False: the queue is full, collect first.
  bool submit(const ipr_rollout_req& request) {
    const ipr_status status = service_->submit(queue_, &request, &error_);
    if (status != IPR_OK && status != IPR_RESOURCE_EXHAUSTED) fail(status);
    return status == IPR_OK;
  }

  // Calls `take(result)` for what has arrived, after at most 20 ms: the caller polls for cancellation in between.
  template <typename Take>
  void collect(Take&& take) {
    constexpr std::uint64_t kPause = 20'000'000;  // ns
    ipr_rollout_res* slots[kWidth];
    for (std::size_t i = 0; i < kWidth; ++i) {
      results_[i] = {};
      results_[i].struct_size = sizeof(ipr_rollout_res);
      slots[i] = &results_[i];
    }
    std::size_t arrived = 0;
    const ipr_status status = service_->wait(queue_, slots, kWidth, &arrived, kPause, &error_);
    if (status != IPR_OK && status != IPR_DEADLINE_EXCEEDED) fail(status);
    for (std::size_t i = 0; i < arrived; ++i) take(results_[i]);
  }

 private:
  static constexpr std::size_t kWidth = 64;

  [[noreturn]] void fail(ipr_status status) const {
    throw Failure(status, std::string("mc: queue of rollouts: ") + error_.message);
  }

  const ipr_host_rollouts_v1* service_;
  ipr_queue* queue_ = nullptr;
  ipr_error error_{sizeof(ipr_error), IPR_OK, {}};
  ipr_rollout_res results_[kWidth] = {};
};

// Whether nothing can follow this turn: the episode ended there or was cut at its step limit.
bool is_terminal(const ipr_trajectory& trajectory, std::size_t turn) {
  if (turn + 1 != trajectory.turn_count) return false;
  constexpr std::uint32_t kOver = IPR_STEP_TERMINATED | IPR_STEP_TRUNCATED;
  return (trajectory.flags & IPR_TRAJ_TRUNCATED) != 0 || (trajectory.turns[turn]->flags & kOver) != 0;
}

class MonteCarlo final : public ipr::sdk::Scorer {
 public:
  MonteCarlo(const ipr::sdk::Host& host, std::string_view config_json) : host_(host) {
    const ipr::sdk::Config config(config_json);
    samples_ = static_cast<std::size_t>(config.integer("samples"));
    max_steps_ = static_cast<std::uint32_t>(config.integer("max_steps"));
    sampling_ = {sizeof(ipr_sampling),
                 static_cast<std::uint32_t>(config.integer("max_new_tokens")),
                 config.number("temperature"),
                 config.number("top_p"),
                 static_cast<std::uint32_t>(config.integer("top_k")),
                 0};
  }

  void score(const ipr_ctx* ctx, std::span<const ipr_query* const> queries, std::span<ipr_score* const> out) override {
    std::vector<std::size_t> sampled;  // the queries that need rollouts
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const ipr_query& query = *queries[i];
      if (query.turn >= query.trajectory->turn_count) {
        throw Failure(IPR_INVALID_ARGUMENT, "mc: query " + std::to_string(i) + ": turn " + std::to_string(query.turn) +
                                                " of a trajectory of " + std::to_string(query.trajectory->turn_count));
      }
      if (is_terminal(*query.trajectory, query.turn)) {
        write(*out[i], 0, query.trajectory->outcome, 0);
      } else {
        sampled.push_back(i);
      }
    }
    if (sampled.empty()) return;
    const std::vector<double> outcomes = roll_out(ctx, queries, sampled);
    for (std::size_t i = 0; i < sampled.size(); ++i) {
      average(std::span(outcomes).subspan(i * samples_, samples_), *out[sampled[i]]);
    }
  }

 private:
  static void write(ipr_score& score, std::size_t samples, double value, double variance) {
    score.samples = static_cast<std::uint32_t>(samples);
    score.value = value;
    score.variance = variance;
  }

  // In the order of the samples, never of arrival: the same bits on any number of threads.
  static void average(std::span<const double> outcomes, ipr_score& score) {
    const auto n = static_cast<double>(outcomes.size());
    double sum = 0, squares = 0;
    for (const double outcome : outcomes) sum += outcome;
    const double mean = sum / n;
    for (const double outcome : outcomes) squares += (outcome - mean) * (outcome - mean);
    write(score, outcomes.size(), mean, outcomes.size() > 1 ? squares / (n - 1) : 0);
  }

  // Outcome of sample j of the i-th sampled query at [i * N + j], which is also the request's tag.
  std::vector<double> roll_out(const ipr_ctx* ctx, std::span<const ipr_query* const> queries,
                               const std::vector<std::size_t>& sampled) const {
    const std::size_t count = sampled.size() * samples_;
    std::vector<double> outcomes(count, 0);
    std::size_t submitted = 0, finished = 0, failed = 0;
    ipr_status why = IPR_OK;
    Queue queue(host_, ctx);
    while (finished < count) {
      if (ctx != nullptr && ctx->cancelled != nullptr && ctx->cancelled(ctx) != 0) {
        throw Failure(IPR_CANCELLED, "mc: cancelled");
      }
      if (submitted < count && queue.submit(request(*queries[sampled[submitted / samples_]], submitted))) {
        ++submitted;
        continue;
      }
      queue.collect([&](const ipr_rollout_res& result) {
        ++finished;
        if (result.status == IPR_OK && result.trajectory != nullptr) {
          outcomes.at(result.tag) = result.trajectory->outcome;
        } else if (++failed == 1) {
          why = result.status;
        }
      });
    }
    if (failed > 0) {  // an average over the rest would be another number than the one asked for
      throw Failure(IPR_UNAVAILABLE, "mc: " + std::to_string(failed) + " of " + std::to_string(count) +
                                         " rollouts failed (first status " + std::to_string(why) + "); score again");
    }
    return outcomes;
  }

  [[nodiscard]] ipr_rollout_req request(const ipr_query& query, std::size_t tag) const {
    ipr_rollout_req request{};
    request.struct_size = sizeof request;
    request.tag = tag;
    request.from = query.trajectory;
    request.keep_turns = query.turn + 1;
    request.policy = IPR_POLICY_BASE;
    request.max_steps = max_steps_;
    request.sampling = &sampling_;
    request.sample = tag % samples_;
    return request;
  }

  ipr::sdk::Host host_;
  std::size_t samples_ = 0;
  std::uint32_t max_steps_ = 0;
  ipr_sampling sampling_{};
};

constexpr ipr::sdk::Info kInfo = {"mc",
                                  "Monte Carlo step rewards",
                                  "0.1.0",
                                  "Apache-2.0",
                                  "Mean outcome of N rollouts of the SFT agent from the state after the step",
                                  kSchema};

}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::scorer<MonteCarlo>(kInfo))
