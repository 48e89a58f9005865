#include "core/base/folders.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/base/files.h"

namespace ipr {
namespace fs = std::filesystem;
namespace {

// The same error, told of the folder that the user knows instead of the temporary one beside it.
Status told_of(const std::string& folder, const std::string& fresh, const Status& status) {
  std::string message = status.message();
  if (const auto at = message.find(fresh); at != std::string::npos) message.replace(at, fresh.size(), folder);
  return {status.code(), message};
}

// Puts `fresh` in the place of `folder`, which may exist. Afterwards `fresh` is gone or holds the old contents.
Status put_in_place(const std::string& fresh, const std::string& folder) {
  if (::rename(fresh.c_str(), folder.c_str()) == 0) return {};
  // A folder with contents cannot be renamed over; the two change names in one step where the file system can.
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) == 0) return {};
  const std::string old = folder + ".old." + std::to_string(::getpid());
  std::error_code ignored;
  if (::rename(folder.c_str(), old.c_str()) == 0) {
    if (::rename(fresh.c_str(), folder.c_str()) == 0) {
      fs::remove_all(old, ignored);
      return {};
    }
    (void)::rename(old.c_str(), folder.c_str());
  }
  return failed(folder + ": cannot rename the new folder into place: " + std::strerror(errno) +
                "; choose another folder");
}

}  // namespace

Status write_folder(const std::string& folder, const std::function<Status(const std::string& fresh)>& fill) {
  std::string target = folder;
  while (target.size() > 1 && target.back() == '/') target.pop_back();
  const std::string fresh = target + ".tmp." + std::to_string(::getpid());
  std::error_code ignored;
  fs::remove_all(fresh, ignored);  // of a killed process that had our number
  Status status = make_folder(fresh);
  if (status.ok()) status = fill(fresh);
  if (status.ok()) status = put_in_place(fresh, target);
  fs::remove_all(fresh, ignored);
  if (!status.ok()) return told_of(target, fresh, status);
  const fs::path parent = fs::path(target).parent_path();
  if (const int fd = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); fd >= 0) {
    (void)::fsync(fd);  // best effort: not every file system can
    ::close(fd);
  }
  return {};
}

}  // namespace ipr
