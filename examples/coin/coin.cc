// A scorer that knows nothing: every step reward is a random number. The control for the question whether it matters
// what the step rewards say; also the smallest complete scorer.
//
//   r_s(s_t, a_t) = u(seed, task, a_1 .. a_t), uniform in [0, 1)      t < n
//   r_s(s_n, a_n) = r_o                                              the last turn's true outcome, as for any scorer
//
// Equal histories get equal numbers, in any order and on any number of threads; no rollouts, no model.

#include "ipr/plugin.hpp"

namespace {

constexpr const char* kSchema = R"json({"type": "object", "properties": {}, "additionalProperties": false})json";

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * UINT64_C(0x100000001b3);
  return hash;
}

bool ends_episode(const ipr_trajectory& trajectory, std::size_t turn) {
  if (turn + 1 != trajectory.turn_count) return false;
  constexpr std::uint32_t kOver = IPR_STEP_TERMINATED | IPR_STEP_TRUNCATED;
  return (trajectory.flags & IPR_TRAJ_TRUNCATED) != 0 || (trajectory.turns[turn]->flags & kOver) != 0;
}

class Coin final : public ipr::sdk::Scorer {
 public:
  Coin(const ipr::sdk::Host& /*host*/, std::string_view /*config_json*/) {}

  void score(const ipr_ctx* ctx, std::span<const ipr_query* const> queries, std::span<ipr_score* const> out) override {
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const ipr_trajectory& trajectory = *queries[i]->trajectory;
      const std::size_t turn = queries[i]->turn;
      if (turn >= trajectory.turn_count) {
        throw ipr::sdk::Failure(IPR_INVALID_ARGUMENT, "coin: query " + std::to_string(i) + ": turn " +
                                                          std::to_string(turn) + " of a trajectory of " +
                                                          std::to_string(trajectory.turn_count));
      }
      const bool last = ends_episode(trajectory, turn);
      out[i]->value = last ? trajectory.outcome : toss(ctx == nullptr ? 0 : ctx->seed, trajectory, turn);
      out[i]->samples = last ? 0 : 1;
      out[i]->variance = 0;
    }
  }

 private:
  static double toss(std::uint64_t seed, const ipr_trajectory& trajectory, std::size_t turn) {
    std::uint64_t bits = ipr_mix64(seed, fnv1a(ipr::sdk::text(trajectory.task_id)));
    for (std::size_t t = 0; t <= turn; ++t) bits = ipr_mix64(bits, fnv1a(ipr::sdk::text(trajectory.turns[t]->message)));
    return static_cast<double>(bits >> 11) * 0x1.0p-53;
  }
};

constexpr ipr::sdk::Info kInfo = {
    "coin", "Coin", "0.1.0", "Apache-2.0", "Step rewards by chance: the control for scorers", kSchema};

}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::scorer<Coin>(kInfo))
