#include "core/loop/method.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>

#include "core/base/hash.h"

namespace ipr::loop {

using plugin::Context;
using plugin::ErrorSlot;
using plugin::text;
using plugin::view;

// -------------------------------------------------------------------------------------------- optimizer

OptimizerPlugin::OptimizerPlugin(std::unique_ptr<plugin::Instance> instance)
    : instance_(std::move(instance)), table_(instance_->extension<ipr_optimizer_v1>(IPR_OPTIMIZER_V1)) {}

Result<std::unique_ptr<OptimizerPlugin>> OptimizerPlugin::make(std::unique_ptr<plugin::Instance> instance) {
  std::unique_ptr<OptimizerPlugin> made(new OptimizerPlugin(std::move(instance)));
  if (made->table_ == nullptr)
    return plugin_error(made->instance_->manifest().subject() + ": its table " IPR_OPTIMIZER_V1 " is too short");
  return made;
}

bool OptimizerPlugin::needs_reference() const {
  return (table_->needs(instance_->self()) & IPR_NEED_REF_LOGP) != 0;
}

bool OptimizerPlugin::needs_old() const {
  return (table_->needs(instance_->self()) & IPR_NEED_OLD_LOGP) != 0;
}

bool OptimizerPlugin::needs_value() const {
  return (table_->needs(instance_->self()) & IPR_NEED_VALUE) != 0;
}

Result<Json> OptimizerPlugin::train_defaults(std::uint64_t iteration) const {
  return parse_json(text(table_->train_defaults(instance_->self(), iteration)),
                    instance_->manifest().subject() + ": train_defaults");
}

Result<std::vector<CollectPlan>> OptimizerPlugin::plans(std::uint64_t iteration, std::uint64_t seed) {
  const Context context(seed);
  std::vector<CollectPlan> plans;
  for (std::size_t i = 0;; ++i) {
    ipr_collect collect{};
    collect.struct_size = sizeof collect;
    ErrorSlot error;
    const ipr_status status = table_->plan_at(instance_->self(), context.get(), iteration, i, &collect, error.get());
    if (status == IPR_NOT_FOUND) return plans;
    if (status != IPR_OK) return error.status(status, instance_->manifest().subject());
    CollectPlan plan;
    plan.source = collect.source;
    plan.policy = collect.policy;
    plan.samples = std::max(1u, collect.samples);
    plan.max_steps = static_cast<int>(collect.max_steps);
    plan.split = text(collect.split);
    if (collect.sampling != nullptr) plan.sampling = rollout::sampling_of(*collect.sampling);
    plan.task_offset = collect.task_offset;
    plan.task_limit = collect.task_limit;
    plans.push_back(std::move(plan));
  }
}

Status OptimizerPlugin::absorb(std::size_t plan, const rollout::Trajectory& trajectory) {
  const Context context;
  const rollout::TrajectoryView shown(trajectory);
  ErrorSlot error;
  return error.status(table_->absorb(instance_->self(), context.get(), plan, shown.get(), error.get()),
                      instance_->manifest().subject());
}

Result<std::vector<Query>> OptimizerPlugin::wanted() {
  std::vector<Query> queries;
  if (table_->want == nullptr) return queries;
  std::vector<std::size_t> rivals;
  const Context context;
  for (std::size_t i = 0;; ++i) {
    ipr_query query{};
    query.struct_size = sizeof query;
    query.rival = SIZE_MAX;
    ErrorSlot error;
    const ipr_status status = table_->want(instance_->self(), context.get(), i, &query, error.get());
    if (status == IPR_NOT_FOUND) break;
    if (status != IPR_OK) return error.status(status, instance_->manifest().subject());
    if (query.trajectory == nullptr)
      return plugin_error(instance_->manifest().subject() + ": want named no trajectory");
    queries.push_back({{query.trajectory->id, query.turn}, std::nullopt, query.margin, query.flags});
    rivals.push_back(query.rival);
  }
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (rivals[i] == SIZE_MAX) continue;
    if (rivals[i] >= queries.size())
      return plugin_error(instance_->manifest().subject() + ": want named a rival that it does not want scored");
    queries[i].rival = queries[rivals[i]];
  }
  return queries;
}

