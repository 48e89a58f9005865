#include "core/base/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace ipr {
namespace fs = std::filesystem;
namespace {

// Owns a file descriptor; close errors matter only after writing, where fsync has already reported them.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string reason() {
  return std::strerror(errno);
}

bool write_all(int fd, std::string_view contents) {
  while (!contents.empty()) {
    const ssize_t n = ::write(fd, contents.data(), contents.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    contents.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return bad_data(path + ": cannot open: " + reason());
  std::string contents;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return bad_data(path + ": cannot read: " + reason());
    if (n == 0) return contents;
    contents.append(buffer, static_cast<std::size_t>(n));
  }
}

Status write_file(const std::string& path, std::string_view contents) {
  return write_file_parts(path, std::span(&contents, 1));
}

Status write_file_parts(const std::string& path, std::span<const std::string_view> parts) {
  const std::string temporary = path + ".tmp." + std::to_string(::getpid());
  const auto give_up = [&](const char* what) {
    const Status status = failed(path + ": " + what + ": " + reason() + "; free space or choose another folder");
    ::unlink(temporary.c_str());
    return status;
  };
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file.ok()) return failed(path + ": cannot create: " + reason() + "; choose a folder you can write to");
    for (const std::string_view part : parts) {
      if (!write_all(file.get(), part)) return give_up("cannot write");
    }
    if (::fsync(file.get()) != 0) return give_up("cannot flush to disk");
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up("cannot rename into place");
  const fs::path parent = fs::path(path).parent_path();
  const Descriptor folder(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.ok()) (void)::fsync(folder.get());  // best effort: not every file system can
  return {};
}

Status make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return failed(path + ": cannot make folder: " + error.message() + "; choose a folder you can write to");
  return {};
}

Status check_can_make(const std::string& path) {
  std::error_code error;
  fs::path folder = fs::absolute(path, error).parent_path();
  while (!fs::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  const std::string probe = (folder / (".ipr-host-probe." + std::to_string(::getpid()))).string();
  const int file = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    return failed(path + ": cannot be made in " + folder.string() + ": " + std::strerror(errno) +
                  "; choose a place you can write to");
  ::close(file);
  ::unlink(probe.c_str());
  return {};
}

std::string program_folder() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? std::string(".") : self.parent_path().string();
}

std::string cache_folder() {
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg != '\0')
    return std::string(xdg) + "/ipr-host";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr && *home != '\0' ? home : "/tmp") + "/.cache/ipr-host";
}

}  // namespace ipr
