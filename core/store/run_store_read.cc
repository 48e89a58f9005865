// The reading half of RunStore.

#include <string>

#include "core/store/run_store.h"
#include "core/store/statements.h"

namespace ipr::store {
namespace {

std::string str(const Statement& row, int column) {
  return std::string(row.text(column));
}
std::int32_t int32(const Statement& row, int column) {
  return static_cast<std::int32_t>(row.integer(column));
}
bool flag(const Statement& row, int column) {
  return row.integer(column) != 0;
}

Episode episode_of(const Statement& row) {
  Episode e;
  e.id = row.integer(0);
  e.stage = str(row, 1);
  e.iteration = int32(row, 2);
  e.plan = int32(row, 3);
  e.policy = str(row, 4);
  e.split = str(row, 5);
  e.task_id = str(row, 6);
  e.sample = row.integer(7);
  e.seed = static_cast<std::uint64_t>(row.integer(8));
  e.parent_id = row.integer(9);
  e.prefix_turns = int32(row, 10);
  e.first_turn = int32(row, 11);
  e.first_observation = str(row, 12);
  e.outcome = row.real(13);
  e.terminated = flag(row, 14);
  e.truncated = flag(row, 15);
  e.success = flag(row, 16);
  e.exit_status = str(row, 17);
  e.attempts = int32(row, 18);
  e.seconds = row.real(19);
  e.extra_json = str(row, 20);
  return e;
}

Turn turn_of(const Statement& row) {
  Turn t;
  t.message = str(row, 0);
  t.action = str(row, 1);
  t.observation = str(row, 2);
  t.reward = row.real(3);
  t.progress = row.real(4);
  t.outcome = row.real(5);
  t.valid = flag(row, 6);
  t.flags = static_cast<std::uint32_t>(row.integer(7));
  t.token_ids = row.integers(8);
  t.prompt_tokens = row.integer(9);
  t.info_json = str(row, 10);
  return t;
}

StepScore score_of(const Statement& row) {
  StepScore score{row.integer(0), int32(row, 1), str(row, 2), str(row, 3)};
  score.rival_id = row.integer(4);
  score.rival_turn = int32(row, 5);
  score.margin = row.real(6);
  score.question = int32(row, 7);
  score.value = row.real(8);
  score.variance = row.real(9);
  score.samples = row.integer(10);
  score.low = row.real(11);
  score.high = row.real(12);
  return score;
}

Pair pair_of(const Statement& row) {
  Pair p;
  p.iteration = int32(row, 0);
  p.id = row.integer(1);
  p.kind = str(row, 2);
  p.task_id = str(row, 3);
  p.turn = int32(row, 4);
  p.winner_id = row.integer(5);
  p.loser_id = row.integer(6);
  p.winner_end = int32(row, 7);
  p.loser_end = int32(row, 8);
  p.outcome_gap = row.real(9);
  p.step_gap = row.real(10);
  p.expert_won = flag(row, 11);
  return p;
}

// All rows of a query, each made into a value.
template <typename Make>
auto collect(Statement& query, const Make& make) -> Result<std::vector<decltype(make(query))>> {
  std::vector<decltype(make(query))> values;
  for (;;) {
    IPR_ASSIGN(const bool row, query.next());
    if (!row) return values;
    values.push_back(make(query));
  }
}

std::string where(const EpisodeFilter& filter) {
  std::string clause;
  const auto add = [&](bool wanted, const char* condition) {
    if (wanted) clause += (clause.empty() ? " WHERE " : " AND ") + std::string(condition);
  };
  add(filter.stage.has_value(), "stage = ?");
  add(filter.policy.has_value(), "policy = ?");
  add(filter.split.has_value(), "split = ?");
  add(filter.task_id.has_value(), "task_id = ?");
  add(filter.iteration.has_value(), "iteration = ?");
  add(filter.parent_id.has_value(), "parent_id = ?");
  return clause;
}

void bind(Statement& query, const EpisodeFilter& filter) {
  int index = 0;
  for (const auto* text : {&filter.stage, &filter.policy, &filter.split, &filter.task_id}) {
    if (text->has_value()) query.bind(++index, std::string_view(**text));
  }
  if (filter.iteration) query.bind(++index, std::int64_t{*filter.iteration});
  if (filter.parent_id) query.bind(++index, *filter.parent_id);
}

}  // namespace

Result<std::int64_t> RunStore::next_episode_id() {
  Statement& query = statements_->next_id;
  IPR_ASSIGN(const bool row, query.next());
  const std::int64_t id = row ? query.integer(0) : 1;
  query.reset();
  return id;
}

Status RunStore::for_each_episode(const EpisodeFilter& filter, Turns turns,
                                  const std::function<Status(const Episode&)>& visit) {
  IPR_ASSIGN(Statement query, database_.prepare(std::string("SELECT ") + kEpisodeColumns + " FROM episode" +
                                                where(filter) + " ORDER BY id"));
  bind(query, filter);
  for (;;) {
    IPR_ASSIGN(const bool row, query.next());
    if (!row) return {};
    Episode episode = episode_of(query);
    if (turns == Turns::kLoad) {
      IPR_ASSIGN(episode.turns, collect(statements_->turns.bind_all(episode.id), turn_of));
    }
    IPR_TRY(visit(episode));
  }
}

Result<std::vector<Episode>> RunStore::episodes(const EpisodeFilter& filter, Turns turns) {
  std::vector<Episode> found;
  IPR_TRY(for_each_episode(filter, turns, [&](const Episode& episode) {
    found.push_back(episode);
    return Status();
  }));
  return found;
}

Result<Episode> RunStore::episode(std::int64_t id) {
  IPR_ASSIGN(Statement query,
             database_.prepare(std::string("SELECT ") + kEpisodeColumns + " FROM episode WHERE id = ?"));
  IPR_ASSIGN(std::vector<Episode> found, collect(query.bind_all(id), episode_of));
  if (found.empty()) return bad_data(path() + ": no episode " + std::to_string(id));
  IPR_ASSIGN(found[0].turns, collect(statements_->turns.bind_all(id), turn_of));
  return std::move(found[0]);
}

Result<std::int64_t> RunStore::count_episodes(const EpisodeFilter& filter) {
  IPR_ASSIGN(Statement query, database_.prepare("SELECT COUNT(*) FROM episode" + where(filter)));
  bind(query, filter);
  IPR_ASSIGN(const bool row, query.next());
  return row ? query.integer(0) : 0;
}

Result<std::vector<Task>> RunStore::tasks(std::string_view split) {
  IPR_ASSIGN(Statement query, database_.prepare("SELECT split, id, instruction, cluster, family, sha256 FROM task "
                                                "WHERE split = ? ORDER BY id"));
  return collect(query.bind_all(split), [](const Statement& row) {
    return Task{str(row, 0), str(row, 1), str(row, 2), str(row, 3), str(row, 4), str(row, 5)};
  });
}

Result<std::vector<Policy>> RunStore::policies() {
  IPR_ASSIGN(Statement query, database_.prepare("SELECT name, iteration, checkpoint, sha256, chosen, rolled_back "
                                                "FROM policy ORDER BY iteration, name"));
  return collect(query, [](const Statement& row) {
    return Policy{str(row, 0), int32(row, 1), str(row, 2), str(row, 3), flag(row, 4), flag(row, 5)};
  });
}

Result<std::vector<StepScore>> RunStore::scores(std::int64_t episode_id) {
  return collect(statements_->scores.bind_all(episode_id), score_of);
}

Result<std::optional<StepScore>> RunStore::score(std::int64_t episode_id, std::int32_t turn, std::string_view scorer,
                                                 std::string_view config_hash) {
  IPR_ASSIGN(const std::vector<StepScore> found,
             collect(statements_->score.bind_all(episode_id, turn, scorer, config_hash), score_of));
  return found.empty() ? std::optional<StepScore>() : found[0];
}

Result<std::vector<StepScore>> RunStore::all_scores(std::optional<std::int32_t> iteration) {
  IPR_ASSIGN(Statement query, database_.prepare("SELECT s.* FROM step_score s JOIN episode e ON e.id = s.episode_id "
                                                "WHERE ?1 IS NULL OR e.iteration = ?1 "
                                                "ORDER BY s.episode_id, s.turn, s.scorer, s.config_hash, s.rival_id"));
  if (iteration) query.bind_all(*iteration);
  return collect(query, score_of);
}

Result<std::vector<Pair>> RunStore::pairs(std::optional<std::int32_t> iteration) {
  IPR_ASSIGN(Statement query,
             database_.prepare("SELECT iteration, id, kind, task_id, turn, winner_id, loser_id, winner_end, loser_end, "
                               "outcome_gap, step_gap, expert_won FROM pair "
                               "WHERE ?1 IS NULL OR iteration = ?1 ORDER BY iteration, id"));
  if (iteration) query.bind_all(*iteration);
  return collect(query, pair_of);
}

Result<std::vector<Metric>> RunStore::metrics(std::string_view stage, std::string_view name) {
  IPR_ASSIGN(Statement query, database_.prepare("SELECT iteration, stage, step, name, value FROM metric "
                                                "WHERE stage = ? AND name = ? ORDER BY iteration, step"));
  return collect(query.bind_all(stage, name), [](const Statement& row) {
    return Metric{int32(row, 0), str(row, 1), row.integer(2), str(row, 3), row.real(4)};
  });
}

Result<std::vector<std::pair<std::string, std::string>>> RunStore::metric_names() {
  IPR_ASSIGN(Statement query, database_.prepare("SELECT DISTINCT stage, name FROM metric ORDER BY stage, name"));
  return collect(query, [](const Statement& row) { return std::pair(str(row, 0), str(row, 1)); });
}

Result<std::vector<Cost>> RunStore::costs() {
  IPR_ASSIGN(Statement query,
             database_.prepare("SELECT iteration, stage, rollouts, tokens_asked, tokens_computed, tokens_padding, "
                               "tokens_generated, seconds FROM cost ORDER BY iteration, stage"));
  return collect(query, [](const Statement& row) {
    return Cost{int32(row, 0),  str(row, 1),    row.integer(2), row.integer(3),
                row.integer(4), row.integer(5), row.integer(6), row.real(7)};
  });
}

Result<std::vector<Evaluation>> RunStore::evaluations() {
  IPR_ASSIGN(Statement query,
             database_.prepare("SELECT policy, iteration, split, tasks, episodes, mean, success, infrastructure_errors "
                               "FROM evaluation ORDER BY iteration, policy, split"));
  return collect(query, [](const Statement& row) {
    return Evaluation{str(row, 0),    int32(row, 1), str(row, 2), row.integer(3),
                      row.integer(4), row.real(5),   row.real(6), row.integer(7)};
  });
}

Result<std::optional<std::string>> RunStore::state(std::string_view key) {
  IPR_ASSIGN(const std::vector<std::string> found,
             collect(statements_->state.bind_all(key), [](const Statement& row) { return str(row, 0); }));
  return found.empty() ? std::optional<std::string>() : found[0];
}

Result<bool> RunStore::stage_done(std::string_view stage) {
  IPR_ASSIGN(const std::vector<bool> found,
             collect(statements_->done.bind_all(stage), [](const Statement&) { return true; }));
  return !found.empty();
}

}  // namespace ipr::store
