#include "core/plugin/instance.h"

namespace ipr::plugin {
namespace {

const ipr_plugin_desc* find_descriptor(const ipr_library& library, const Manifest& manifest) {
  for (std::uint32_t i = 0; i < library.plugin_count; ++i) {
    const ipr_plugin_desc* desc = library.plugins[i];
    if (desc != nullptr && desc->kind == static_cast<std::uint32_t>(manifest.kind) && manifest.id == desc->id)
      return desc;
  }
  return nullptr;
}

const char* required_extension(Kind kind) {
  switch (kind) {
    case Kind::kEnvironment:
      return IPR_ENVIRONMENT_V1;
    case Kind::kScorer:
      return IPR_SCORER_V1;
    case Kind::kOptimizer:
      return IPR_OPTIMIZER_V1;
    case Kind::kPolicy:
      return IPR_POLICY_V1;
  }
  return "";
}

}  // namespace

Instance::Instance(Manifest manifest, Json config, HostServices services)
    : manifest_(std::move(manifest)), config_(std::move(config)), host_(std::move(services)) {}

Instance::~Instance() {
  if (instance_.destroy != nullptr) instance_.destroy(instance_.self);
}

Result<std::unique_ptr<Instance>> Instance::create(const Manifest& manifest, const Json& config,
                                                   HostServices services) {
  IPR_ASSIGN(const ipr_library* const library, open_library(manifest.path));
  const ipr_plugin_desc* desc = find_descriptor(*library, manifest);
  if (desc == nullptr)
    return plugin_error(manifest.path + ": no longer holds " + manifest.subject() +
                        "; run `ipr-host plugin list` again");
  std::unique_ptr<Instance> made(new Instance(manifest, config, std::move(services)));
  const std::string config_text = dump_line(config);
  const Context context;
  ErrorSlot error;
  made->instance_.struct_size = sizeof(ipr_instance);
  const ipr_status status =
      desc->create(made->host_.table(), context.get(), view(config_text), &made->instance_, error.get());
  if (status != IPR_OK) {
    made->instance_.destroy = nullptr;
    return error.status(status, manifest.subject(), Code::kPlugin);
  }
  if (made->instance_.get_extension == nullptr || made->instance_.destroy == nullptr ||
      made->instance_.get_extension(made->instance_.self, required_extension(manifest.kind)) == nullptr) {
    return plugin_error(manifest.path + ": " + manifest.subject() + " does not offer " +
                        required_extension(manifest.kind));
  }
  return made;
}

}  // namespace ipr::plugin
