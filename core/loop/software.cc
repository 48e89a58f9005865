#include "core/loop/software.h"

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/loop/policy.h"
#include "core/model/kernels.h"

namespace ipr::loop {

Result<Json> software_of(const RunConfig& config) {
  Json plugins = Json::object();
  std::vector<const plugin::Manifest*> manifests = {&config.sft.manifest, &config.optimizer.manifest,
                                                    &config.scorer.manifest};
  for (const env::Environment* environment : config.environment->members())
    manifests.push_back(&environment->instance().manifest());
  for (const plugin::Manifest* m : manifests) {
    IPR_ASSIGN(const std::string bytes, read_file(m->path));
    plugins[std::string(plugin::kind_name(m->kind)) + ":" + m->id] = sha256_hex(bytes);
  }
  return Json{{"plugins", std::move(plugins)}, {"kernel_family", model::best_kernels(width_of(config.compute)).family}};
}

std::vector<std::string> software_changes(const Json& before, const Json& now) {
  std::vector<std::string> changes;
  for (const auto& [name, hash] : now.at("plugins").items()) {
    if (before.at("plugins").value(name, Json()) != hash) changes.push_back("plugin " + name);
  }
  const auto then_family = before.at("kernel_family").get<std::string>(),
             family = now.at("kernel_family").get<std::string>();
  if (then_family != family) changes.push_back("kernels " + then_family + " before, " + family + " now");
  return changes;
}

}  // namespace ipr::loop