Status OptimizerPlugin::scored(std::size_t i, const Score& score) {
  const Context context;
  const ipr_score given = {sizeof(ipr_score), score.samples, score.value, score.variance, score.low, score.high};
  ErrorSlot error;
  return error.status(table_->scored(instance_->self(), context.get(), i, &given, error.get()),
                      instance_->manifest().subject());
}

Result<std::vector<Example>> OptimizerPlugin::emit(std::uint64_t seed) {
  std::vector<Example> examples;
  const auto collect = [](void* impl, const ipr_example* e, ipr_error* error) -> ipr_status {
    if (e == nullptr || e->trajectory == nullptr || e->trajectory->id == 0 || e->first_turn >= e->last_turn) {
      if (error != nullptr)
        std::snprintf(error->message, sizeof error->message,
                      "a training row must name one of the host's trajectories and at least one turn");
      return IPR_INVALID_ARGUMENT;
    }
    static_cast<std::vector<Example>*>(impl)->push_back(
        {e->trajectory->id, e->tag, e->role, e->group, e->first_turn, e->last_turn, e->weight});
    return IPR_OK;
  };
  const ipr_example_sink sink = {sizeof sink, 0, &examples, collect};
  const Context context(seed);
  ErrorSlot error;
  const ipr_status status = table_->emit(instance_->self(), context.get(), &sink, error.get());
  if (status != IPR_OK) return error.status(status, instance_->manifest().subject());
  return examples;
}

Result<double> OptimizerPlugin::loss(ipr_batch& batch) {
  const Context context;
  double value = 0;
  ErrorSlot error;
  const ipr_status status = table_->loss(instance_->self(), context.get(), &batch, &value, error.get());
  if (status != IPR_OK) return error.status(status, instance_->manifest().subject());
  return value;
}

// ----------------------------------------------------------------------------------------------- scorer

ScorerPlugin::ScorerPlugin(std::unique_ptr<plugin::Instance> instance)
    : instance_(std::move(instance)), table_(instance_->extension<ipr_scorer_v1>(IPR_SCORER_V1)) {}

Result<std::unique_ptr<ScorerPlugin>> ScorerPlugin::make(std::unique_ptr<plugin::Instance> instance) {
  std::unique_ptr<ScorerPlugin> made(new ScorerPlugin(std::move(instance)));
  if (made->table_ == nullptr)
    return plugin_error(made->instance_->manifest().subject() + ": its table " IPR_SCORER_V1 " is too short");
  return made;
}

std::string ScorerPlugin::config_hash() const {
  return sha256_hex(
             dump_line({{"id", id()}, {"version", instance_->manifest().version}, {"settings", instance_->config()}}))
      .substr(0, 16);
}

Result<std::vector<Score>> ScorerPlugin::score(const std::vector<Query>& queries, const rollout::TrajectoryBook& book,
                                               std::uint64_t seed, const std::function<bool()>& cancelled) {
  std::vector<rollout::TrajectoryView> views;
  views.reserve(queries.size());
  std::map<Place, std::size_t> index;
  for (std::size_t i = 0; i < queries.size(); ++i) index.emplace(queries[i], i);
  std::vector<ipr_query> raw(queries.size());
  std::vector<ipr_score> scores(queries.size());
  std::vector<const ipr_query*> query_pointers;
  std::vector<ipr_score*> score_pointers;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto found = book.find(queries[i].trajectory_id);
    if (found == book.end())
      return plugin_error("a score was asked for trajectory " + std::to_string(queries[i].trajectory_id) +
                          ", which is none of the host's");
    views.emplace_back(*found->second);
    const auto rival = queries[i].rival ? index.find(*queries[i].rival) : index.end();
    raw[i] = {sizeof(ipr_query),
              queries[i].flags,
              views.back().get(),
              queries[i].turn,
              rival == index.end() ? SIZE_MAX : rival->second,
              queries[i].margin};
    scores[i].struct_size = sizeof(ipr_score);
    query_pointers.push_back(&raw[i]);
    score_pointers.push_back(&scores[i]);
  }
  const Context context(seed, cancelled);
  ErrorSlot error;
  const ipr_status status = table_->score(instance_->self(), context.get(), raw.size(), query_pointers.data(),
                                          score_pointers.data(), error.get());
  if (status != IPR_OK) return error.status(status, instance_->manifest().subject());
  std::vector<Score> answers;
  for (const ipr_score& score : scores)
    answers.push_back({score.value, score.variance, score.samples, score.low, score.high});
  return answers;
}

}  // namespace ipr::loop
