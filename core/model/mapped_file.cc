#include "core/model/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ipr::model {

Result<MappedFile> MappedFile::open(const std::string& path) {
  // Not blocking: a named pipe would wait for a writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return bad_data(path + ": cannot open: " + std::strerror(errno));
  struct stat about {};
  MappedFile file;
  file.path_ = path;
  Status status;
  if (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    status = bad_data(path + ": is no regular file; give the model's file or folder");
  } else if (about.st_size > 0) {
    const auto size = static_cast<std::size_t>(about.st_size);
    void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED) {
      status = failed(path + ": cannot map: " + std::strerror(errno));
    } else {
      file.data_ = static_cast<const char*>(mapped);
      file.size_ = size;
    }
  }
  ::close(fd);
  if (!status.ok()) return status;
  return file;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::forget(std::string_view part) const {
  // Whole pages only: others hold the neighbours' bytes.
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto from = static_cast<std::size_t>(part.data() - data_);
  const std::size_t first = (from + page - 1) / page * page, last = (from + part.size()) / page * page;
  if (first < last) (void)::madvise(const_cast<char*>(data_) + first, last - first, MADV_DONTNEED);
}

}  // namespace ipr::model
