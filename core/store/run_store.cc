#include "core/store/run_store.h"

#include <string>

#include "core/store/schema.h"
#include "core/store/statements.h"

namespace ipr::store {

Status RunStore::Statements::prepare(Database& database) {
  const auto make = [&](Statement& statement, const std::string& sql) -> Status {
    IPR_ASSIGN(statement, database.prepare(sql));
    return {};
  };
  IPR_TRY(make(add_episode, std::string("INSERT INTO episode (") + kEpisodeColumns +
                                ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  IPR_TRY(make(add_turn, "INSERT INTO turn VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  IPR_TRY(make(next_id, "SELECT COALESCE(MAX(id), 0) + 1 FROM episode"));
  IPR_TRY(make(put_task, "INSERT OR REPLACE INTO task VALUES (?,?,?,?,?,?)"));
  IPR_TRY(make(put_policy, "INSERT OR REPLACE INTO policy VALUES (?,?,?,?,?,?)"));
  IPR_TRY(make(put_score, "INSERT OR REPLACE INTO step_score VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  IPR_TRY(make(put_metric, "INSERT OR REPLACE INTO metric VALUES (?,?,?,?,?)"));
  IPR_TRY(make(clear_pairs, "DELETE FROM pair WHERE iteration = ?"));
  IPR_TRY(make(add_pair, "INSERT INTO pair VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"));
  IPR_TRY(make(add_cost,
               "INSERT INTO cost VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET rollouts = rollouts + "
               "excluded.rollouts, tokens_asked = tokens_asked + excluded.tokens_asked, tokens_computed = "
               "tokens_computed + excluded.tokens_computed, tokens_padding = tokens_padding + "
               "excluded.tokens_padding, tokens_generated = tokens_generated + excluded.tokens_generated, "
               "seconds = seconds + excluded.seconds"));
  IPR_TRY(make(set_state, "INSERT OR REPLACE INTO state VALUES (?,?)"));
  IPR_TRY(make(mark_done, "INSERT OR IGNORE INTO done VALUES (?)"));
  IPR_TRY(
      make(turns,
           "SELECT message, action, observation, reward, progress, outcome, valid, flags, token_ids, prompt_tokens, "
           "info FROM turn WHERE episode_id = ? ORDER BY turn"));
  IPR_TRY(make(scores, "SELECT * FROM step_score WHERE episode_id = ? ORDER BY turn, scorer, config_hash, rival_id"));
  IPR_TRY(make(score,
               "SELECT * FROM step_score WHERE episode_id = ? AND turn = ? AND scorer = ? AND config_hash = ? "
               "ORDER BY rival_id"));
  IPR_TRY(make(state, "SELECT value FROM state WHERE key = ?"));
  return make(done, "SELECT 1 FROM done WHERE stage = ?");
}

RunStore::RunStore(Database database, std::unique_ptr<Statements> statements)
    : database_(std::move(database)), statements_(std::move(statements)) {}
RunStore::RunStore(RunStore&&) noexcept = default;
RunStore& RunStore::operator=(RunStore&& other) noexcept {
  statements_ = std::move(other.statements_);  // the old statements must go before their connection
  database_ = std::move(other.database_);
  in_unit_ = other.in_unit_;
  return *this;
}
RunStore::~RunStore() = default;

Result<RunStore> RunStore::with_statements(Database database) {
  auto statements = std::make_unique<Statements>();
  IPR_TRY(statements->prepare(database));
  return RunStore(std::move(database), std::move(statements));
}

Result<RunStore> RunStore::open(const std::string& path) {
  IPR_ASSIGN(Database database, Database::open(path, Database::Access::kWrite));
  IPR_TRY(make_or_check_schema(database));
  IPR_TRY(database.use_wal());  // only now: a file of another program stays as it is
  return with_statements(std::move(database));
}

Result<RunStore> RunStore::open_to_read(const std::string& path) {
  IPR_ASSIGN(Database database, Database::open(path, Database::Access::kRead));
  IPR_TRY(check_schema(database));
  return with_statements(std::move(database));
}

Result<Unit> RunStore::begin() {
  if (in_unit_) return failed(path() + ": a unit of work is open already");
  IPR_TRY(database_.execute("BEGIN IMMEDIATE"));
  in_unit_ = true;
  return Unit(this);
}

Status Unit::commit() {
  RunStore* store = std::exchange(store_, nullptr);
  if (store == nullptr) return failed("a unit of work can be committed once");
  Status status = store->writable();
  if (status.ok()) status = store->database_.execute("COMMIT");
  if (!status.ok() && store->database_.in_transaction()) (void)store->database_.execute("ROLLBACK");
  store->in_unit_ = false;
  return status;
}

Unit::~Unit() {
  if (store_ == nullptr) return;
  if (store_->database_.in_transaction()) (void)store_->database_.execute("ROLLBACK");  // nothing to report it to
  store_->in_unit_ = false;
}

Status RunStore::writable() const {
  if (!in_unit_ || database_.in_transaction()) return {};
  return failed(path() + ": the unit of work was undone by an earlier error; free space and run again to resume");
}

Status RunStore::flush() {
  return database_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<std::int64_t> RunStore::add_episode(const Episode& episode) {
  IPR_TRY(writable());
  std::int64_t id = episode.id;
  if (id == 0) {
    IPR_ASSIGN(id, next_episode_id());
  }
  // A unit in the unit: also an episode that fails half way leaves no turns.
  IPR_TRY(database_.execute("SAVEPOINT episode"));
  Status status = write_episode(episode, id);
  if (status.ok()) status = database_.execute("RELEASE episode");
  if (status.ok()) return id;
  if (database_.in_transaction()) (void)database_.execute("ROLLBACK TO episode; RELEASE episode");
  return status.at("episode " + std::to_string(id) + " of task \"" + episode.task_id + "\"");
}

Status RunStore::write_episode(const Episode& e, std::int64_t id) {
  IPR_TRY(statements_->add_episode
              .bind_all(id, e.stage, e.iteration, e.plan, e.policy, e.split, e.task_id, e.sample, e.seed, e.parent_id,
                        e.prefix_turns, e.first_turn, e.first_observation, e.outcome, e.terminated, e.truncated,
                        e.success, e.exit_status, e.attempts, e.seconds, e.extra_json)
              .run());
  std::int64_t number = e.first_turn;
  for (const Turn& t : e.turns) {
    IPR_TRY(statements_->add_turn
                .bind_all(id, number++, t.message, t.action, t.observation, t.reward, t.progress, t.outcome, t.valid,
                          t.flags, t.token_ids, t.prompt_tokens, t.info_json)
                .run());
  }
  return {};
}

Status RunStore::put_task(const Task& t) {
  IPR_TRY(writable());
  return statements_->put_task.bind_all(t.split, t.id, t.instruction, t.cluster, t.family, t.sha256).run();
}

Status RunStore::put_policy(const Policy& p) {
  IPR_TRY(writable());
  return statements_->put_policy.bind_all(p.name, p.iteration, p.checkpoint, p.sha256, p.chosen, p.rolled_back).run();
}

Status RunStore::put_score(const StepScore& s) {
  IPR_TRY(writable());
  return statements_->put_score
      .bind_all(s.episode_id, s.turn, s.scorer, s.config_hash, s.rival_id, s.rival_turn, s.margin, s.question, s.value,
                s.variance, s.samples, s.low, s.high)
      .run();
}

Status RunStore::put_metric(const Metric& m) {
  IPR_TRY(writable());
  return statements_->put_metric.bind_all(m.stage, m.name, m.iteration, m.step, m.value).run();
}

Status RunStore::replace_pairs(std::int32_t iteration, const std::vector<Pair>& pairs) {
  IPR_TRY(writable());
  IPR_TRY(database_.execute("SAVEPOINT pairs"));
  const auto write = [&]() -> Status {
    IPR_TRY(statements_->clear_pairs.bind_all(iteration).run());
    std::int64_t id = 0;
    for (const Pair& p : pairs) {
      IPR_TRY(statements_->add_pair
                  .bind_all(iteration, id++, p.kind, p.task_id, p.turn, p.winner_id, p.loser_id, p.winner_end,
                            p.loser_end, p.outcome_gap, p.step_gap, p.expert_won)
                  .run());
    }
    return database_.execute("RELEASE pairs");
  };
  Status status = write();
  if (!status.ok() && database_.in_transaction()) (void)database_.execute("ROLLBACK TO pairs; RELEASE pairs");
  return status;
}

Status RunStore::add_cost(const Cost& c) {
  IPR_TRY(writable());
  return statements_->add_cost
      .bind_all(c.iteration, c.stage, c.rollouts, c.tokens_asked, c.tokens_computed, c.tokens_padding,
                c.tokens_generated, c.seconds)
      .run();
}

Status RunStore::set_state(std::string_view key, std::string_view value) {
  IPR_TRY(writable());
  return statements_->set_state.bind_all(key, value).run();
}

Status RunStore::mark_done(std::string_view stage) {
  IPR_TRY(writable());
  return statements_->mark_done.bind_all(stage).run();
}

}  // namespace ipr::store
