#include "bench/support/open_environment.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "core/plugin/schema.h"

namespace ipr::bench {

Result<std::unique_ptr<env::Environment>> open_environment(const plugin::Registry& registry, const std::string& id,
                                                           const std::string& data,
                                                           const std::map<std::string, Json>& settings) {
  IPR_ASSIGN(const plugin::Manifest manifest, plugin::find_plugin(registry, plugin::Kind::kEnvironment, id));
  IPR_ASSIGN(const plugin::ResolvedSettings resolved,
             plugin::resolve_settings(manifest.subject(), manifest.schema, {{"bench", settings}}));
  plugin::HostServices services;
  services.data_folder = data;
  services.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  services.log = [](int, std::string_view) {};
  services.metric = [](std::string_view, double) {};
  IPR_ASSIGN(auto instance, plugin::Instance::create(manifest, resolved.values, std::move(services)));
  return env::Environment::make(std::move(instance));
}

void give_up(const Status& status) {
  std::fprintf(stderr, "bench: %s\n", status.message().c_str());
  std::exit(static_cast<int>(status.code()));
}

}  // namespace ipr::bench
