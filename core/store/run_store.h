// The record of a run, run.db (product.md section 3): every episode with its turns and token ids, every step score,
// pair, metric and cost. What the tables, the report, `verify` and `--resume` read; docs/run-record.md is its schema.
//
// Unit of work: what is written between begin() and Unit::commit() is there whole or not at all, also after SIGKILL, a
// full disk or a power cut; once commit() has returned it is on the disk. The loop commits one chunk of a stage at a
// time (episodes, their scores and their cost together), so a killed run has neither half an episode nor a rollout
// counted twice. A write outside a unit is a unit of its own.
//
// Threads: one RunStore belongs to one thread at a time. Any number of others, in this process or another, may open the
// same file and read while it writes (WAL): they see the units committed so far.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/store/database.h"

namespace ipr::store {

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();  // "no such number"; NULL in the file

// Stages that record episodes. Any other name may be used too; these are the ones reports know.
inline constexpr const char* kExpert = "expert";    // the expert's trajectories
inline constexpr const char* kExplore = "explore";  // the agent, on train tasks, for an optimizer plan
inline constexpr const char* kMonteCarlo = "mc";    // rollouts that score a step
inline constexpr const char* kEval = "eval";        // evaluations on dev and test

// One exchange: the agent's message and what the environment answered.
struct Turn {
  std::string message;                  // all that the agent said
  std::string action;                   // what was stepped; empty where the message could not be parsed
  std::string observation;              // the whole user message that followed
  double reward = 0;                    // of this step
  double progress = kNone;              // the environment's intermediate score
  double outcome = kNone;               // what the episode would have paid if stopped after this turn
  bool valid = true;                    // false: wrong format or an action the environment refused
  std::uint32_t flags = 0;              // IPR_STEP_* of the step that followed
  std::vector<std::int32_t> token_ids;  // of the reply as sampled, end-of-turn included; empty: not from a model
  std::int64_t prompt_tokens = 0;       // length of the prompt the reply was sampled from
  std::string info_json;                // what the environment adds: a JSON object, or empty
};

// One play of one task.
struct Episode {
  std::int64_t id = 0;         // > 0, unique in the run; 0 when adding: the store gives the next one
  std::string stage;           // kExpert, kExplore, …
  std::int32_t iteration = 0;  // 0: before the first iteration (expert, SFT)
  std::int32_t plan = 0;       // index of the optimizer's collection plan, 0 elsewhere
  std::string policy;          // who acted after the prefix: "expert", "sft", "iter-2", …
  std::string split;
  std::string task_id;
  std::int64_t sample = 0;  // 0..N-1: which of the samples of the same start
  std::uint64_t seed = 0;
  std::int64_t parent_id = 0;     // the episode its first turns were copied from; 0: none
  std::int32_t prefix_turns = 0;  // how many were copied
  std::int32_t first_turn = 0;    // number of turns[0]: a rollout may leave out the turns it shares with its parent
  std::string first_observation;  // the task as the agent was given it
  double outcome = 0;             // outcome reward r_o
  bool terminated = false;        // the environment ended it
  bool truncated = false;         // a limit ended it
  bool success = false;
  std::string exit_status = "ok";  // ok invalid_format max_steps context_overflow env_error policy_error timeout
  std::int32_t attempts = 1;       // 2 or more: tried again after infrastructure failures
  double seconds = 0;              // wall time; never part of a result
  std::string extra_json;          // numbers the environment adds per episode, e.g. {"options":2}; or empty
  std::vector<Turn> turns;
};

// A task of the run's panel.
struct Task {
  std::string split;
  std::string id;
  std::string instruction;
  std::string
      cluster;  // tasks with the same key share chance (their errors are correlated); empty: a cluster of its own
  std::string family;  // slice for tables; may be empty
  std::string sha256;  // of its content
  bool operator==(const Task&) const = default;
};

// The step reward r_s of one turn (0-based) by one scorer.
struct StepScore {
  std::int64_t episode_id = 0;
  std::int32_t turn = 0;
  std::string scorer;        // plugin id, e.g. "mc"
  std::string config_hash;   // of the scorer's configuration and of the policy it samples from
  double value = 0;          // mean outcome
  double variance = 0;       // sample variance (n-1) of the outcomes
  std::int64_t samples = 0;  // N; 0: the true outcome of a last turn
  double low = 0, high = 0;  // 95 % interval of the value; equal: none
  // The step it was compared with, where the scorer reads that (IPR_SCORER_RIVALS): N depends on it. 0: none.
  std::int64_t rival_id = 0;
  std::int32_t rival_turn = 0;
  double margin = 0;
  std::int32_t question = 0;  // IPR_QUERY_*
  bool operator==(const StepScore&) const = default;
};

// A contrastive pair as it went into training.
struct Pair {
  std::int64_t id = 0;  // position in its iteration, given by replace_pairs
  std::int32_t iteration = 0;
  std::string kind;  // "outcome" (D_t) or "step" (D_s)
  std::string task_id;
  std::int32_t turn = 0;       // first turn (0-based) of both sides; earlier turns are shared context
  std::int64_t winner_id = 0;  // episodes
  std::int64_t loser_id = 0;
  std::int32_t winner_end = 0;  // one past the last turn of the side
  std::int32_t loser_end = 0;
  double outcome_gap = kNone;  // winner minus loser
  double step_gap = kNone;     // kNone where no step reward was asked for
  bool expert_won = true;
};

// One point of a curve: a training loss, a counter.
struct Metric {
  std::int32_t iteration = 0;
  std::string stage;  // "sft", "train", "pairs", …
  std::int64_t step = 0;
  std::string name;
  double value = 0;
  bool operator==(const Metric&) const = default;
};

// What a stage of an iteration has cost so far.
struct Cost {
  std::int32_t iteration = 0;
  std::string stage;
  std::int64_t rollouts = 0;
  std::int64_t tokens_asked = 0;     // prompt tokens of all requests, each as if computed alone
  std::int64_t tokens_computed = 0;  // prompt tokens that really went through the model
  std::int64_t tokens_padding = 0;   // rows of the batches that carried no token
  std::int64_t tokens_generated = 0;
  double seconds = 0;
  bool operator==(const Cost&) const = default;
};

// A policy of the run and the checkpoint behind it.
struct Policy {
  std::string name;            // "sft", "iter-1", …: what Episode::policy says
  std::int32_t iteration = 0;  // 0: the start
  std::string checkpoint;      // folder relative to the run's; may be empty
  std::string sha256;          // of its weights
  bool chosen = false;         // the one the run recommends, by dev
  bool rolled_back = false;    // dev fell by more than its interval; the next iteration started from the one before
  bool operator==(const Policy&) const = default;
};

// Which episodes to read; an empty field does not restrict.
struct EpisodeFilter {
  std::optional<std::string> stage = {}, policy = {}, split = {}, task_id = {};
  std::optional<std::int32_t> iteration = {};
  std::optional<std::int64_t> parent_id = {};
};
enum class Turns { kLoad, kSkip };

// What was evaluated: one line per (policy, split) with stage kEval.
struct Evaluation {
  std::string policy;
  std::int32_t iteration = 0;
  std::string split;
  std::int64_t tasks = 0;
  std::int64_t episodes = 0;
  double mean = 0;                         // of the tasks' mean outcomes
  double success = 0;                      // share of episodes
  std::int64_t infrastructure_errors = 0;  // episodes that ended by env_error, policy_error or timeout
};

class RunStore;

// An open unit of work. Destroyed without commit() it is undone. At most one per RunStore, which must outlive it and
// must not be moved meanwhile.
class Unit {
 public:
  Unit(Unit&& other) noexcept : store_(std::exchange(other.store_, nullptr)) {}
  Unit& operator=(Unit&&) = delete;
  ~Unit();
  // On an error nothing of the unit is in the record.
  Status commit();

