// A disk that fails at one moment, for a program that knows nothing of it: LD_PRELOAD this library.
//
// Counts the calls that change what lies below a folder (write, pwrite, fsync, fdatasync, ftruncate, posix_fallocate,
// rename, mkdir, and open where it may create) and lets the k-th one fail. All others go to the system, so the program
// meets an error that it can clean up after, as on a disk that was full for a moment.
//
//   IPR_FAIL_BELOW   the folder: an absolute path without links
//   IPR_FAIL_AT      k, from 1; absent or 0: nothing fails, calls are only counted
//   IPR_FAIL_ERRNO   what the failing call answers: 28 (ENOSPC), 5 (EIO), …
//   IPR_FAIL_LOG     a file outside the folder that gets a line "call path" for each counted call
//
// Any thread. Children by fork go on counting from where their parent stood, each on its own.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> g_calls{0};  // the functions below are the system's: they have no object to keep it in

// The function that this library's one of the same name stands before.
template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

void log_call(const char* call, const char* path) {
  const char* log = std::getenv("IPR_FAIL_LOG");
  if (log == nullptr) return;
  static auto* const real_open = next<int(const char*, int, ...)>("open");
  static auto* const real_write = next<ssize_t(int, const void*, size_t)>("write");
  const int fd = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) return;
  char line[PATH_MAX + 32];
  const int length = std::snprintf(line, sizeof line, "%s %s\n", call, path);
  if (length > 0) (void)!real_write(fd, line, static_cast<size_t>(length));
  ::close(fd);
}

// Counts a call on `path`. True if it is to fail, errno set; otherwise errno is as it was.
bool fails(const char* call, const char* path) {
  const char* folder = std::getenv("IPR_FAIL_BELOW");
  const size_t length = folder == nullptr ? 0 : std::strlen(folder);
  if (length == 0 || std::strncmp(path, folder, length) != 0 || (path[length] != '/' && path[length] != '\0'))
    return false;
  const int before = errno;
  const char* at = std::getenv("IPR_FAIL_AT");
  const char* reason = std::getenv("IPR_FAIL_ERRNO");
  log_call(call, path);
  const bool failing = ++g_calls == (at == nullptr ? 0 : std::atol(at));
  errno = !failing ? before : reason == nullptr ? EIO : std::atoi(reason);
  return failing;
}

bool fails_at(const char* call, int folder, const char* path) {
  if (path[0] == '/') return fails(call, path);
  char here[PATH_MAX], whole[2 * PATH_MAX];
  if (folder != AT_FDCWD || ::getcwd(here, sizeof here) == nullptr) return false;
  std::snprintf(whole, sizeof whole, "%s/%s", here, path);
  return fails(call, whole);
}

bool fails_on(const char* call, int fd) {
  char link[64], path[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const int before = errno;
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  errno = before;
  if (length < 0) return false;
  path[length] = '\0';
  return fails(call, path);
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* from, size_t size) {
  static auto* const real = next<ssize_t(int, const void*, size_t)>("write");
  return fails_on("write", fd) ? -1 : real(fd, from, size);
}
ssize_t pwrite(int fd, const void* from, size_t size, off_t at) {
  static auto* const real = next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return fails_on("pwrite", fd) ? -1 : real(fd, from, size, at);
}
ssize_t pwrite64(int fd, const void* from, size_t size, off64_t at) {
  static auto* const real = next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return fails_on("pwrite", fd) ? -1 : real(fd, from, size, at);
}
int fsync(int fd) {
  static auto* const real = next<int(int)>("fsync");
  return fails_on("fsync", fd) ? -1 : real(fd);
}
int fdatasync(int fd) {
  static auto* const real = next<int(int)>("fdatasync");
  return fails_on("fsync", fd) ? -1 : real(fd);
}
int ftruncate(int fd, off_t size) noexcept {
  static auto* const real = next<int(int, off_t)>("ftruncate");
  return fails_on("ftruncate", fd) ? -1 : real(fd, size);
}
int ftruncate64(int fd, off64_t size) noexcept {
  static auto* const real = next<int(int, off64_t)>("ftruncate64");
  return fails_on("ftruncate", fd) ? -1 : real(fd, size);
}
int posix_fallocate(int fd, off_t at, off_t size) {  // this and the next answer with the error's number
  static auto* const real = next<int(int, off_t, off_t)>("posix_fallocate");
  return fails_on("posix_fallocate", fd) ? errno : real(fd, at, size);
}
int posix_fallocate64(int fd, off64_t at, off64_t size) {
  static auto* const real = next<int(int, off64_t, off64_t)>("posix_fallocate64");
  return fails_on("posix_fallocate", fd) ? errno : real(fd, at, size);
}
int rename(const char* from, const char* to) noexcept {
  static auto* const real = next<int(const char*, const char*)>("rename");
  return fails_at("rename", AT_FDCWD, to) ? -1 : real(from, to);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  static auto* const real = next<int(int, const char*, int, const char*, unsigned)>("renameat2");
  return fails_at("rename", to_folder, to) ? -1 : real(from_folder, from, to_folder, to, flags);
}
int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const real = next<int(const char*, mode_t)>("mkdir");
  return fails_at("mkdir", AT_FDCWD, path) ? -1 : real(path, mode);
}

// The mode is there only where a file may be made.
int open(const char* path, int flags, ...) {
  static auto* const real = next<int(const char*, int, ...)>("open");
  if ((flags & O_CREAT) == 0) return real(path, flags);
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return fails_at("open", AT_FDCWD, path) ? -1 : real(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  static auto* const real = next<int(const char*, int, ...)>("open64");
  if ((flags & O_CREAT) == 0) return real(path, flags);
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return fails_at("open", AT_FDCWD, path) ? -1 : real(path, flags, mode);
}

}  // extern "C"
