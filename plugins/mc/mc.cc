// Monte Carlo step rewards (paper, equation 5):
//
//   r_s(s_t, a_t) = 1/N sum_i r_o(rollout i of pi_s from the state after a_t)      t < n
//   r_s(s_n, a_n) = r_o                                                            the last turn has no future
//
// pi_s is the SFT agent, or the checkpoint that is set as `policy`, frozen for all iterations (IPR_POLICY_BASE). The
// host forks or replays the history, plays on and caches; here it is only decided what to ask, how to average (worth.h)
// and, where N is adaptive, when to stop (sequential.h).

#include <algorithm>
#include <string>
#include <vector>

#include "ipr/plugin.hpp"
#include "queue.h"
#include "schema.h"
#include "sequential.h"
#include "worth.h"

namespace mc {
namespace {

using ipr::sdk::Failure;

// Whether nothing can follow this turn: the episode ended there or was cut at its step limit.
bool is_terminal(const ipr_trajectory& trajectory, std::size_t turn) {
  if (turn + 1 != trajectory.turn_count) return false;
  constexpr std::uint32_t kOver = IPR_STEP_TERMINATED | IPR_STEP_TRUNCATED;
  return (trajectory.flags & IPR_TRAJ_TRUNCATED) != 0 || (trajectory.turns[turn]->flags & kOver) != 0;
}

// A query at work.
struct Step {
  const ipr_query* query = nullptr;
  bool terminal = false;
  double outcome = 0;            // of a terminal one
  const Step* rival = nullptr;   // whom it is sampled against; nullptr: it takes a fixed number
  std::size_t wanted = 0;        // samples to have, for its own score or its rival's
  std::size_t taken = 0;         // samples of its score; 0: still open
  std::vector<double> outcomes;  // by sample

  [[nodiscard]] Moments first(std::size_t n) const {
    return terminal ? known(outcome) : moments_of(std::span(outcomes).first(n));
  }
};

class MonteCarlo final : public ipr::sdk::Scorer {
 public:
  MonteCarlo(const ipr::sdk::Host& host, std::string_view config_json)
      : MonteCarlo(host, ipr::sdk::Config(config_json)) {}

  [[nodiscard]] bool reads_rivals() const override { return adaptive_; }

  void score(const ipr_ctx* ctx, std::span<const ipr_query* const> queries, std::span<ipr_score* const> out) override {
    std::vector<Step> steps = steps_of(queries);
    const bool sampled = std::any_of(steps.begin(), steps.end(), [](const Step& step) { return !step.terminal; });
    if (sampled) sample(ctx, steps);
    for (std::size_t i = 0; i < steps.size(); ++i) write(steps[i], *out[i]);
  }

 private:
  MonteCarlo(const ipr::sdk::Host& host, const ipr::sdk::Config& config)
      : host_(host),
        adaptive_(config.flag("adaptive")),
        samples_(static_cast<std::size_t>(config.integer("samples"))),
        start_(static_cast<std::size_t>(config.integer("start"))),
        round_(static_cast<std::size_t>(config.integer("round"))),
        max_steps_(static_cast<std::uint32_t>(config.integer("max_steps"))),
        worth_(config) {
    rules_ = {static_cast<std::size_t>(config.integer("cap")), config.number("spread"),
              normal_quantile(config.number("sure_pair")), normal_quantile(config.number("sure_none"))};
    sampling_ = {sizeof(ipr_sampling),
                 static_cast<std::uint32_t>(config.integer("max_new_tokens")),
                 config.number("temperature"),
                 config.number("top_p"),
                 static_cast<std::uint32_t>(config.integer("top_k")),
                 0};
    if (start_ > rules_.cap) {
      throw Failure(IPR_INVALID_ARGUMENT, "mc: start " + std::to_string(start_) + " is above cap " +
                                              std::to_string(rules_.cap) +
                                              "; adaptive sampling goes from one to the other");
    }
    const std::string policy = config.text("policy");
    if (!policy.empty() && host.rollouts() != nullptr) Queue::use(host, policy);  // without: only looked at
  }

  [[nodiscard]] std::vector<Step> steps_of(std::span<const ipr_query* const> queries) const {
    std::vector<Step> steps(queries.size());
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const ipr_query& query = *queries[i];
      if (query.turn >= query.trajectory->turn_count) {
        throw Failure(IPR_INVALID_ARGUMENT, "mc: query " + std::to_string(i) + ": turn " + std::to_string(query.turn) +
                                                " of a trajectory of " + std::to_string(query.trajectory->turn_count));
      }
      Step& step = steps[i];
      step.query = &query;
      step.terminal = is_terminal(*query.trajectory, query.turn);
      if (step.terminal) step.outcome = worth_.of(*query.trajectory, query.turn + 1);
      if (adaptive_ && query.rival < queries.size() && query.rival != i) step.rival = &steps[query.rival];
    }
    return steps;
  }