 private:
  friend class RunStore;
  explicit Unit(RunStore* store) : store_(store) {}
  RunStore* store_;
};

// All functions fail with Code::kFailed (path, reason, what to do) when the disk is full or the file cannot be written,
// Code::kData when the file is damaged.
class RunStore {
 public:
  RunStore(RunStore&&) noexcept;
  RunStore& operator=(RunStore&&) noexcept;
  ~RunStore();

  // Opens run.db for writing, making it if it is not there. Code::kData: not a run record, or one of another schema
  // version (schema.h).
  [[nodiscard]] static Result<RunStore> open(const std::string& path);
  // Opens an existing record for reading, also from a folder that cannot be written to.
  [[nodiscard]] static Result<RunStore> open_to_read(const std::string& path);

  [[nodiscard]] const std::string& path() const { return database_.path(); }

  [[nodiscard]] Result<Unit> begin();
  // Moves all that is committed from the write-ahead log into run.db and on to the disk: for the end of a run.
  Status flush();

  // --- writing ---

  // Adds an episode with its turns and returns its id. The same (stage, iteration, plan, policy, split, task, parent,
  // prefix, sample) twice is an error: it would be counted twice.
  Result<std::int64_t> add_episode(const Episode& episode);
  // These replace what is there under the same key.
  Status put_task(const Task& task);
  Status put_policy(const Policy& policy);
  Status put_score(const StepScore& score);
  Status put_metric(const Metric& metric);
  // Replaces all pairs of the iteration; `id` and `iteration` of the arguments are ignored.
  Status replace_pairs(std::int32_t iteration, const std::vector<Pair>& pairs);
  // Adds to what the (iteration, stage) has cost; belongs into the unit of the work it pays for.
  Status add_cost(const Cost& cost);

