#include "bench/adaptive/scorer.h"

#include <algorithm>

#include "core/plugin/schema.h"

namespace ipr::bench {
namespace {

constexpr std::size_t kUnit = 16;  // candidates in one call, as many steps as the host asks at once

ipr_query query_of(const rollout::TrajectoryView& view, std::size_t turn, std::size_t rival, std::uint32_t flags,
                   double tau) {
  return {sizeof(ipr_query), flags, view.get(), turn, rival, tau};
}

}  // namespace

Result<Scoring> score(const plugin::Registry& registry, Ground& ground, std::uint64_t seed,
                      const std::map<std::string, Json>& settings, double tau, rollout::RolloutMemo& memo) {
  IPR_ASSIGN(const plugin::Manifest manifest, plugin::find_plugin(registry, plugin::Kind::kScorer, "mc"));
  IPR_ASSIGN(const plugin::ResolvedSettings resolved,
             plugin::resolve_settings(manifest.subject(), manifest.schema, {{"bench", settings}}));
  rollout::TextRollouts rollouts(ground.player(), ground.book(), seed, &memo);
  plugin::HostServices services;
  services.open_rollouts = [&rollouts] { return rollouts.open(); };
  IPR_ASSIGN(const auto instance, plugin::Instance::create(manifest, resolved.values, std::move(services)));
  const auto* table = instance->extension<ipr_scorer_v1>(IPR_SCORER_V1);
  if (table == nullptr) return plugin_error(manifest.subject() + ": no " IPR_SCORER_V1);
  const std::vector<Candidate>& all = ground.candidates();
  Scoring scoring;
  scoring.of.resize(all.size());
  for (std::size_t begin = 0; begin < all.size(); begin += kUnit) {
    const std::size_t end = std::min(begin + kUnit, all.size());
    std::vector<rollout::TrajectoryView> views;
    std::vector<ipr_query> queries;
    views.reserve(2 * kUnit);
    queries.reserve(2 * kUnit);
    std::vector<const ipr_query*> asked;
    std::vector<ipr_score*> answers;
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t first = queries.size();
      views.emplace_back(*ground.book().at(all[i].expert));
      queries.push_back(query_of(views.back(), all[i].turn, first + 1, 0, tau));
      views.emplace_back(*ground.book().at(all[i].agent));
      queries.push_back(query_of(views.back(), all[i].turn, first, IPR_QUERY_BEHIND, tau));
      for (ipr_score* score : {&scoring.of[i].expert, &scoring.of[i].agent}) {
        score->struct_size = sizeof(ipr_score);
        answers.push_back(score);
      }
    }
    for (const ipr_query& query : queries) asked.push_back(&query);
    const plugin::Context context(seed);
    plugin::ErrorSlot error;
    const ipr_status status =
        table->score(instance->self(), context.get(), asked.size(), asked.data(), answers.data(), error.get());
    if (status != IPR_OK) return error.status(status, manifest.subject());
  }
  scoring.rollouts = rollouts.asked();
  scoring.turns = rollouts.turns();
  return scoring;
}

}  // namespace ipr::bench