  // Fixed rounds, so that what is sampled does not depend on when rollouts arrive. A step's N is decided by its own
  // samples and its rival's, each in its order, and by nothing else of the call.
  void sample(const ipr_ctx* ctx, std::vector<Step>& steps) const {
    Queue queue(host_, ctx);
    for (Step& step : steps) {
      if (!step.terminal && step.rival == nullptr) step.wanted = step.taken = samples_;
    }
    for (std::size_t n = start_;; n = std::min(n + round_, rules_.cap)) {
      const auto is_open = [](const Step& step) { return !step.terminal && step.taken == 0; };
      const bool last = std::none_of(steps.begin(), steps.end(), is_open);
      for (Step& step : steps) {
        if (!is_open(step)) continue;
        step.wanted = std::max(step.wanted, n);
        Step& rival = steps[step.query->rival];
        if (!rival.terminal) rival.wanted = std::max(rival.wanted, n);
      }
      roll_out(ctx, queue, steps);
      if (last) return;
      for (Step& step : steps) {
        if (is_open(step) && (n == rules_.cap || decided(step, n))) step.taken = n;
      }
    }
  }

  [[nodiscard]] bool decided(const Step& step, std::size_t n) const {
    const Moments own = step.first(n), rival = step.rival->first(n);
    const ipr_query& query = *step.query;
    if ((query.flags & IPR_QUERY_EITHER) != 0)
      return verdict_of_either(own, rival, query.margin, rules_) != Verdict::kOpen;
    const bool behind = (query.flags & IPR_QUERY_BEHIND) != 0;
    return verdict(behind ? rival : own, behind ? own : rival, query.margin, rules_) != Verdict::kOpen;
  }

  void write(const Step& step, ipr_score& score) const {
    const Moments moments = step.first(step.taken);
    const Interval interval = interval_of(moments, rules_.spread);
    score.samples = static_cast<std::uint32_t>(moments.n);
    score.value = moments.mean;
    score.variance = sample_variance(moments);
    score.low = interval.low;
    score.high = interval.high;
  }

  // Plays what each step wants and has not.
  void roll_out(const ipr_ctx* ctx, Queue& queue, std::vector<Step>& steps) const {
    struct Missing {
      Step* step;
      std::size_t sample;
    };
    std::vector<Missing> missing;
    for (Step& step : steps) {
      for (std::size_t i = step.outcomes.size(); i < step.wanted; ++i) missing.push_back({&step, i});
      step.outcomes.resize(std::max(step.outcomes.size(), step.wanted));
    }
    std::size_t submitted = 0, finished = 0, failed = 0;
    ipr_status why = IPR_OK;
    while (finished < missing.size()) {
      if (ctx != nullptr && ctx->cancelled != nullptr && ctx->cancelled(ctx) != 0) {
        throw Failure(IPR_CANCELLED, "mc: cancelled");
      }
      if (submitted < missing.size()) {
        const Missing& next = missing[submitted];
        if (queue.submit(request(*next.step->query, submitted, next.sample))) {
          ++submitted;
          continue;
        }
      }
      queue.collect([&](const ipr_rollout_res& result) {
        ++finished;
        if (result.status == IPR_OK && result.trajectory != nullptr) {
          const Missing& played = missing.at(result.tag);
          played.step->outcomes[played.sample] = worth_.of(*result.trajectory, played.step->query->turn + 1);
        } else if (++failed == 1) {
          why = result.status;
        }
      });
    }
    if (failed > 0) {  // an average over the rest would be another number than the one asked for
      throw Failure(IPR_UNAVAILABLE, "mc: " + std::to_string(failed) + " of " + std::to_string(missing.size()) +
                                         " rollouts failed (first status " + std::to_string(why) + "); score again");
    }
  }

  [[nodiscard]] ipr_rollout_req request(const ipr_query& query, std::size_t tag, std::size_t sample) const {
    ipr_rollout_req request{};
    request.struct_size = sizeof request;
    request.tag = tag;
    request.from = query.trajectory;
    request.keep_turns = query.turn + 1;
    request.policy = IPR_POLICY_BASE;
    request.max_steps = max_steps_;
    request.sampling = &sampling_;
    request.sample = sample;
    return request;
  }

  ipr::sdk::Host host_;
  const bool adaptive_;
  const std::size_t samples_, start_, round_;
  const std::uint32_t max_steps_;
  const Worth worth_;
  StopRules rules_;
  ipr_sampling sampling_{};
};

constexpr ipr::sdk::Info kInfo = {"mc",
                                  "Monte Carlo step rewards",
                                  "0.1.0",
                                  "Apache-2.0",
                                  "Mean outcome of N rollouts of the SFT agent from the state after the step",
                                  kSchema};

}  // namespace
}  // namespace mc

IPR_PLUGIN_LIBRARY(ipr::sdk::scorer<mc::MonteCarlo>(mc::kInfo))
