// Loading one plugin library and reading what is inside.
//
// A library is opened once and never closed: objects, thread-locals and exception types may outlive any bookkeeping.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "ipr/plugin.h"

namespace ipr::plugin {

enum class Kind : std::uint32_t {
  kEnvironment = IPR_KIND_ENVIRONMENT,
  kScorer = IPR_KIND_SCORER,
  kOptimizer = IPR_KIND_OPTIMIZER,
  kPolicy = IPR_KIND_POLICY
};

[[nodiscard]] const char* kind_name(Kind kind);  // "environment", "scorer", "optimizer", "policy"

// Facts of one plugin, copied out of its descriptor.
struct Manifest {
  Kind kind = Kind::kEnvironment;
  std::uint32_t flags = 0;  // IPR_PLUGIN_*
  std::string id, name, version, license, summary;
  Json schema;
  std::string path;  // the library's file
  [[nodiscard]] std::string subject() const { return std::string(kind_name(kind)) + " \"" + id + "\""; }
};

// Opens the file (RTLD_NOW | RTLD_LOCAL), checks the ABI version and each descriptor. Code::kPlugin says what is wrong:
// not a library, no entry symbol, another ABI version, a bad descriptor.
[[nodiscard]] Result<const ipr_library*> open_library(const std::string& path);

// The manifests of an opened library, in its order.
[[nodiscard]] Result<std::vector<Manifest>> manifests(const ipr_library& library, const std::string& path);

[[nodiscard]] Json manifest_to_json(const Manifest& manifest);
[[nodiscard]] Manifest manifest_from_json(const Json& json);

}  // namespace ipr::plugin
