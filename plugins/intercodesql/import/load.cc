#include "import/load.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "import/mysql_dump.h"
#include "import/spider.h"
#include "ipr/plugin.hpp"

namespace intercodesql {
namespace {

namespace fs = std::filesystem;

// FNV-1a.
class Fingerprint {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  }
  [[nodiscard]] std::string text() const {
    std::array<char, 20> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(value_));
    return digits.data();
  }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325u;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw ipr::sdk::Failure(IPR_DATA_LOSS, path + ": cannot be read");
  return std::move(text).str();
}

// Of a folder the names, sizes and times of its files stand for their content.
std::string fingerprint_of_folder(const std::string& folder) {
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    lines.push_back(entry.path().string() + '\n' + std::to_string(entry.file_size()) + '\n' +
                    std::to_string(entry.last_write_time().time_since_epoch().count()));
  }
  std::sort(lines.begin(), lines.end());
  Fingerprint fingerprint;
  for (const std::string& line : lines) fingerprint.add(line);
  return fingerprint.text();
}

// Under another name first, so that no reader meets half a cache.
void write_cache(const std::string& path, const std::string& packed) {
  const std::string half = path + '.' + std::to_string(getpid()) + ".part";
  const int file = open(half.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return;
  std::size_t written = 0;
  while (written < packed.size()) {
    const ssize_t count = write(file, packed.data() + written, packed.size() - written);
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  const bool whole = written == packed.size() && fsync(file) == 0;
  close(file);
  std::error_code ignored;
  if (whole) fs::rename(half, path, ignored);
  if (!whole || ignored) fs::remove(half, ignored);
}

std::vector<StoredDatabase> store_all(std::vector<DatabaseContents> contents) {
  std::vector<StoredDatabase> databases;
  databases.reserve(contents.size());
  for (DatabaseContents& one : contents) databases.push_back(store(std::move(one)));
  return databases;
}

}  // namespace

std::vector<StoredDatabase> load_databases(const std::string& path, const std::string& cache_folder) {
  if (!fs::exists(path)) {
    throw ipr::sdk::Failure(IPR_NOT_FOUND, path + ": no such file; give a MySQL dump or a folder in Spider's layout");
  }
  const bool is_folder = fs::is_directory(path);
  const std::string dump = is_folder ? std::string() : read_file(path);
  std::string cache;
  if (!cache_folder.empty()) {
    Fingerprint fingerprint;
    fingerprint.add(dump);
    cache = cache_folder + "/databases-" + (is_folder ? fingerprint_of_folder(path) : fingerprint.text()) + ".bin";
    if (fs::exists(cache)) {
      auto found = unpack_databases(read_file(cache));
      if (!found.empty()) return found;
    }
  }
  auto databases = store_all(is_folder ? read_spider(path) : read_mysql_dump(dump, path));
  if (!cache.empty()) write_cache(cache, pack_databases(databases));
  return databases;
}

}  // namespace intercodesql
