#include "environment/sql_env.h"

#include <utility>

#include "ipr/plugin.hpp"

namespace intercodesql {
namespace {

constexpr std::string_view kSubmit = "submit", kFailed = "Error executing query: ";

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * UINT64_C(0x100000001b3);
  return hash;
}

// Could a query with rows have changed what later ones show? User variables and the random state are all it can reach.
bool may_change_session(std::string_view statement) {
  const std::string text = lower_ascii(statement);
  return text.find('@') != std::string::npos || text.find("rand") != std::string::npos ||
         text.find("uuid") != std::string::npos;
}

Observation observe(Outcome outcome) {
  Observation observation;
  if (outcome.kind == Outcome::Kind::kError) {
    observation.kind = Observation::Kind::kError;
    observation.error = std::string(kFailed) + outcome.error;
  }
  if (observation.kind != Observation::Kind::kError && outcome.rest_refused) {
    return {Observation::Kind::kError, {}, std::string(kFailed).append(kRestRefused)};
  }
  if (outcome.kind == Outcome::Kind::kRows) {
    observation.kind = Observation::Kind::kRows;
    observation.rows.reserve(outcome.rows.size());
    for (const Row& row : outcome.rows) observation.rows.push_back(python_text(row));
  }
  return observation;
}

}  // namespace

SqlEnv::SqlEnv(const SqlWorld& world)
    : world_(&world), connection_(*world.server), shown_(std::make_shared<const Observation>()) {}

void SqlEnv::reset(std::uint32_t task, std::uint64_t seed) {
  task_ = task;
  changes_ = seed;
  shown_ = std::make_shared<const Observation>();
  connection_ = Connection(*world_->server, seed);
  const std::string& database = this->task().database;
  if (!connection_.use(database)) {
    throw ipr::sdk::Failure(IPR_DATA_LOSS, "intercodesql: task " + this->task().id + ": the data has no database \"" +
                                               database + "\"; give a folder that holds it");
  }
}

SqlEnv::Result SqlEnv::step(std::string_view action) {
  if (action == kSubmit) return {true, true, reward_now()};
  Observation observation = observe(connection_.execute(action));
  if (observation.kind == Observation::Kind::kNone || may_change_session(action)) {
    changes_ = ipr_mix64(changes_, hash_text(action));
  }
  const bool executed = observation.kind != Observation::Kind::kError;
  shown_ = std::make_shared<const Observation>(std::move(observation));
  return {executed, false, 0};
}

double SqlEnv::reward_now() const {
  if (shown_->kind != Observation::Kind::kRows) return 0;
  return row_reward(world_->mode, shown_->rows, world_->gold->of(task_).rows);
}

std::uint64_t SqlEnv::fingerprint() const {
  std::uint64_t hash = ipr_mix64(ipr_mix64(task_, changes_), static_cast<std::uint64_t>(shown_->kind));
  for (const std::string& row : shown_->rows) hash = ipr_mix64(hash, hash_text(row));
  hash = ipr_mix64(hash, hash_text(shown_->error));
  return hash == 0 ? 1 : hash;
}

}  // namespace intercodesql
