// The WebShop plugin behind its C tables, linked into the test: what the host sees, without a host.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "ipr/plugin.h"

namespace ipr::test {

// One instance. Errors of the plugin come back as std::runtime_error with its message.
class PluginUnderTest {
 public:
  // `settings` over the schema's defaults; `data_folder` empty: the generated world.
  explicit PluginUnderTest(const std::string& data_folder, const Json& settings = Json::object());
  ~PluginUnderTest();
  PluginUnderTest(const PluginUnderTest&) = delete;
  PluginUnderTest& operator=(const PluginUnderTest&) = delete;

  template <typename Table>
  [[nodiscard]] const Table& table(const char* id) const {
    return *static_cast<const Table*>(instance_.get_extension(instance_.self, id));
  }
  [[nodiscard]] const ipr_environment_v1& main() const { return table<ipr_environment_v1>(IPR_ENVIRONMENT_V1); }
  [[nodiscard]] ipr_self* self() const { return instance_.self; }

  // Ids of a split's tasks, by role.
  [[nodiscard]] std::vector<std::string> task_ids(std::uint32_t role) const;
  // Empty if there is no such task.
  [[nodiscard]] Json task(const std::string& id) const;
  // [role, text, flags] of the messages before the task.
  [[nodiscard]] Json prompt() const;

 private:
  static const void* get_service(const ipr_host* host, const char* id);
  static const char* path(const ipr_host* host, const char* what);
  std::string data_folder_;
  ipr_host host_{};
  ipr_host_basics_v1 basics_{};
  ipr_instance instance_{};
};

// A step as owned values.
struct SeenStep {
  std::string observation;
  Json info, stats;
  double reward = 0, outcome = 0, progress = 0;
  std::uint32_t flags = 0;
  std::vector<std::string> actions;
  [[nodiscard]] bool invalid() const { return (flags & IPR_STEP_INVALID) != 0; }
  [[nodiscard]] bool terminated() const { return (flags & IPR_STEP_TERMINATED) != 0; }
  [[nodiscard]] bool success() const { return (flags & IPR_STEP_SUCCESS) != 0; }
  bool operator==(const SeenStep&) const = default;
};

class EpisodeUnderTest {
 public:
  explicit EpisodeUnderTest(const PluginUnderTest& plugin);
  EpisodeUnderTest(EpisodeUnderTest&& other) noexcept;
  ~EpisodeUnderTest();

  SeenStep reset(const std::string& task);
  SeenStep step(const std::string& action);
  [[nodiscard]] EpisodeUnderTest fork() const;
  [[nodiscard]] std::uint64_t fingerprint() const;
  [[nodiscard]] std::string sample(std::uint64_t seed);
  // "action" and "thought", or null.
  [[nodiscard]] Json expert();
  // "valid", "action" or "feedback", "outcome".
  [[nodiscard]] Json parse(const std::string& message);
  [[nodiscard]] std::string render(const std::string& observation, bool first);
  [[nodiscard]] std::string compose(const std::string& action, const std::string& thought);

 private:
  EpisodeUnderTest(const PluginUnderTest& plugin, ipr_episode* episode) : plugin_(&plugin), episode_(episode) {}
  SeenStep seen(const ipr_step& step);
  const PluginUnderTest* plugin_;
  ipr_episode* episode_ = nullptr;
};

}  // namespace ipr::test
