#include "core/host/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>

#include "core/base/files.h"

namespace ipr::host {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShownDifferences = 8;
constexpr const char* kLockFile = "/run.lock";

// "optimizer.settings.beta" from a JSON pointer "/optimizer/settings/beta"; a slash inside a key is "~1" there.
std::string dotted(std::string pointer) {
  pointer.erase(0, 1);
  for (char& c : pointer) {
    if (c == '/') c = '.';
  }
  for (std::size_t at = 0; (at = pointer.find("~1", at)) != std::string::npos; ++at) pointer.replace(at, 2, "/");
  return pointer;
}

std::string value_at(const Json& flat, const std::string& key) {
  const auto found = flat.find(key);
  return found == flat.end() ? "absent" : found->dump();
}

}  // namespace

std::string differences(const Json& there, const Json& here) {
  const Json before = there.flatten(), now = here.flatten();
  std::set<std::string> keys;
  for (const Json* config : {&before, &now}) {
    for (const auto& [key, value] : config->items()) keys.insert(key);
  }
  std::string text;
  std::size_t count = 0;
  for (const std::string& key : keys) {
    const std::string old_value = value_at(before, key), new_value = value_at(now, key);
    if (old_value == new_value || ++count > kShownDifferences) continue;
    text += "; " + dotted(key) + " is " + old_value + " there, " + new_value + " here";
  }
  if (count > kShownDifferences) text += "; and " + std::to_string(count - kShownDifferences) + " more";
  return text;
}

std::string run_name(const std::string& folder, const std::vector<std::string>& all) {
  const auto resolved = [](const std::string& path) {
    std::error_code error;  // a path that cannot be resolved is named as it is
    return fs::weakly_canonical(path, error);
  };
  const fs::path own = resolved(folder);
  const bool shared = std::any_of(all.begin(), all.end(), [&](const std::string& other) {
    return resolved(other) != own && resolved(other).filename() == own.filename();
  });
  return shared ? folder : own.filename().string();
}

Status check_is_run(const std::string& folder) {
  for (const char* file : {"run.db", "config.json"}) {
    if (!std::filesystem::exists(folder + "/" + file))
      return bad_data(folder + ": is no run folder (it holds no " + file + ")");
  }
  return {};
}

Result<FolderState> look_at_folder(const std::string& folder, const Json& resolved) {
  if (!std::filesystem::exists(folder + "/config.json")) return FolderState::kFresh;
  IPR_ASSIGN(const Json there, read_json(folder + "/config.json"));
  if (!there.is_object() || !there.contains("config") || !there.contains("hash"))
    return bad_data(folder + "/config.json: is no config of a run; give another --out");
  if (there["hash"] != resolved.at("hash")) {
    return usage("--out " + folder + ": holds a run of another config" +
                 differences(there["config"], resolved.at("config")) + "; give another --out");
  }
  return std::filesystem::exists(folder + "/certificate.json") ? FolderState::kFinished : FolderState::kBegun;
}

Result<FolderLock> FolderLock::take(const std::string& folder) {
  const bool is_new = !std::filesystem::exists(folder);
  IPR_TRY(make_folder(folder));
  const std::string path = folder + kLockFile;
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0)
    return failed(path + ": cannot open: " + std::strerror(errno) + "; choose a folder you can write to with --out");
  FolderLock lock(file, is_new ? folder : std::string());
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return lock;
  lock.made_.clear();  // it is somebody else's
  if (errno == EWOULDBLOCK) {
    return failed("--out " + folder + ": another process works on this run; wait for its end, or give another --out");
  }
  return failed(path + ": cannot lock: " + std::strerror(errno) +
                "; choose a folder on another file system with --out");
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : file_(std::exchange(other.file_, -1)), made_(std::move(other.made_)) {}

FolderLock::~FolderLock() {
  if (file_ < 0) return;
  std::error_code ignored;
  const std::filesystem::directory_iterator first(made_, ignored);
  if (!made_.empty() && std::distance(first, std::filesystem::directory_iterator()) == 1) {
    std::filesystem::remove(made_ + kLockFile, ignored);
    std::filesystem::remove(made_, ignored);
  }
  ::close(file_);
}

}  // namespace ipr::host