  // --- reading; lists are in the order of their keys ---

  // The id that add_episode would give next.
  [[nodiscard]] Result<std::int64_t> next_episode_id();
  // Code::kData if there is none.
  [[nodiscard]] Result<Episode> episode(std::int64_t id);
  // By ascending id.
  [[nodiscard]] Result<std::vector<Episode>> episodes(const EpisodeFilter& filter, Turns turns = Turns::kLoad);
  // The same one at a time, for records that do not fit into memory. The first error of `visit` ends it; `visit` may
  // read other things of the record, but not write episodes.
  Status for_each_episode(const EpisodeFilter& filter, Turns turns, const std::function<Status(const Episode&)>& visit);
  [[nodiscard]] Result<std::int64_t> count_episodes(const EpisodeFilter& filter);
  [[nodiscard]] Result<std::vector<Task>> tasks(std::string_view split);
  [[nodiscard]] Result<std::vector<Policy>> policies();
  [[nodiscard]] Result<std::vector<StepScore>> scores(std::int64_t episode_id);
  [[nodiscard]] Result<std::optional<StepScore>> score(std::int64_t episode_id, std::int32_t turn,
                                                       std::string_view scorer, std::string_view config_hash);
  // Scores of episodes of an iteration, of all where it is empty.
  [[nodiscard]] Result<std::vector<StepScore>> all_scores(std::optional<std::int32_t> iteration = {});
  [[nodiscard]] Result<std::vector<Pair>> pairs(std::optional<std::int32_t> iteration = {});
  // One curve, by (iteration, step).
  [[nodiscard]] Result<std::vector<Metric>> metrics(std::string_view stage, std::string_view name);
  // The (stage, name) of all curves.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> metric_names();
  [[nodiscard]] Result<std::vector<Cost>> costs();
  // By iteration, policy, split.
  [[nodiscard]] Result<std::vector<Evaluation>> evaluations();

  // --- where the run stands ---

  // Free text under a key: "config", "chosen", ….
  Status set_state(std::string_view key, std::string_view value);
  [[nodiscard]] Result<std::optional<std::string>> state(std::string_view key);
  // Marks a stage as complete, e.g. "iter-2/explore"; in the unit of its last chunk, a resumed run skips it exactly.
  Status mark_done(std::string_view stage);
  [[nodiscard]] Result<bool> stage_done(std::string_view stage);

 private:
  friend class Unit;
  struct Statements;
  RunStore(Database database, std::unique_ptr<Statements> statements);
  static Result<RunStore> with_statements(Database database);
  // Refuses to go on in a unit that a full disk has already undone: the rest would be half a unit.
  [[nodiscard]] Status writable() const;
  Status write_episode(const Episode& episode, std::int64_t id);

  Database database_;
  std::unique_ptr<Statements> statements_;  // after database_: goes first
  bool in_unit_ = false;
};

}  // namespace ipr::store
