#include "core/env/environment.h"

#include <utility>

#include "core/base/strings.h"

namespace ipr::env {

using plugin::Context;
using plugin::ErrorSlot;
using plugin::text;
using plugin::view;

namespace {

ipr_step empty_step() {
  ipr_step step{};
  step.struct_size = sizeof step;
  return step;
}

Step to_step(const ipr_step& step) {
  return {step.flags, step.reward, step.outcome, text(step.observation), text(step.info_json), text(step.stats_json)};
}

}  // namespace

// ---------------------------------------------------------------------------------------------- episode

Episode::Episode(Episode&& other) noexcept
    : environment_(std::exchange(other.environment_, nullptr)), episode_(std::exchange(other.episode_, nullptr)) {}

Episode& Episode::operator=(Episode&& other) noexcept {
  std::swap(environment_, other.environment_);
  std::swap(episode_, other.episode_);
  return *this;
}

Episode::~Episode() {
  if (episode_ != nullptr) environment_->main_->episode_free(episode_);
}

Result<Step> Episode::reset(std::string_view task_id, std::uint64_t seed) {
  static const Context kContext;
  ipr_step step = empty_step();
  ErrorSlot error;
  const ipr_status status = environment_->main_->reset(episode_, kContext.get(), view(environment_->own_id(task_id)),
                                                       seed, &step, error.get());
  if (status != IPR_OK) return error.status(status, environment_->subject());
  return to_step(step);
}

Result<Step> Episode::step(std::string_view action) {
  static const Context kContext;
  ipr_step step = empty_step();
  ErrorSlot error;
  const ipr_status status = environment_->main_->step(episode_, kContext.get(), view(action), &step, error.get());
  if (status != IPR_OK) return error.status(status, environment_->subject());
  return to_step(step);
}

Result<Episode> Episode::fork() const {
  if (!environment_->can_fork()) return failed(environment_->subject() + ": cannot fork episodes");
  ipr_episode* copy = nullptr;
  ErrorSlot error;
  const ipr_status status = environment_->snapshot_->fork(episode_, &copy, error.get());
  if (status != IPR_OK) return error.status(status, environment_->subject());
  return Episode(environment_, copy);
}

std::uint64_t Episode::fingerprint() const {
  const auto* table = environment_->snapshot_;
  return table == nullptr || table->fingerprint == nullptr ? 0 : table->fingerprint(episode_);
}

Result<std::optional<std::vector<std::string>>> Episode::actions() {
  if (!environment_->lists_actions()) return std::optional<std::vector<std::string>>();
  const ipr_str* list = nullptr;
  std::size_t count = 0;
  ErrorSlot error;
  const ipr_status status = environment_->actions_->list(episode_, &list, &count, error.get());
  if (status != IPR_OK) return error.status(status, environment_->subject());
  std::vector<std::string> actions;
  actions.reserve(count);
  for (std::size_t i = 0; i < count; ++i) actions.emplace_back(text(list[i]));
  return std::optional(std::move(actions));
}

Result<std::string> Episode::sample_action(std::uint64_t seed) {
  if (!environment_->samples_actions()) return failed(environment_->subject() + ": offers no random actions");
  ipr_str action{};
  ErrorSlot error;
  const ipr_status status = environment_->actions_->sample(episode_, seed, &action, error.get());
  if (status != IPR_OK) return error.status(status, environment_->subject());
  return std::string(text(action));
}

Result<std::optional<double>> Episode::progress() {
  if (!environment_->has_progress()) return std::optional<double>();
  double value = 0;
  ErrorSlot error;
  const ipr_status status = environment_->progress_->progress(episode_, &value, error.get());
  if (status != IPR_OK) return error.status(status, environment_->subject());
  return std::optional(value);
}

Result<std::optional<ExpertAction>> Episode::expert() {
  if (!environment_->has_expert()) return std::optional<ExpertAction>();
  ipr_str action{}, thought{};
  ErrorSlot error;
  const ipr_status status = environment_->expert_->next_action(episode_, &action, &thought, error.get());
  if (status == IPR_NOT_FOUND) return std::optional<ExpertAction>();
  if (status != IPR_OK) return error.status(status, environment_->subject());
  return std::optional(ExpertAction{text(action), text(thought)});
}

Result<Parsed> Episode::parse(std::string_view message) {
  ipr_parsed parsed{};
  parsed.struct_size = sizeof parsed;
  ErrorSlot error;
  const ipr_status status =
      environment_->dialect_->parse(episode_, environment_->dialect(), view(message), &parsed, error.get());
  if (status != IPR_OK) return error.status(status, environment_->subject());
  return Parsed{parsed.valid != 0, text(parsed.action), text(parsed.feedback), parsed.outcome};
}

Result<std::string_view> Episode::render(const Step& step, bool first) {
  ipr_step raw{sizeof(ipr_step),       step.flags,           step.reward,          step.outcome,
               view(step.observation), view(step.info_json), view(step.stats_json)};
  ipr_str message{};
  ErrorSlot error;
  const ipr_status status =
      environment_->dialect_->render(episode_, environment_->dialect(), &raw, first ? 1 : 0, &message, error.get());
  if (status != IPR_OK) return error.status(status, environment_->subject());
  return text(message);
}

Result<std::string_view> Episode::compose(std::string_view action, std::string_view thought) {
  ipr_str message{};
  ErrorSlot error;
  const ipr_status status = environment_->dialect_->compose(episode_, environment_->dialect(), view(action),
                                                            view(thought), &message, error.get());
  if (status != IPR_OK) return error.status(status, environment_->subject());
  return text(message);
}

// ------------------------------------------------------------------------------------------ environment

Environment::Environment(std::unique_ptr<plugin::Instance> instance)
    : id_(instance->manifest().id),
      instance_(std::move(instance)),
      main_(instance_->extension<ipr_environment_v1>(IPR_ENVIRONMENT_V1)),
      dialect_(instance_->extension<ipr_env_dialect_v1>(IPR_ENV_DIALECT_V1)),
      actions_(instance_->extension<ipr_env_actions_v1>(IPR_ENV_ACTIONS_V1)),
      snapshot_(instance_->extension<ipr_env_snapshot_v1>(IPR_ENV_SNAPSHOT_V1)),
      progress_(instance_->extension<ipr_env_progress_v1>(IPR_ENV_PROGRESS_V1)),
      expert_(instance_->extension<ipr_env_expert_v1>(IPR_ENV_EXPERT_V1)) {}

Result<std::unique_ptr<Environment>> Environment::make(std::unique_ptr<plugin::Instance> instance) {
  return make_named(std::move(instance), {});
}

Result<std::unique_ptr<Environment>> Environment::make_member(std::unique_ptr<plugin::Instance> instance) {
  std::string prefix = instance->manifest().id + ":";
  return make_named(std::move(instance), std::move(prefix));
}

Result<std::unique_ptr<Environment>> Environment::make_named(std::unique_ptr<plugin::Instance> instance,
                                                             std::string prefix) {
  std::unique_ptr<Environment> made(new Environment(std::move(instance)));
  made->prefix_ = std::move(prefix);
  if (made->main_ == nullptr) return plugin_error(made->subject() + ": its table " IPR_ENVIRONMENT_V1 " is too short");
  if (made->dialect_ == nullptr) {
    return plugin_error(made->subject() + ": offers no " IPR_ENV_DIALECT_V1
                                          ", without which no agent can read it; add kDialect to its capabilities");
  }
  IPR_TRY(made->read_facts());
  return made;
}

Status Environment::read_facts() {
  const std::string where = subject() + ": defaults_json";
  IPR_ASSIGN(defaults_.all, parse_json(text(main_->defaults_json(instance_->self())), where));
  try {
    defaults_.max_steps = defaults_.all.value("max_steps", 10);
    defaults_.expert_min_outcome = defaults_.all.value("expert_min_outcome", main_->outcome_min);
    defaults_.dialect = defaults_.all.value("dialect", "react");
    defaults_.added_tokens = defaults_.all.value("added_tokens", std::vector<std::string>());
  } catch (const Json::exception& exception) {
    return plugin_error(where + ": " + exception.what());
  }
  for (std::size_t i = 0; i < main_->split_count(instance_->self()); ++i) {
    ipr_split split{};
    split.struct_size = sizeof split;
    ErrorSlot error;
    IPR_TRY(error.status(main_->split_at(instance_->self(), i, &split, error.get()), subject()));
    const std::string name(text(split.name));
    splits_.push_back({prefix_.empty() ? name : id_ + "/" + name, split.role, split.task_count});
  }
  return {};
}

std::string_view Environment::own_id(std::string_view task_id) const {
  if (task_id.starts_with(prefix_)) task_id.remove_prefix(prefix_.size());
  return task_id;
}

Result<Task> Environment::to_task(const ipr_task& task) const {
  Task made;
  made.id = prefix_ + std::string(text(task.id));
  made.instruction = text(task.instruction);
  made.max_steps = static_cast<int>(task.max_steps);
  if (task.meta_json.size > 0) {
    IPR_ASSIGN(made.meta, parse_json(text(task.meta_json), subject() + ": meta_json of task " + made.id));
  }
  if (prefix_.empty() || !made.meta.is_object()) return made;
  for (const char* key : {"family", "cluster", "leak_key"}) {  // equal ones of two environments mean nothing
    const auto found = made.meta.find(key);
    if (found != made.meta.end() && found->is_string() && *found != "") *found = prefix_ + found->get<std::string>();
  }
  return made;
}

Result<Task> Environment::task_at(std::size_t split, std::uint64_t index) const {
  if (split < split_homes_.size()) return split_homes_[split].first->task_at(split_homes_[split].second, index);
  ipr_task task{};
  task.struct_size = sizeof task;
  ErrorSlot error;
  const ipr_status status = main_->task_at(instance_->self(), split, index, &task, error.get());
  if (status == IPR_OUT_OF_RANGE) {
    return usage(subject() + ": split " +
                 (split < splits_.size() ? "\"" + splits_[split].name + "\"" : std::to_string(split)) +
                 " has no task " + std::to_string(index));
  }
  if (status != IPR_OK) return error.status(status, subject());
  return to_task(task);
}

Result<Task> Environment::task_by_id(std::string_view id) const {
  if (!members_.empty()) return home(id).task_by_id(id);
  if (!id.starts_with(prefix_))
    return usage(subject() + ": unknown task \"" + std::string(id) + "\"; of several environments an id begins with " +
                 "its environment's, \"" + prefix_ + "…\"");
  ipr_task task{};
  task.struct_size = sizeof task;
  ErrorSlot error;
  const ipr_status status = main_->task_by_id(instance_->self(), view(own_id(id)), &task, error.get());
  if (status != IPR_OK) return error.status(status, subject(), status == IPR_NOT_FOUND ? Code::kUsage : Code::kFailed);
  return to_task(task);
}

Result<std::size_t> Environment::split_named(const std::string& name) const {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < splits_.size(); ++i) {
    if (splits_[i].name == name) return i;
    known.push_back(splits_[i].name);
  }
  constexpr const char* kRoles[] = {"", "train", "dev", "test"};
  for (std::size_t i = 0; i < splits_.size(); ++i) {
    if (splits_[i].role <= IPR_SPLIT_TEST && name == kRoles[splits_[i].role]) return i;
  }
  return usage(subject() + ": unknown split \"" + name + "\"" + did_you_mean(name, known));
}

