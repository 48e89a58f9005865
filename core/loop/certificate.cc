#include "core/loop/certificate.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/base/hash.h"

namespace ipr::loop {
namespace {

Json evaluation_facts(const store::Episode& episode) {
  Json actions = Json::array(), rewards = Json::array();
  for (const store::Turn& turn : episode.turns) {
    actions.push_back(turn.message);
    rewards.push_back(turn.reward);
  }
  return {{"iteration", episode.iteration},
          {"split", episode.split},
          {"task", episode.task_id},
          {"sample", episode.sample},
          {"actions", actions},
          {"rewards", rewards},
          {"outcome", episode.outcome},
          {"exit_status", episode.exit_status}};
}

Result<Json> evaluations(store::RunStore& record) {
  store::EpisodeFilter filter;
  filter.stage = store::kEval;
  IPR_ASSIGN(std::vector<store::Episode> episodes, record.episodes(filter));
  std::sort(episodes.begin(), episodes.end(), [](const store::Episode& a, const store::Episode& b) {
    return std::tie(a.iteration, a.split, a.task_id, a.sample) < std::tie(b.iteration, b.split, b.task_id, b.sample);
  });
  Json facts = Json::array();
  for (const store::Episode& episode : episodes) facts.push_back(evaluation_facts(episode));
  return facts;
}

Result<Json> pair_facts(store::RunStore& record) {
  std::map<std::int64_t, std::string> splits;  // of the episodes that can be in a pair
  for (const char* stage : {store::kExpert, store::kExplore}) {
    store::EpisodeFilter filter;
    filter.stage = stage;
    IPR_TRY(record.for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& episode) {
      splits[episode.id] = episode.split;
      return Status();
    }));
  }
  IPR_ASSIGN(std::vector<store::Pair> pairs, record.pairs());
  std::sort(pairs.begin(), pairs.end(), [&](const store::Pair& a, const store::Pair& b) {
    const auto key = [&](const store::Pair& p) {
      return std::tuple(p.iteration, splits[p.winner_id], p.task_id, p.turn, p.kind, p.winner_end, p.loser_end,
                        p.outcome_gap, p.expert_won);
    };
    return key(a) < key(b);
  });
  Json facts = Json::array();
  for (const store::Pair& pair : pairs) {
    facts.push_back({{"iteration", pair.iteration},
                     {"split", splits[pair.winner_id]},
                     {"kind", pair.kind},
                     {"task", pair.task_id},
                     {"turn", pair.turn},
                     {"winner_end", pair.winner_end},
                     {"loser_end", pair.loser_end},
                     {"outcome_gap", pair.outcome_gap},
                     {"expert_won", pair.expert_won}});
  }
  return facts;
}

}  // namespace

std::string task_hash(const env::Task& task) {
  return sha256_hex(dump_line({{"id", task.id}, {"instruction", task.instruction}, {"meta", task.meta}}));
}

Result<Json> result_facts(store::RunStore& record) {
  Json facts = Json::object();
  IPR_ASSIGN(facts["evaluations"], evaluations(record));
  IPR_ASSIGN(facts["pairs"], pair_facts(record));
  IPR_ASSIGN(const std::vector<store::Policy> policies, record.policies());
  facts["checkpoints"] = Json::object();
  for (const store::Policy& policy : policies) facts["checkpoints"][policy.name] = policy.sha256;
  return facts;
}

Result<std::string> results_hash(store::RunStore& record) {
  IPR_ASSIGN(const Json facts, result_facts(record));
  return sha256_hex(dump_line(facts));
}

}  // namespace ipr::loop
