#include "plugin_under_test.h"

#include <stdexcept>
#include <string_view>
#include <utility>

namespace ipr::test {
namespace {

ipr_str view(std::string_view text) {
  return {text.data(), text.size()};
}
std::string copy(ipr_str text) {
  return {text.data, text.size};
}

class Check {
 public:
  Check() { error_.struct_size = sizeof error_; }
  ipr_error* error() { return &error_; }
  void operator()(ipr_status status) const {
    if (status != IPR_OK) throw std::runtime_error(error_.message);
  }

 private:
  ipr_error error_{};
};

template <typename T>
T sized() {
  T value{};
  value.struct_size = sizeof value;
  return value;
}

constexpr std::string_view kReact = "react";

}  // namespace

const void* PluginUnderTest::get_service(const ipr_host* host, const char* id) {
  return std::string_view(id) == IPR_HOST_BASICS_V1 ? &static_cast<PluginUnderTest*>(host->impl)->basics_ : nullptr;
}

const char* PluginUnderTest::path(const ipr_host* host, const char* what) {
  const auto& self = *static_cast<PluginUnderTest*>(host->impl);
  return std::string_view(what) == "data" && !self.data_folder_.empty() ? self.data_folder_.c_str() : nullptr;
}

PluginUnderTest::PluginUnderTest(const std::string& data_folder, const Json& settings) : data_folder_(data_folder) {
  host_ = {sizeof(ipr_host), IPR_ABI_MAJOR, IPR_ABI_MINOR, 0, this, "test", "0", &get_service};
  const auto log = [](const ipr_host*, const ipr_ctx*, int, ipr_str) {};
  basics_ = {sizeof(ipr_host_basics_v1), 0, log, nullptr, nullptr, &path};
  const ipr_plugin_desc& desc = *ipr_library_v0()->plugins[0];
  Json config = Json::object();
  const Json schema = Json::parse(desc.config_schema);
  for (const auto& [key, property] : schema["properties"].items()) config[key] = property["default"];
  config.update(settings);
  Check check;
  check(desc.create(&host_, nullptr, view(config.dump()), &instance_, check.error()));
}

PluginUnderTest::~PluginUnderTest() {
  if (instance_.destroy != nullptr) instance_.destroy(instance_.self);
}

std::vector<std::string> PluginUnderTest::task_ids(std::uint32_t role) const {
  Check check;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < main().split_count(self()); ++i) {
    auto split = sized<ipr_split>();
    check(main().split_at(self(), i, &split, check.error()));
    for (std::uint64_t at = 0; split.role == role && at < split.task_count; ++at) {
      auto task = sized<ipr_task>();
      check(main().task_at(self(), i, at, &task, check.error()));
      ids.push_back(copy(task.id));
    }
  }
  return ids;
}

Json PluginUnderTest::task(const std::string& id) const {
  auto task = sized<ipr_task>();
  Check check;
  if (main().task_by_id(self(), view(id), &task, check.error()) != IPR_OK) return {};
  return {{"id", copy(task.id)}, {"instruction", copy(task.instruction)}, {"meta", Json::parse(copy(task.meta_json))}};
}

Json PluginUnderTest::prompt() const {
  Json messages = Json::array();
  auto message = sized<ipr_message>();
  Check check;
  const auto& dialect = table<ipr_env_dialect_v1>(IPR_ENV_DIALECT_V1);
  while (dialect.prompt_at(self(), view(kReact), messages.size(), &message, check.error()) == IPR_OK) {
    messages.push_back({message.role, copy(message.text), message.flags});
  }
  return messages;
}

EpisodeUnderTest::EpisodeUnderTest(const PluginUnderTest& plugin) : plugin_(&plugin) {
  Check check;
  check(plugin_->main().episode_new(plugin_->self(), &episode_, check.error()));
}

EpisodeUnderTest::EpisodeUnderTest(EpisodeUnderTest&& other) noexcept
    : plugin_(other.plugin_), episode_(std::exchange(other.episode_, nullptr)) {}