Result<std::vector<Task>> Environment::tasks_of_role(std::uint32_t role) const {
  std::vector<Task> tasks;
  for (std::size_t split = 0; split < splits_.size(); ++split) {
    if (splits_[split].role != role) continue;
    for (std::uint64_t i = 0; i < splits_[split].task_count; ++i) {
      IPR_ASSIGN(Task task, task_at(split, i));
      tasks.push_back(std::move(task));
    }
  }
  return tasks;
}

Result<Episode> Environment::new_episode() const {
  ipr_episode* episode = nullptr;
  ErrorSlot error;
  const ipr_status status = main_->episode_new(instance_->self(), &episode, error.get());
  if (status != IPR_OK) return error.status(status, subject());
  return Episode(this, episode);
}

Result<std::vector<PromptMessage>> Environment::prompt() const {
  std::vector<PromptMessage> messages;
  for (std::size_t i = 0;; ++i) {
    ipr_message message{};
    message.struct_size = sizeof message;
    ErrorSlot error;
    const ipr_status status = dialect_->prompt_at(instance_->self(), dialect(), i, &message, error.get());
    if (status == IPR_NOT_FOUND) return messages;
    if (status != IPR_OK) return error.status(status, subject());
    messages.push_back({message.role, std::string(text(message.text)), (message.flags & IPR_MESSAGE_EXAMPLE) != 0});
  }
}

}  // namespace ipr::env
