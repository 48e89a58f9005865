// What adaptive sampling saves, and how good Monte Carlo step rewards are, on an environment where the exact value of
// every step can be computed: by default gridworld, under a tabular policy.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "bench/adaptive/pairs.h"
#include "bench/adaptive/scorer.h"
#include "bench/support/open_environment.h"

namespace ipr::bench {
namespace {

struct Flags {
  GroundSettings ground{"gridworld", "gridworld-tabular", {}, {}, 1, 0, 1, 2, true};
  std::vector<std::string> set, policy_set;
  std::vector<double> taus = {0.01, 0.05, 0.1, 0.35};
  std::uint64_t seeds = 3;
  std::string wrong;
};

// "key=value" with a JSON value.
Result<std::map<std::string, Json>> settings_of(const std::vector<std::string>& words) {
  std::map<std::string, Json> settings;
  for (const std::string& word : words) {
    const auto at = word.find('=');
    if (at == std::string::npos) return usage("\"" + word + "\": give KEY=VALUE");
    IPR_ASSIGN(settings[word.substr(0, at)], parse_json(word.substr(at + 1), word));
  }
  return settings;
}

using ScorerSettings = std::map<std::string, Json>;
// N = 20 first: what the others are held against.
const std::vector<ScorerSettings> kScorers = {
    {{"samples", 20}}, {{"samples", 5}}, {{"samples", 10}}, {{"adaptive", true}}};

std::string name_of(const ScorerSettings& scorer) {
  return scorer.count("adaptive") > 0 ? "adaptive" : "N = " + scorer.at("samples").dump();
}

// Of one scorer at one tau, all seeds together.
struct Findings {
  ValueErrors errors;
  OrderCounts orders;  // of the step rewards
  std::vector<Judged> judged;
  std::size_t rollouts = 0, turns = 0;
};
using ByScorer = std::vector<Findings>;  // as kScorers

void print_values(const ByScorer& found) {
  std::printf("%-10s %8s %10s %14s %14s %10s %12s\n", "", "steps", "N", "turns/rollout", "mean |error|", "RMSE",
              "in interval");
  for (std::size_t s = 0; s < kScorers.size(); ++s) {
    const ValueErrors& e = found[s].errors;
    const auto steps = static_cast<double>(e.steps);
    std::printf("%-10s %8zu %10.1f %14.1f %14.4f %10.4f %11.1f%%\n", name_of(kScorers[s]).c_str(), e.steps,
                e.samples / steps, static_cast<double>(found[s].turns) / static_cast<double>(found[s].rollouts),
                e.absolute / steps, std::sqrt(e.squares / steps), 100 * static_cast<double>(e.covered) / steps);
  }
}

// The best play's order is the environment's own, whoever plays: optimal Q.
void print_orders(const ByScorer& found) {
  std::printf("\n%-10s %10s %8s %11s %10s\n", "by optimal Q", "ordered", "alike", "other way", "equal");
  for (std::size_t s = 0; s < kScorers.size(); ++s) {
    const OrderCounts& o = found[s].orders;
    std::printf("%-10s %12zu %7.1f%% %10.1f%% %9.1f%%\n", name_of(kScorers[s]).c_str(), o.by_best,
                100 * static_cast<double>(o.alike) / static_cast<double>(o.by_best),
                100 * static_cast<double>(o.other_way) / static_cast<double>(o.by_best),
                100 * static_cast<double>(o.by_best - o.alike - o.other_way) / static_cast<double>(o.by_best));
  }
}

void print_pairs(const ByScorer& found, double tau) {
  std::printf("\ntau %-6g %10s %8s %8s %8s %10s %8s  %s\n", tau, "rollouts", "saved", "pairs", "wrong", "precision",
              "recall", "precision minus that of N = 20, 95 %");
  const PairCounts full = count(found[0].judged);
  for (std::size_t s = 0; s < kScorers.size(); ++s) {
    const PairCounts counts = count(found[s].judged);
    const double part = static_cast<double>(found[s].rollouts) / static_cast<double>(found[0].rollouts);
    std::printf("%-10s %10zu %7.1f%% %8zu %8zu %10.4f %8.4f", name_of(kScorers[s]).c_str(), found[s].rollouts,
                100 * (1 - part), counts.made, counts.made - counts.right, counts.precision(), counts.recall());
    if (s > 0) {
      const Range range = precision_difference(found[s].judged, found[0].judged, 1);
      std::printf("  %+.4f [%+.4f, %+.4f]", counts.precision() - full.precision(), range.low, range.high);
    }
    std::printf("\n");
  }
}

// The pairs of N = 20 and of adaptive sampling that the exact values forbid, one line of JSON each.
Status write_wrong(std::ofstream& file, const Ground& ground, const std::vector<Scored>& scored,
                   const std::string& name, double tau, std::uint64_t seed) {
  for (std::size_t i = 0; i < scored.size(); ++i) {
    const Candidate& c = ground.candidates()[i];
    if (!makes_pair(scored[i].gap(), tau) || makes_pair(c.gap(), tau)) continue;
    const rollout::Trajectory& expert = *ground.book().at(c.expert);
    file << dump_line({{"scorer", name},
                       {"tau", tau},
                       {"seed", seed},
                       {"task", expert.task->id},
                       {"turn", c.turn},
                       {"expert_action", expert.turns[c.turn].action},
                       {"agent_action", ground.book().at(c.agent)->turns[c.turn].action},
                       {"expert_value", c.expert_value},
                       {"agent_value", c.agent_value},
                       {"expert_score", scored[i].expert.value},
                       {"agent_score", scored[i].agent.value},
                       {"samples", {scored[i].expert.samples, scored[i].agent.samples}}})
         << "\n";
  }
  return file ? Status() : failed("cannot write the wrong pairs");
}

Status measure(Flags& flags) {
  IPR_ASSIGN(flags.ground.env_settings, settings_of(flags.set));
  IPR_ASSIGN(flags.ground.settings, settings_of(flags.policy_set));
  const plugin::Registry registry = plugin::find_plugins({});
  std::ofstream wrong;
  if (!flags.wrong.empty()) wrong.open(flags.wrong);
  std::vector<ByScorer> found(flags.taus.size(), ByScorer(kScorers.size()));
  OrderCounts orders;
  for (std::uint64_t seed = 1; seed <= flags.seeds; ++seed) {
    flags.ground.seed = seed;
    IPR_ASSIGN(const auto ground, Ground::make(registry, flags.ground));
    if (seed == 1) {
      std::printf("%s under %s: %zu experts of %.1f turns, value of the policy from the start %.3f, %zu states\n",
                  flags.ground.env.c_str(), flags.ground.policy.c_str(), ground->experts(), ground->expert_turns(),
                  ground->start_value(), ground->states());
    }
    for (const Candidate& candidate : ground->candidates()) add_order(candidate, candidate.gap(), orders);
    rollout::RolloutMemo memo;
    for (std::size_t t = 0; t < flags.taus.size(); ++t) {
      for (std::size_t s = 0; s < kScorers.size(); ++s) {
        std::fprintf(stderr, "\rseed %llu of %llu, tau %g, scorer %zu of %zu ", static_cast<unsigned long long>(seed),
                     static_cast<unsigned long long>(flags.seeds), flags.taus[t], s + 1, kScorers.size());
        IPR_ASSIGN(const Scoring scoring, score(registry, *ground, seed, kScorers[s], flags.taus[t], memo));
        Findings& here = found[t][s];
        here.rollouts += scoring.rollouts;
        here.turns += scoring.turns;
        judge(ground->candidates(), scoring.of, flags.taus[t], seed, here.judged);
        add_errors(ground->candidates(), scoring.of, here.errors);
        for (std::size_t i = 0; i < scoring.of.size(); ++i)
          add_order(ground->candidates()[i], scoring.of[i].gap(), here.orders);
        if (wrong.is_open() && (s == 0 || s + 1 == kScorers.size()))
          IPR_TRY(write_wrong(wrong, *ground, scoring.of, name_of(kScorers[s]), flags.taus[t], seed));
      }
    }
  }
  std::fprintf(stderr, "\n");
  std::printf("%zu candidates; exact gaps of the policy's values: %zu above 0, %zu equal, %zu below\n", orders.all,
              orders.above, orders.equal, orders.all - orders.above - orders.equal);
  if (flags.ground.best_play) {
    std::printf("of those ordered by the best play, the policy's values order %zu of %zu alike, %zu the other way\n",
                orders.alike, orders.by_best, orders.other_way);
  }
  std::printf("\nstep rewards against exact values (adaptive: tau %g)\n", flags.taus[0]);
  print_values(found[0]);
  if (flags.ground.best_play) print_orders(found[0]);
  for (std::size_t t = 0; t < flags.taus.size(); ++t) print_pairs(found[t], flags.taus[t]);
  return {};
}

}  // namespace
}  // namespace ipr::bench

