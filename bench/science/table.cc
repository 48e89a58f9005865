#include "bench/science/table.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace ipr::bench {
namespace {

using report::Estimate;
using report::Interval;

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

std::string interval_text(const std::optional<Interval>& interval) {
  return interval ? format("[%+.3f, %+.3f]", interval->low, interval->high) : "[one seed]";
}

std::string estimate_text(const Estimate& estimate) {
  return format("%+.3f ", estimate.mean) + interval_text(estimate.interval);
}

template <typename Of>
double mean_over_seeds(const WorldOutcomes& world, const std::string& arm, Of&& of) {
  double sum = 0;
  for (const std::uint64_t seed : world.seeds) sum += static_cast<double>(of(world.at(arm, seed)));
  return sum / static_cast<double>(world.seeds.size());
}

// Over the seeds that have one.
std::optional<double> mean_share(const WorldOutcomes& world, const std::string& arm,
                                 std::optional<double> Blame::*share) {
  double sum = 0, count = 0;
  for (const std::uint64_t seed : world.seeds) {
    if (const auto value = world.at(arm, seed).blame.*share) sum += *value, ++count;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

std::string share_text(const std::optional<double>& share) {
  return share ? format("%.2f", *share) : "-";
}

std::vector<double> chosen_gains(const WorldOutcomes& world) {
  std::vector<double> values;
  for (const std::uint64_t seed : world.seeds) values.push_back(world.at(kIprArm, seed).chosen.gain);
  return values;
}

std::string title_of(const std::string& arm) {
  const auto found =
      std::find_if(all_arms().begin(), all_arms().end(), [&](const Arm& other) { return other.name == arm; });
  return found == all_arms().end() ? arm : found->title;
}

std::string claim_text(const WorldOutcomes& world) {
  std::string text = "IPR against its SFT start, all iterations, one chosen on dev:\n";
  text += "  seed    SFT    IPR    gain  95 % over goals     chosen\n";
  std::size_t above = 0, below = 0;
  for (const std::uint64_t seed : world.seeds) {
    const CellOutcome& cell = world.at(kIprArm, seed);
    const Gain& gain = cell.chosen;
    above += gain.ci95.low > 0 ? 1 : 0;
    below += gain.ci95.high < 0 ? 1 : 0;
    text += format("  %4llu  %.3f  %.3f  %+.3f  [%+.3f, %+.3f]   %s\n", static_cast<unsigned long long>(seed), cell.sft,
                   gain.mean, gain.gain, gain.ci95.low, gain.ci95.high, gain.policy.c_str());
  }
  text += "  mean over seeds  " + estimate_text(report::estimate_mean(chosen_gains(world))) +
          format(", above 0 on its own: %zu of %zu, below: %zu\n", above, world.seeds.size(), below);
  return text;
}

std::string controls_text(const WorldOutcomes& world) {
  std::string text =
      "After one iteration, equal optimizer steps; means over seeds with 95 % intervals, no correction for "
      "the number of arms:\n";
  text += format("  %-48s %-25s %-25s %5s %5s %9s %5s %6s %6s %8s %5s\n", "", "gain over SFT", "IPR minus it", "D_t",
                 "D_s", "blameless", "clean", "goals", "played", "rollouts", "steps");
  for (const std::string& arm : world.arms) {
    const auto mean = [&](auto of) { return mean_over_seeds(world, arm, of); };
    const std::string difference =
        arm == kIprArm ? "" : estimate_text(report::estimate_mean(differences(world, kIprArm, arm)));
    text += format("  %-48s %-25s %-25s", title_of(arm).c_str(),
                   estimate_text(report::estimate_mean(gains(world, arm))).c_str(), difference.c_str());
    text +=
        format(" %5.0f %5.0f %9s %5s %6.0f %6.0f %8.0f %5.0f\n", mean([](const auto& c) { return c.d_t; }),
               mean([](const auto& c) { return c.d_s; }), share_text(mean_share(world, arm, &Blame::blameless)).c_str(),
               share_text(mean_share(world, arm, &Blame::clean)).c_str(), mean([](const auto& c) { return c.goals; }),
               mean([](const auto& c) { return c.played; }), mean([](const auto& c) { return c.rollouts; }),
               mean([](const auto& c) { return c.steps; }));
  }
  return text;
}

// What one thing does, all else equal.
struct Contrast {
  const char *arm, *other, *of;
};
constexpr Contrast kContrasts[] = {
    {"action", "action-unfiltered", "the filter, on single-action step pairs"},
    {kIprArm, "unfiltered", "the filter, on whole rests"},
    {kIprArm, "eto", "step pairs beside outcome pairs"},
    {"eto-goals", "eto", "more goals, with outcome pairs only"},
};

std::vector<Contrast> contrasts(const WorldOutcomes& world) {
  const auto has = [&](const char* arm) {
    return std::find(world.arms.begin(), world.arms.end(), arm) != world.arms.end();
  };
  std::vector<Contrast> there;
  for (const Contrast& contrast : kContrasts) {
    if (has(contrast.arm) && has(contrast.other)) there.push_back(contrast);
  }
  return there;
}

std::string contrasts_text(const WorldOutcomes& world) {
  std::string text = "Contrasts, paired by seed:\n";
  for (const Contrast& contrast : contrasts(world)) {
    text += format("  %-48s %-25s %s minus %s\n", contrast.of,
                   estimate_text(report::estimate_mean(differences(world, contrast.arm, contrast.other))).c_str(),
                   contrast.arm, contrast.other);
  }
  return text;
}

std::string seeds_text(const WorldOutcomes& world) {
  std::string text = "Gains by seed, 95 % over goals:\n";
  for (const std::string& arm : world.arms) {
    text += format("  %-48s", title_of(arm).c_str());
    for (const std::uint64_t seed : world.seeds) {
      const Gain& gain = world.at(arm, seed).first;
      text += format(" %llu: %+.3f±%.3f ", static_cast<unsigned long long>(seed), gain.gain,
                     (gain.ci95.high - gain.ci95.low) / 2);
    }
    text += "\n";
  }
  return text;
}

Json interval_json(const std::optional<Interval>& interval) {
  return interval ? Json{interval->low, interval->high} : Json();
}
Json estimate_json(const Estimate& estimate) {
  return {{"mean", estimate.mean}, {"ci95", interval_json(estimate.interval)}, {"n", estimate.n}};
}
Json gain_json(const Gain& gain) {
  return {{"policy", gain.policy}, {"mean", gain.mean}, {"gain", gain.gain}, {"ci95", interval_json(gain.ci95)}};
}
Json optional_json(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

Json cell_json(std::uint64_t seed, const CellOutcome& cell) {
  return {{"seed", seed},
          {"sft", cell.sft},
          {"first", gain_json(cell.first)},
          {"chosen", gain_json(cell.chosen)},
          {"d_t", cell.d_t},
          {"d_s", cell.d_s},
          {"blameless", optional_json(cell.blame.blameless)},
          {"clean", optional_json(cell.blame.clean)},
          {"goals", cell.goals},
          {"played", cell.played},
          {"rollouts", cell.rollouts},
          {"steps", cell.steps},
          {"seconds", cell.seconds}};
}

}  // namespace

std::vector<double> gains(const WorldOutcomes& world, const std::string& arm) {
  std::vector<double> values;
  for (const std::uint64_t seed : world.seeds) values.push_back(world.at(arm, seed).first.gain);
  return values;
}

std::vector<double> differences(const WorldOutcomes& world, const std::string& arm, const std::string& other) {
  std::vector<double> values = gains(world, arm);
  const std::vector<double> others = gains(world, other);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= others[i];
  return values;
}

std::string to_text(const WorldOutcomes& world) {
  std::string text = "world " + world.world + ", " + std::to_string(world.seeds.size()) + " seed(s)\n";
  text += claim_text(world);
  if (world.arms.size() > 1) text += controls_text(world) + contrasts_text(world) + seeds_text(world);
  return text;
}

Json to_json(const WorldOutcomes& world) {
  Json arms = Json::array();
  for (const std::string& arm : world.arms) {
    Json cells = Json::array();
    for (const std::uint64_t seed : world.seeds) cells.push_back(cell_json(seed, world.at(arm, seed)));
    arms.push_back({{"arm", arm},
                    {"title", title_of(arm)},
                    {"gain", estimate_json(report::estimate_mean(gains(world, arm)))},
                    {"ipr_minus",
                     arm == kIprArm ? Json() : estimate_json(report::estimate_mean(differences(world, kIprArm, arm)))},
                    {"cells", std::move(cells)}});
  }
  Json between = Json::array();
  for (const Contrast& contrast : contrasts(world)) {
    between.push_back(
        {{"of", contrast.of},
         {"arm", contrast.arm},
         {"minus", contrast.other},
         {"difference", estimate_json(report::estimate_mean(differences(world, contrast.arm, contrast.other)))}});
  }
  return {{"world", world.world},
          {"seeds", world.seeds},
          {"contrasts", std::move(between)},
          {"claim", estimate_json(report::estimate_mean(chosen_gains(world)))},
          {"arms", std::move(arms)}};
}

}  // namespace ipr::bench
