#include "core/store/schema.h"

#include <string>

namespace ipr::store {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE episode (
  id INTEGER PRIMARY KEY,
  stage TEXT NOT NULL, iteration INTEGER NOT NULL, plan INTEGER NOT NULL, policy TEXT NOT NULL,
  split TEXT NOT NULL, task_id TEXT NOT NULL, sample INTEGER NOT NULL, seed INTEGER NOT NULL,
  parent_id INTEGER NOT NULL, prefix_turns INTEGER NOT NULL, first_turn INTEGER NOT NULL,
  first_observation TEXT NOT NULL,
  outcome REAL NOT NULL,
  terminated INTEGER NOT NULL, truncated INTEGER NOT NULL, success INTEGER NOT NULL,
  exit_status TEXT NOT NULL, attempts INTEGER NOT NULL, seconds REAL NOT NULL, extra TEXT NOT NULL,
  UNIQUE (stage, iteration, plan, policy, split, task_id, parent_id, prefix_turns, sample)
) STRICT;
CREATE INDEX episode_parent ON episode (parent_id);
CREATE TABLE turn (
  episode_id INTEGER NOT NULL REFERENCES episode, turn INTEGER NOT NULL,
  message TEXT NOT NULL, action TEXT NOT NULL, observation TEXT NOT NULL,
  reward REAL NOT NULL, progress REAL, outcome REAL, valid INTEGER NOT NULL, flags INTEGER NOT NULL,
  token_ids BLOB NOT NULL, prompt_tokens INTEGER NOT NULL, info TEXT NOT NULL,
  PRIMARY KEY (episode_id, turn)
) STRICT, WITHOUT ROWID;
CREATE TABLE step_score (  -- the key's columns first: with others between, SQLite 3.40's integrity_check finds NULLs
  episode_id INTEGER NOT NULL REFERENCES episode, turn INTEGER NOT NULL,
  scorer TEXT NOT NULL, config_hash TEXT NOT NULL,
  rival_id INTEGER NOT NULL, rival_turn INTEGER NOT NULL, margin REAL NOT NULL, question INTEGER NOT NULL,
  value REAL NOT NULL, variance REAL NOT NULL, samples INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL,
  PRIMARY KEY (episode_id, turn, scorer, config_hash, rival_id, rival_turn, margin, question)
) STRICT, WITHOUT ROWID;
CREATE TABLE pair (
  iteration INTEGER NOT NULL, id INTEGER NOT NULL, kind TEXT NOT NULL, task_id TEXT NOT NULL, turn INTEGER NOT NULL,
  winner_id INTEGER NOT NULL REFERENCES episode (id), loser_id INTEGER NOT NULL REFERENCES episode (id),
  winner_end INTEGER NOT NULL, loser_end INTEGER NOT NULL,
  outcome_gap REAL, step_gap REAL, expert_won INTEGER NOT NULL,
  PRIMARY KEY (iteration, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE metric (
  stage TEXT NOT NULL, name TEXT NOT NULL, iteration INTEGER NOT NULL, step INTEGER NOT NULL, value REAL,
  PRIMARY KEY (stage, name, iteration, step)
) STRICT, WITHOUT ROWID;
CREATE TABLE cost (
  iteration INTEGER NOT NULL, stage TEXT NOT NULL, rollouts INTEGER NOT NULL,
  tokens_asked INTEGER NOT NULL, tokens_computed INTEGER NOT NULL, tokens_padding INTEGER NOT NULL,
  tokens_generated INTEGER NOT NULL, seconds REAL NOT NULL,
  PRIMARY KEY (iteration, stage)
) STRICT, WITHOUT ROWID;
CREATE TABLE policy (
  name TEXT PRIMARY KEY, iteration INTEGER NOT NULL, checkpoint TEXT NOT NULL, sha256 TEXT NOT NULL,
  chosen INTEGER NOT NULL, rolled_back INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE task (
  split TEXT NOT NULL, id TEXT NOT NULL, instruction TEXT NOT NULL, cluster TEXT NOT NULL, family TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (split, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE done (stage TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE VIEW evaluation AS
  SELECT policy, iteration, split, COUNT(*) AS tasks, SUM(plays) AS episodes, AVG(task_outcome) AS mean,
         CAST(SUM(successes) AS REAL) / SUM(plays) AS success, SUM(errors) AS infrastructure_errors
  FROM (SELECT policy, iteration, split, task_id, COUNT(*) AS plays, AVG(outcome) AS task_outcome,
               SUM(success) AS successes,
               SUM(exit_status IN ('env_error', 'policy_error', 'timeout')) AS errors
        FROM episode WHERE stage = 'eval' GROUP BY policy, iteration, split, task_id)
  GROUP BY policy, iteration, split;
)";

Status wrong_version(const Database& database, std::int64_t version) {
  return bad_data(database.path() + ": schema version " + std::to_string(version) + ", this program reads version " +
                  std::to_string(kSchemaVersion) +
                  "; use the ipr-host that made the run, or start a new run with --out");
}

}  // namespace

Status check_schema(Database& database) {
  IPR_ASSIGN(const std::int64_t application, database.integer("PRAGMA application_id"));
  IPR_ASSIGN(const std::int64_t version, database.integer("PRAGMA user_version"));
  if (application != kApplicationId) {
    return bad_data(database.path() + ": a SQLite file, but not a run record; give the run.db of a run");
  }
  return version == kSchemaVersion ? Status() : wrong_version(database, version);
}

Status make_or_check_schema(Database& database) {
  IPR_TRY(database.execute("BEGIN IMMEDIATE"));  // two starting processes must not both make the tables
  const auto make = [&]() -> Status {
    IPR_ASSIGN(const std::int64_t tables, database.integer("SELECT COUNT(*) FROM sqlite_schema"));
    if (tables != 0) return check_schema(database);
    IPR_TRY(database.execute(kTables));
    IPR_TRY(database.execute("PRAGMA application_id = " + std::to_string(kApplicationId)));
    return database.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  };
  Status status = make();
  if (status.ok()) status = database.execute("COMMIT");
  if (!status.ok() && database.in_transaction())
    (void)database.execute("ROLLBACK");  // the first error is the one to tell
  return status;
}

}  // namespace ipr::store
