#include "core/plugin/registry.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "core/base/files.h"
#include "core/base/strings.h"
#include "core/plugin/child.h"

namespace ipr::plugin {
namespace fs = std::filesystem;
namespace {

// What one library held when it was last looked into. Keyed by path; void if time or size differ.
class ScanCache {
 public:
  ScanCache()
      : path_(cache_folder() + "/plugins-" + std::to_string(IPR_ABI_MAJOR) + "." + std::to_string(IPR_ABI_MINOR) +
              ".json") {
    Result<Json> read = read_json(path_);
    if (read.ok() && read->is_object()) entries_ = std::move(read).value();
  }
  // Writing is best effort: an unwritable cache only costs time.
  ~ScanCache() {
    if (!changed_) return;
    if (make_folder(cache_folder()).ok()) (void)write_file(path_, entries_.dump());
  }
  ScanCache(const ScanCache&) = delete;
  ScanCache& operator=(const ScanCache&) = delete;

  [[nodiscard]] const Json* find(const std::string& file, const std::string& stamp) const {
    const auto found = entries_.find(file);
    return found != entries_.end() && found->value("stamp", "") == stamp ? &*found : nullptr;
  }
  void store(const std::string& file, const std::string& stamp, const std::vector<Manifest>& manifests) {
    Json list = Json::array();
    for (const Manifest& manifest : manifests) list.push_back(manifest_to_json(manifest));
    entries_[file] = {{"stamp", stamp}, {"plugins", std::move(list)}};
    changed_ = true;
  }

 private:
  std::string path_;
  Json entries_ = Json::object();
  bool changed_ = false;
};

std::string stamp_of(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return {};
  return std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + ":" +
         std::to_string(info.st_size);
}

std::vector<std::string> libraries_in(const std::string& place) {
  std::error_code error;
  if (fs::is_regular_file(place, error)) return {fs::absolute(place).string()};
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(place, error)) {
    if (entry.path().extension() == ".so") files.push_back(fs::absolute(entry.path()).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> search_path(std::vector<std::string> places) {
  if (const char* variable = std::getenv("IPR_PLUGIN_PATH"); variable != nullptr) {
    std::istringstream list(variable);
    for (std::string place; std::getline(list, place, ':');) {
      if (!place.empty()) places.push_back(place);
    }
  }
  const char* xdg = std::getenv("XDG_DATA_HOME");
  const char* home = std::getenv("HOME");
  const std::string user =
      xdg != nullptr && *xdg != '\0' ? xdg : std::string(home == nullptr ? "" : home) + "/.local/share";
  places.push_back(user + "/ipr-host/plugins/1");
  places.push_back(bundled_plugin_folder());
  return places;
}

Result<std::vector<Manifest>> cached_scan(ScanCache& cache, const std::string& file) {
  const std::string stamp = stamp_of(file);
  if (const Json* entry = cache.find(file, stamp); entry != nullptr) {
    try {
      std::vector<Manifest> found;
      for (const Json& item : entry->at("plugins")) found.push_back(manifest_from_json(item));
      return found;
    } catch (const Json::exception&) {  // a cache of another build: look again
    }
  }
  IPR_ASSIGN(std::vector<Manifest> found, scan_library(file));
  cache.store(file, stamp, found);
  return found;
}

}  // namespace

std::string bundled_plugin_folder() {
  // <prefix>/bin/ipr-host beside <prefix>/lib[/<arch>]/ipr-host/plugins/1; the build tree has the same form.
  const fs::path prefix = fs::path(program_folder()).parent_path();
  for (const char* libdir : {IPR_LIBDIR, "lib"}) {
    const fs::path folder = prefix / libdir / "ipr-host/plugins/1";
    if (fs::is_directory(folder)) return folder.string();
  }
  return (prefix / "lib/ipr-host/plugins/1").string();
}

Result<std::vector<Manifest>> scan_library(const std::string& path) {
  const Result<std::string> answer = run_in_child(
      [&path]() -> std::string {
        Json reply = {{"error", ""}, {"plugins", Json::array()}};
        const Result<const ipr_library*> library = open_library(path);
        if (!library.ok()) return dump_line({{"error", library.status().message()}});
        const Result<std::vector<Manifest>> found = manifests(**library, path);
        if (!found.ok()) return dump_line({{"error", found.status().message()}});
        for (const Manifest& manifest : *found) reply["plugins"].push_back(manifest_to_json(manifest));
        return dump_line(reply);
      },
      ChildLimits{});
  if (!answer.ok())
    return plugin_error(path + ": " + answer.status().message() + " while being looked into; rebuild or remove it");
  IPR_ASSIGN(const Json reply, parse_json(*answer, path));
  if (const std::string error = reply.value("error", ""); !error.empty()) return plugin_error(error);
  std::vector<Manifest> found;
  for (const Json& item : reply.at("plugins")) found.push_back(manifest_from_json(item));
  return found;
}

Registry find_plugins(const std::vector<std::string>& extra_folders) {
  Registry registry;
  ScanCache cache;
  for (const std::string& place : search_path(extra_folders)) {
    for (const std::string& file : libraries_in(place)) {
      const Result<std::vector<Manifest>> found = cached_scan(cache, file);
      if (!found.ok()) {
        registry.warnings.push_back(found.status().message());
        continue;
      }
      for (const Manifest& manifest : *found) {
        const auto same = std::find_if(registry.plugins.begin(), registry.plugins.end(), [&](const Manifest& other) {
          return other.kind == manifest.kind && other.id == manifest.id;
        });
        if (same == registry.plugins.end()) {
          registry.plugins.push_back(manifest);
        } else if (same->path != manifest.path) {
          registry.warnings.push_back(manifest.path + ": " + manifest.subject() + " is hidden by " + same->path);
        }
      }
    }
  }
  std::sort(registry.plugins.begin(), registry.plugins.end(),
            [](const Manifest& a, const Manifest& b) { return std::pair(a.kind, a.id) < std::pair(b.kind, b.id); });
  return registry;
}

Result<Manifest> find_plugin(const Registry& registry, Kind kind, const std::string& id) {
  std::vector<std::string> known;
  for (const Manifest& manifest : registry.plugins) {
    if (manifest.kind != kind) continue;
    if (manifest.id == id) return manifest;
    known.push_back(manifest.id);
  }
  for (const std::string& warning : registry.warnings) {
    if (warning.find("-" + id + ".so") != std::string::npos) return plugin_error(warning);
  }
  return usage(std::string("unknown ") + kind_name(kind) + " \"" + id + "\"" + did_you_mean(id, known) +
               "; see `ipr-host plugin list`");
}

}  // namespace ipr::plugin
