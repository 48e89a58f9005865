// A file system for SQLite that has no files: sorts and temporary tables that outgrow the page cache spill to memory,
// within a budget; everything else cannot be opened. So nothing a statement does can reach the disk.
//
// Registered once per process beside SQLite's own, which stays the default of other users.
#pragma once

#include <cstdint>

namespace intercodesql::sqlite {

// Registers the file system at the first call. Thread-safe.
[[nodiscard]] const char* memory_vfs_name();

// While it lives, temporary files of this thread may hold `bytes` together; a write beyond fails with SQLITE_FULL. One
// at a time per thread. Without one, nothing may be written.
class SpillBudget {
 public:
  explicit SpillBudget(std::int64_t bytes);
  ~SpillBudget();
  SpillBudget(const SpillBudget&) = delete;
  SpillBudget& operator=(const SpillBudget&) = delete;
};

}  // namespace intercodesql::sqlite
