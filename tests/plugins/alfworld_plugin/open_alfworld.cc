#include "tests/plugins/alfworld_plugin/open_alfworld.h"

#include "core/env/replay.h"
#include "core/plugin/schema.h"
#include "tests/support/shared_data.h"

namespace ipr::test {

std::unique_ptr<env::Environment> open_alfworld(const std::string& data_folder,
                                                const std::map<std::string, Json>& settings,
                                                std::vector<std::string>* lines) {
  const std::string path = IPR_ALFWORLD_PLUGIN;
  const ipr_library* const library = need(plugin::open_library(path));
  const std::vector<plugin::Manifest> found = need(plugin::manifests(*library, path));
  const plugin::ResolvedSettings resolved =
      need(plugin::resolve_settings(found.at(0).subject(), found.at(0).schema, {{"test", settings}}));
  plugin::HostServices services;
  services.data_folder = data_folder;
  services.threads = 2;
  services.log = [lines](int, std::string_view line) {
    if (lines != nullptr) lines->emplace_back(line);
  };
  services.metric = [](std::string_view, double) {};
  return need(
      env::Environment::make(need(plugin::Instance::create(found.at(0), resolved.values, std::move(services)))));
}

std::string real_games() {
  const std::string file = shared_file("data/alfworld/README.md");
  return file.empty() ? file : file.substr(0, file.rfind('/'));
}

Json replay(const env::Environment& environment, const std::string& task, const std::vector<std::string>& actions,
            bool agent_text) {
  return env::replay_case(environment, {{"id", "x"}, {"task", task}, {"actions", actions}, {"agent_text", agent_text}},
                          {});
}

}  // namespace ipr::test