EpisodeUnderTest::~EpisodeUnderTest() {
  if (episode_ != nullptr) plugin_->main().episode_free(episode_);
}

SeenStep EpisodeUnderTest::seen(const ipr_step& step) {
  SeenStep seen;
  seen.observation = copy(step.observation);
  seen.info = Json::parse(copy(step.info_json));
  seen.stats = Json::parse(copy(step.stats_json));
  seen.reward = step.reward;
  seen.outcome = step.outcome;
  seen.flags = step.flags;
  Check check;
  check(plugin_->table<ipr_env_progress_v1>(IPR_ENV_PROGRESS_V1).progress(episode_, &seen.progress, check.error()));
  const ipr_str* actions = nullptr;
  std::size_t count = 0;
  check(plugin_->table<ipr_env_actions_v1>(IPR_ENV_ACTIONS_V1).list(episode_, &actions, &count, check.error()));
  for (std::size_t i = 0; i < count; ++i) seen.actions.push_back(copy(actions[i]));
  return seen;
}

SeenStep EpisodeUnderTest::reset(const std::string& task) {
  auto step = sized<ipr_step>();
  Check check;
  check(plugin_->main().reset(episode_, nullptr, view(task), 0, &step, check.error()));
  return seen(step);
}

SeenStep EpisodeUnderTest::step(const std::string& action) {
  auto step = sized<ipr_step>();
  Check check;
  check(plugin_->main().step(episode_, nullptr, view(action), &step, check.error()));
  return seen(step);
}

EpisodeUnderTest EpisodeUnderTest::fork() const {
  ipr_episode* copied = nullptr;
  Check check;
  check(plugin_->table<ipr_env_snapshot_v1>(IPR_ENV_SNAPSHOT_V1).fork(episode_, &copied, check.error()));
  return {*plugin_, copied};
}

std::uint64_t EpisodeUnderTest::fingerprint() const {
  return plugin_->table<ipr_env_snapshot_v1>(IPR_ENV_SNAPSHOT_V1).fingerprint(episode_);
}

std::string EpisodeUnderTest::sample(std::uint64_t seed) {
  ipr_str action{};
  Check check;
  check(plugin_->table<ipr_env_actions_v1>(IPR_ENV_ACTIONS_V1).sample(episode_, seed, &action, check.error()));
  return copy(action);
}

Json EpisodeUnderTest::expert() {
  ipr_str action{}, thought{};
  Check check;
  const auto& expert = plugin_->table<ipr_env_expert_v1>(IPR_ENV_EXPERT_V1);
  if (expert.next_action(episode_, &action, &thought, check.error()) == IPR_NOT_FOUND) return {};
  return {{"action", copy(action)}, {"thought", copy(thought)}};
}

Json EpisodeUnderTest::parse(const std::string& message) {
  auto parsed = sized<ipr_parsed>();
  Check check;
  check(plugin_->table<ipr_env_dialect_v1>(IPR_ENV_DIALECT_V1)
            .parse(episode_, view(kReact), view(message), &parsed, check.error()));
  return {{"valid", parsed.valid != 0},
          {"action", copy(parsed.action)},
          {"feedback", copy(parsed.feedback)},
          {"outcome", parsed.outcome}};
}

std::string EpisodeUnderTest::render(const std::string& observation, bool first) {
  auto step = sized<ipr_step>();
  step.observation = view(observation);
  ipr_str text{};
  Check check;
  check(plugin_->table<ipr_env_dialect_v1>(IPR_ENV_DIALECT_V1)
            .render(episode_, view(kReact), &step, first ? 1 : 0, &text, check.error()));
  return copy(text);
}

std::string EpisodeUnderTest::compose(const std::string& action, const std::string& thought) {
  ipr_str text{};
  Check check;
  check(plugin_->table<ipr_env_dialect_v1>(IPR_ENV_DIALECT_V1)
            .compose(episode_, view(kReact), view(action), view(thought), &text, check.error()));
  return copy(text);
}

}  // namespace ipr::test
