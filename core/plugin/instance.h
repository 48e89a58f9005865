// Live plugins: RAII over ipr_instance, and typed handles over the tables of each kind.
#pragma once

#include <memory>
#include <string>

#include "core/plugin/host_services.h"
#include "core/plugin/library.h"

namespace ipr::plugin {

// One created plugin. Not copyable; destroy it after all episodes and queues made from it.
class Instance {
 public:
  // `config` is complete (resolve_settings). Errors carry the plugin's own message.
  [[nodiscard]] static Result<std::unique_ptr<Instance>> create(const Manifest& manifest, const Json& config,
                                                                HostServices services);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // The table of an extension, or nullptr. A table shorter than `Table` of this header counts as absent: no minor
  // version has made one longer yet.
  template <typename Table>
  [[nodiscard]] const Table* extension(const char* id) const {
    const auto* table = static_cast<const Table*>(instance_.get_extension(instance_.self, id));
    return table != nullptr && table->struct_size >= sizeof(Table) ? table : nullptr;
  }
  [[nodiscard]] ipr_self* self() const { return instance_.self; }
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const Json& config() const { return config_; }

 private:
  Instance(Manifest manifest, Json config, HostServices services);
  Manifest manifest_;
  Json config_;
  HostTable host_;
  ipr_instance instance_{};
};

}  // namespace ipr::plugin