int main(int argc, char** argv) {
  using namespace ipr::bench;
  Flags flags;
  CLI::App app("Monte Carlo step rewards, fixed and adaptive, against exact values");
  app.add_option("--env", flags.ground.env, "environment that forks, tells states apart and has an expert")
      ->capture_default_str();
  app.add_option("--policy", flags.ground.policy, "policy plugin whose choices are known")->capture_default_str();
  app.add_option("--set", flags.set, "KEY=VALUE of the environment");
  app.add_option("--policy-set", flags.policy_set, "KEY=VALUE of the policy");
  app.add_option("--tau", flags.taus, "thresholds of step pairs")->capture_default_str();
  app.add_option("--seeds", flags.seeds, "repeats, each with deviations and samples of its own")->capture_default_str();
  app.add_option("--tasks", flags.ground.tasks, "train tasks; 0: all")->capture_default_str();
  app.add_option("--every", flags.ground.every, "deviate at every so many turns of an expert")->capture_default_str();
  app.add_option("--explorations", flags.ground.explorations, "of the agent at each")->capture_default_str();
  app.add_flag("!--no-best-play", flags.ground.best_play, "leave out the values of the best play");
  app.add_option("--wrong", flags.wrong, "file for the pairs that the exact values forbid");
  CLI11_PARSE(app, argc, argv);
  if (const ipr::Status status = measure(flags); !status.ok()) give_up(status);
}
