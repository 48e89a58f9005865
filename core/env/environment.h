// An environment plugin as the core sees it: tasks, and episodes with RAII. Or several of them joined, over which one
// agent is trained: their tasks and splits together, each under the name of its environment.
//
// Environment: all methods may be called from many threads at once. Episode: any thread, one call at a time. Views that
// come back are valid until the next call on the same episode.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/env/prompts.h"
#include "core/plugin/instance.h"

namespace ipr::env {

struct Step {
  std::uint32_t flags = 0;  // IPR_STEP_*
  double reward = 0, outcome = 0;
  std::string_view observation, info_json, stats_json;
  [[nodiscard]] bool terminated() const { return (flags & IPR_STEP_TERMINATED) != 0; }
  [[nodiscard]] bool truncated() const { return (flags & IPR_STEP_TRUNCATED) != 0; }
  [[nodiscard]] bool success() const { return (flags & IPR_STEP_SUCCESS) != 0; }
  [[nodiscard]] bool invalid() const { return (flags & IPR_STEP_INVALID) != 0; }
};

struct Parsed {
  bool valid = false;
  std::string_view action;    // valid
  std::string_view feedback;  // not valid: the user message instead of an observation
  double outcome = 0;         // not valid: if the episode stopped here
};

struct ExpertAction {
  std::string_view action, thought;
};

struct Task {
  std::string id, instruction;
  Json meta = Json::object();
  int max_steps = 0;  // 0: the environment's default
};

struct Split {
  std::string name;
  std::uint32_t role = IPR_SPLIT_TRAIN;
  std::uint64_t task_count = 0;
};

// Keys of defaults_json that the host itself knows.
struct Defaults {
  Json all = Json::object();
  int max_steps = 10;
  double expert_min_outcome = 0;
  std::string dialect = "react";
  std::vector<std::string> added_tokens;  // text that a tokenizer trained for this environment keeps whole
};

class Environment;

class Episode {
 public:
  Episode(Episode&& other) noexcept;
  Episode& operator=(Episode&& other) noexcept;
  ~Episode();

  [[nodiscard]] Result<Step> reset(std::string_view task_id, std::uint64_t seed);
  [[nodiscard]] Result<Step> step(std::string_view action);
  // Code::kFailed where the environment cannot fork.
  [[nodiscard]] Result<Episode> fork() const;
  [[nodiscard]] std::uint64_t fingerprint() const;  // 0: unknown
  // The valid actions; nothing where the space is open.
  [[nodiscard]] Result<std::optional<std::vector<std::string>>> actions();
  [[nodiscard]] Result<std::string> sample_action(std::uint64_t seed);
  // Nothing where the environment has no progress.
  [[nodiscard]] Result<std::optional<double>> progress();
  // Nothing where there is no expert here.
  [[nodiscard]] Result<std::optional<ExpertAction>> expert();
  [[nodiscard]] Result<Parsed> parse(std::string_view message);
  // The user message for the last step; `first` after a reset.
  [[nodiscard]] Result<std::string_view> render(const Step& step, bool first);
  [[nodiscard]] Result<std::string_view> compose(std::string_view action, std::string_view thought);

 private:
  friend class Environment;
  Episode(const Environment* environment, ipr_episode* episode) : environment_(environment), episode_(episode) {}
  const Environment* environment_ = nullptr;
  ipr_episode* episode_ = nullptr;
};

class Environment {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Environment>> make(std::unique_ptr<plugin::Instance> instance);
  // The same as one of several: its splits are called "<id>/<split>", and its task ids, families, clusters and leak
  // keys begin with "<id>:".
  [[nodiscard]] static Result<std::unique_ptr<Environment>> make_member(std::unique_ptr<plugin::Instance> instance);
  // Several as one. Precondition: at least two members with different ids.
  [[nodiscard]] static std::unique_ptr<Environment> join(std::vector<std::unique_ptr<Environment>> members);

  // Ids of several are joined by commas.
  [[nodiscard]] const std::string& id() const { return id_; }
  // Those that are joined, or itself.
  [[nodiscard]] std::vector<const Environment*> members() const;
  // The one that the task is of: itself, or a member. Episodes, prompts and defaults are its.
  [[nodiscard]] const Environment& home(std::string_view task_id) const;
  // Of one environment; of several see members().
  [[nodiscard]] const plugin::Instance& instance() const { return *instance_; }
  // Of several: `max_steps` the largest, `added_tokens` all, `expert_min_outcome` the least; `all` is empty.
  [[nodiscard]] const Defaults& defaults() const { return defaults_; }
  [[nodiscard]] double outcome_min() const { return main_->outcome_min; }
  [[nodiscard]] double outcome_max() const { return main_->outcome_max; }
  [[nodiscard]] const std::vector<Split>& splits() const { return splits_; }
  [[nodiscard]] Result<Task> task_at(std::size_t split, std::uint64_t index) const;
  [[nodiscard]] Result<Task> task_by_id(std::string_view id) const;
  // Index of the split of that name, or of the first with that role name ("train", "dev", "test").
  [[nodiscard]] Result<std::size_t> split_named(const std::string& name) const;
  // All tasks of the splits of a role (IPR_SPLIT_*), in split order.
  [[nodiscard]] Result<std::vector<Task>> tasks_of_role(std::uint32_t role) const;
  // Of one environment: home(task).new_episode().
  [[nodiscard]] Result<Episode> new_episode() const;
  // The messages before the task, examples included and marked.
  [[nodiscard]] Result<Prompts> prompts() const;

  [[nodiscard]] bool can_fork() const { return snapshot_ != nullptr && snapshot_->fork != nullptr; }
  // Any of several.
  [[nodiscard]] bool has_expert() const;
  [[nodiscard]] bool has_progress() const { return progress_ != nullptr; }
  [[nodiscard]] bool lists_actions() const { return actions_ != nullptr && actions_->list != nullptr; }
  [[nodiscard]] bool samples_actions() const { return actions_ != nullptr && actions_->sample != nullptr; }

 private:
  friend class Episode;
  Environment() = default;
  explicit Environment(std::unique_ptr<plugin::Instance> instance);
  [[nodiscard]] static Result<std::unique_ptr<Environment>> make_named(std::unique_ptr<plugin::Instance> instance,
                                                                       std::string prefix);
  [[nodiscard]] std::string subject() const { return "environment \"" + id_ + "\""; }
  Status read_facts();
  [[nodiscard]] ipr_str dialect() const { return plugin::view(defaults_.dialect); }
  // Between the host's names and the plugin's.
  [[nodiscard]] std::string_view own_id(std::string_view task_id) const;
  [[nodiscard]] Result<Task> to_task(const ipr_task& task) const;
  [[nodiscard]] Result<std::vector<PromptMessage>> prompt() const;

  std::string id_, prefix_;  // prefix_: "<id>:" of a member
  // Of joined ones, with the member and its own number of each split; else empty, and the tables below are there.
  std::vector<std::unique_ptr<Environment>> members_;
  std::vector<std::pair<const Environment*, std::size_t>> split_homes_;
  std::unique_ptr<plugin::Instance> instance_;
  const ipr_environment_v1* main_ = nullptr;
  const ipr_env_dialect_v1* dialect_ = nullptr;
  const ipr_env_actions_v1* actions_ = nullptr;
  const ipr_env_snapshot_v1* snapshot_ = nullptr;
  const ipr_env_progress_v1* progress_ = nullptr;
  const ipr_env_expert_v1* expert_ = nullptr;
  Defaults defaults_;
  std::vector<Split> splits_;
};

}  // namespace ipr::env
