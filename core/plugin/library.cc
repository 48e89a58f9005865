#include "core/plugin/library.h"

#include <boost/dll/shared_library.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "core/plugin/schema.h"

namespace ipr::plugin {
namespace {

constexpr const char* kEntrySymbol = "ipr_library_v0";

// Opened libraries live until the process ends.
struct OpenLibraries {
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<boost::dll::shared_library>> by_path;
};
OpenLibraries& open_libraries() {
  static auto* const libraries = new OpenLibraries;  // leaked on purpose: no unloading at exit
  return *libraries;
}

std::string version_text(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

// Words of a-z, 0-9 and -, joined by dots.
bool is_id(std::string_view id) {
  char before = '.';
  for (const char c : id) {
    const bool in_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (!in_word && (c != '.' || before == '.')) return false;
    before = c;
  }
  return before != '.';
}

Result<Manifest> read_descriptor(const ipr_plugin_desc* desc, const std::string& path) {
  if (desc == nullptr || !IPR_HAS(desc, ipr_plugin_desc, create) || desc->create == nullptr) {
    return plugin_error(path + ": a plugin descriptor is incomplete; rebuild the plugin with this host's SDK");
  }
  Manifest manifest;
  manifest.kind = static_cast<Kind>(desc->kind);
  manifest.flags = desc->flags;
  manifest.id = text_or_empty(desc->id);
  manifest.name = text_or_empty(desc->name);
  manifest.version = text_or_empty(desc->version);
  manifest.license = text_or_empty(desc->license);
  manifest.summary = text_or_empty(desc->summary);
  manifest.path = path;
  if (!is_id(manifest.id)) {
    return plugin_error(path + ": plugin id \"" + manifest.id + "\" is not of the form [a-z0-9-]+");
  }
  IPR_ASSIGN(manifest.schema, parse_json(desc->config_schema == nullptr ? "{}" : desc->config_schema,
                                         path + ": config_schema of " + manifest.id));
  return manifest;
}

}  // namespace

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::kEnvironment:
      return "environment";
    case Kind::kScorer:
      return "scorer";
    case Kind::kOptimizer:
      return "optimizer";
    case Kind::kPolicy:
      return "policy";
  }
  return "unknown";
}

namespace {

// The loader's own words in what Boost.DLL reports: "… (dlerror system message: PATH: invalid ELF header): …".
std::string reason_of(const std::string& what, const std::string& path) {
  const std::string before = "dlerror system message: ";
  const auto start = what.find(before);
  if (start == std::string::npos) return what;
  std::string reason = what.substr(start + before.size());
  if (const auto end = reason.rfind("): "); end != std::string::npos) reason.resize(end);
  return reason.starts_with(path + ": ") ? reason.substr(path.size() + 2) : reason;
}

}  // namespace

Result<const ipr_library*> open_library(const std::string& path) {
  OpenLibraries& libraries = open_libraries();
  const std::lock_guard lock(libraries.mutex);
  auto& slot = libraries.by_path[path];
  if (!slot) {
    auto opened = std::make_unique<boost::dll::shared_library>();
    try {
      opened->load(path, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    } catch (const std::exception& exception) {
      if (!std::filesystem::exists(path)) return plugin_error(path + ": no such file; give a plugin's .so");
      return plugin_error(path + ": cannot be loaded as a shared library (" + reason_of(exception.what(), path) +
                          "); build it with ipr_add_plugin for this machine");
    }
    if (!opened->has(kEntrySymbol)) {
      return plugin_error(path + ": is no ipr-host plugin of this ABI (it does not export " + kEntrySymbol +
                          "); build it with ipr_add_plugin");
    }
    slot = std::move(opened);
  }
  const ipr_library* library = slot->get<const ipr_library*()>(kEntrySymbol)();
  if (library == nullptr || !IPR_HAS(library, ipr_library, plugins))
    return plugin_error(path + ": returned no plugins");
  if (library->abi_major != IPR_ABI_MAJOR || library->abi_minor > IPR_ABI_MINOR) {
    return plugin_error(path + ": built for plugin ABI " + version_text(library->abi_major, library->abi_minor) +
                        ", this host speaks " + version_text(IPR_ABI_MAJOR, IPR_ABI_MINOR) +
                        "; rebuild the plugin with this host's SDK");
  }
  return library;
}

Result<std::vector<Manifest>> manifests(const ipr_library& library, const std::string& path) {
  std::vector<Manifest> found;
  for (std::uint32_t i = 0; i < library.plugin_count; ++i) {
    const ipr_plugin_desc* desc = library.plugins[i];
    if (desc != nullptr && (desc->kind < IPR_KIND_ENVIRONMENT || desc->kind > IPR_KIND_POLICY))
      continue;  // a kind of a later host
    IPR_ASSIGN(Manifest manifest, read_descriptor(desc, path));
    IPR_TRY(check_schema(path + ": " + manifest.subject(), manifest.schema));
    found.push_back(std::move(manifest));
  }
  return found;
}

Json manifest_to_json(const Manifest& m) {
  return {{"kind", static_cast<std::uint32_t>(m.kind)},
          {"flags", m.flags},
          {"id", m.id},
          {"name", m.name},
          {"version", m.version},
          {"license", m.license},
          {"summary", m.summary},
          {"schema", m.schema},
          {"path", m.path}};
}

Manifest manifest_from_json(const Json& json) {
  Manifest m;
  m.kind = static_cast<Kind>(json.at("kind").get<std::uint32_t>());
  m.flags = json.at("flags").get<std::uint32_t>();
  m.id = json.at("id").get<std::string>();
  m.name = json.at("name").get<std::string>();
  m.version = json.at("version").get<std::string>();
  m.license = json.at("license").get<std::string>();
  m.summary = json.at("summary").get<std::string>();
  m.schema = json.at("schema");
  m.path = json.at("path").get<std::string>();
  return m;
}

}  // namespace ipr::plugin
