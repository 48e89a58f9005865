#include "engine/memory_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

namespace intercodesql::sqlite {
namespace {

// Bytes the thread's temporary files may still take.
thread_local std::int64_t spill_left = 0;

// SQLite allocates szOsFile bytes and passes them as sqlite3_file; the content is owned by a pointer in them.
struct SpillFile {
  sqlite3_file base;
  std::string* content;
};

std::string& content_of(sqlite3_file* file) {
  return *reinterpret_cast<SpillFile*>(file)->content;
}

int close_file(sqlite3_file* file) {
  auto& spill = *reinterpret_cast<SpillFile*>(file);
  spill_left += static_cast<std::int64_t>(spill.content->size());
  delete spill.content;
  spill.content = nullptr;
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* out, int count, sqlite3_int64 offset) {
  const std::string& content = content_of(file);
  const auto size = static_cast<sqlite3_int64>(content.size());
  const sqlite3_int64 there = std::clamp<sqlite3_int64>(size - offset, 0, count);
  if (there > 0) std::memcpy(out, content.data() + offset, static_cast<std::size_t>(there));
  if (there == count) return SQLITE_OK;
  std::memset(static_cast<char*>(out) + there, 0, static_cast<std::size_t>(count - there));
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* in, int count, sqlite3_int64 offset) {
  std::string& content = content_of(file);
  const sqlite3_int64 end = offset + count;
  const sqlite3_int64 growth = end - static_cast<sqlite3_int64>(content.size());
  if (growth > 0) {
    if (growth > spill_left) return SQLITE_FULL;
    try {
      content.resize(static_cast<std::size_t>(end));
    } catch (const std::bad_alloc&) {
      return SQLITE_NOMEM;
    }
    spill_left -= growth;
  }
  std::memcpy(content.data() + offset, in, static_cast<std::size_t>(count));
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  std::string& content = content_of(file);
  if (static_cast<sqlite3_int64>(content.size()) > size) {
    spill_left += static_cast<std::int64_t>(content.size()) - size;
    content.resize(static_cast<std::size_t>(size));
  }
  return SQLITE_OK;
}

int sync_file(sqlite3_file*, int) {
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(content_of(file).size());
  return SQLITE_OK;
}

int lock_file(sqlite3_file*, int) {
  return SQLITE_OK;
}

int check_lock(sqlite3_file*, int* reserved) {
  *reserved = 0;
  return SQLITE_OK;
}

int control_file(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}
int sector_size(sqlite3_file*) {
  return 4096;
}
int device_characteristics(sqlite3_file*) {
  return 0;
}

const sqlite3_io_methods kFileMethods = [] {
  sqlite3_io_methods methods{};
  methods.iVersion = 1;
  methods.xClose = close_file;
  methods.xRead = read_file;
  methods.xWrite = write_file;
  methods.xTruncate = truncate_file;
  methods.xSync = sync_file;
  methods.xFileSize = file_size;
  methods.xLock = lock_file;
  methods.xUnlock = lock_file;
  methods.xCheckReservedLock = check_lock;
  methods.xFileControl = control_file;
  methods.xSectorSize = sector_size;
  methods.xDeviceCharacteristics = device_characteristics;
  return methods;
}();

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  // A temporary file has no name; whatever has one would be a file of the user's.
  if (name != nullptr || (flags & SQLITE_OPEN_DELETEONCLOSE) == 0) return SQLITE_CANTOPEN;
  auto& spill = *reinterpret_cast<SpillFile*>(file);
  spill.content = new (std::nothrow) std::string;
  if (spill.content == nullptr) return SQLITE_NOMEM;
  spill.base.pMethods = &kFileMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char*, int) {
  return SQLITE_IOERR_DELETE;
}

int access_file(sqlite3_vfs*, const char*, int, int* result) {
  *result = 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

// Reproducible: no statement of ours may depend on SQLite's own random numbers or clock.
int randomness(sqlite3_vfs*, int count, char* out) {
  std::memset(out, 0x5A, static_cast<std::size_t>(count));
  return count;
}

int sleep_not(sqlite3_vfs*, int) {
  return 0;
}

int current_time(sqlite3_vfs*, double* julian_day) {
  *julian_day = 2440587.5;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) {
  return 0;
}

}  // namespace

const char* memory_vfs_name() {
  static constexpr const char* kName = "intercodesql-memory";
  static const int registered = [] {
    static sqlite3_vfs vfs{};
    vfs.iVersion = 1;
    vfs.szOsFile = sizeof(SpillFile);
    vfs.mxPathname = 64;
    vfs.zName = kName;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    vfs.xAccess = access_file;
    vfs.xFullPathname = full_path;
    vfs.xRandomness = randomness;
    vfs.xSleep = sleep_not;
    vfs.xCurrentTime = current_time;
    vfs.xGetLastError = last_error;
    sqlite3_initialize();
    return sqlite3_vfs_register(&vfs, 0);
  }();
  static_cast<void>(registered);
  return kName;
}

SpillBudget::SpillBudget(std::int64_t bytes) {
  spill_left = bytes;
}

SpillBudget::~SpillBudget() {
  spill_left = 0;
}

}  // namespace intercodesql::sqlite
