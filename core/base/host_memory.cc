#include "core/base/host_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace ipr {
namespace {

constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::max();

// The number behind `name` in a file of names and numbers; of a file that holds a number alone with an empty name.
std::int64_t number_in(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  std::int64_t number = 0;
  if (name.empty()) return file >> number ? number : kUnknown;
  std::string word;
  for (std::string rest; file >> word; std::getline(file, rest)) {
    if (word == name && file >> number) return number;
  }
  return kUnknown;
}

// Left of a control group's limit. Pages of files can be had back at any time and do not count as used.
std::int64_t left_of(const std::string& limit_file, const std::string& used_file, const std::string& facts_file,
                     const std::string& file_pages) {
  const std::int64_t limit = number_in(limit_file, ""), used = number_in(used_file, "");
  const std::int64_t pages = number_in(facts_file, file_pages);
  if (limit == kUnknown || used == kUnknown) return kUnknown;
  return std::max<std::int64_t>(limit - used + (pages == kUnknown ? 0 : pages), 1);
}

}  // namespace

std::int64_t available_memory() {
  const std::int64_t kib = number_in("/proc/meminfo", "MemAvailable:");
  const std::string v1 = "/sys/fs/cgroup/memory/memory.", v2 = "/sys/fs/cgroup/memory.";
  const std::int64_t least = std::min(
      {kib == kUnknown ? kUnknown : kib * 1024, left_of(v2 + "max", v2 + "current", v2 + "stat", "inactive_file"),
       left_of(v1 + "limit_in_bytes", v1 + "usage_in_bytes", v1 + "stat", "total_inactive_file")});
  return least == kUnknown ? 0 : least;
}

}  // namespace ipr
