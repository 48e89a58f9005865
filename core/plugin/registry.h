// Which plugins there are, and where.
//
// Search order: --plugin-path, $IPR_PLUGIN_PATH (colon list), the user's data folder, the installation's own folder.
// The same kind and id twice: the first wins and the other is named in `warnings`. Libraries are looked into by a child
// process (a broken one cannot stop the host) and the answers are kept in the cache folder by path, time and size.
#pragma once

#include <string>
#include <vector>

#include "core/plugin/library.h"

namespace ipr::plugin {

struct Registry {
  std::vector<Manifest> plugins;      // sorted by kind, then id
  std::vector<std::string> warnings;  // libraries left out, and why
};

// `extra_folders` come first (--plugin-path; each a folder or one library file).
[[nodiscard]] Registry find_plugins(const std::vector<std::string>& extra_folders);

// Code::kUsage with the nearest id, or the warning that concerns this id (Code::kPlugin).
[[nodiscard]] Result<Manifest> find_plugin(const Registry& registry, Kind kind, const std::string& id);

// Looks into one library in a child process with a time limit. What ends the child is part of the error.
[[nodiscard]] Result<std::vector<Manifest>> scan_library(const std::string& path);

// The installation's own plugin folder.
[[nodiscard]] std::string bundled_plugin_folder();

}  // namespace ipr::plugin
