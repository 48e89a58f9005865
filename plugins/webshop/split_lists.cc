#include "split_lists.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string_view>
#include <unordered_set>

#include "ipr/plugin.hpp"
#include "json_records.h"

namespace webshop {
namespace {

namespace fs = std::filesystem;
using ipr::sdk::Failure;

constexpr std::array<std::string_view, 3> kRoles = {"train", "dev", "test"};
constexpr std::string_view kEnd = "_indices.json";

[[noreturn]] void bad_places(const std::string& what) {
  throw Failure(IPR_INVALID_ARGUMENT, "webshop: split lists: " + what);
}

std::string list_name(const std::string& prefix, std::string_view role) {
  return prefix + std::string(role) + std::string(kEnd);
}

std::string choose_prefix(const fs::path& folder) {
  std::vector<std::string> prefixes;
  const std::string train = list_name("", "train");
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(train)) prefixes.push_back(name.substr(0, name.size() - train.size()));
  }
  if (prefixes.empty()) bad_places(folder.string() + " holds no " + train + "; name the files, separated by commas");
  for (const char* preferred : {"", "ipr_"}) {
    if (std::find(prefixes.begin(), prefixes.end(), preferred) != prefixes.end()) return preferred;
  }
  if (prefixes.size() > 1)
    bad_places(folder.string() + " holds several train lists; name the files, separated by commas");
  return prefixes[0];
}

std::vector<fs::path> files_of(const std::string& places) {
  std::vector<fs::path> files;
  if (fs::is_directory(places)) {
    const std::string prefix = choose_prefix(places);
    for (const std::string_view role : kRoles) {
      const fs::path file = fs::path(places) / list_name(prefix, role);
      if (role != "dev" || fs::exists(file)) files.push_back(file);
    }
    return files;
  }
  for (std::size_t start = 0; start <= places.size();) {
    const std::size_t end = std::min(places.find(',', start), places.size());
    if (end > start) files.emplace_back(places.substr(start, end - start));
    start = end + 1;
  }
  return files;
}

std::size_t role_of(const fs::path& file) {
  if (!fs::exists(file)) bad_places(file.string() + ": no such file or folder");
  const std::string name = file.filename().string();
  for (std::size_t role = 0; role < kRoles.size(); ++role) {
    if (name.find(kRoles[role]) != std::string::npos) return role;
  }
  bad_places(file.string() + ": the file's name must hold train, dev or test, to say what it lists");
}

void read_list(const fs::path& path, std::vector<std::uint32_t>& sessions, std::vector<std::string>& remarks) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Failure(IPR_DATA_LOSS, "webshop: " + path.string() + ": cannot be read; give a list of sessions");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::unordered_set<std::uint32_t> seen;
  std::string repeated;
  for_each_in_array(text, path.string(), [&](std::size_t index, const std::string&, Record& entry) {
    if (!entry.is_number_unsigned() || entry.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
      throw Failure(IPR_DATA_LOSS, "webshop: " + path.string() + ": element " + std::to_string(index + 1) +
                                       ": expected a session number, found " + entry.dump());
    }
    const auto session = entry.get<std::uint32_t>();
    if (seen.insert(session).second) {
      sessions.push_back(session);
    } else {
      repeated += (repeated.empty() ? "" : ", ") + std::to_string(session);
    }
  });
  if (!repeated.empty()) remarks.push_back(path.filename().string() + ": named twice and counted once: " + repeated);
}

}  // namespace

SplitLists read_split_lists(const std::string& places) {
  SplitLists lists;
  std::array<bool, 3> given{};
  for (const fs::path& file : files_of(places)) {
    const std::size_t role = role_of(file);
    if (given.at(role)) bad_places(file.string() + ": a second list of the role " + std::string(kRoles.at(role)));
    given.at(role) = true;
    read_list(file, lists.sessions.at(role), lists.remarks);
  }
  if (!given[0] || !given[2]) bad_places(places + ": give a train and a test list");
  return lists;
}

}  // namespace webshop
