// A run's folder before the run works in it: whose it is, how far it is, and that nobody else is at it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"

namespace ipr::host {

// Is there a run's record? Code::kData if not.
[[nodiscard]] Status check_is_run(const std::string& folder);

// How a table calls a run: the folder's own name, or its path where another of `all` has the same.
[[nodiscard]] std::string run_name(const std::string& folder, const std::vector<std::string>& all);

// What two documents say differently, as "; seed is 1 there, 2 here; …", by their dotted keys, the first few of them.
[[nodiscard]] std::string differences(const Json& there, const Json& here);

enum class FolderState { kFresh, kBegun, kFinished };

// What lies in the run's folder. `resolved` is the config.json that this command would write. Code::kUsage where the
// folder holds a run of another config, with the values that differ: a folder holds one run.
[[nodiscard]] Result<FolderState> look_at_folder(const std::string& folder, const Json& resolved);

// Holds the folder for one process (flock on run.lock in it), until destroyed or the process ends in any way. A folder
// that was made for the lock and got nothing else (the run was refused) goes with it.
class FolderLock {
 public:
  // Makes the folder if need be. Code::kFailed where another process holds it.
  [[nodiscard]] static Result<FolderLock> take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  FolderLock(int file, std::string made) : file_(file), made_(std::move(made)) {}
  int file_;
  std::string made_;  // the folder, where it was not there before
};

}  // namespace ipr::host
