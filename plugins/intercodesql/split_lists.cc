#include "split_lists.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "ipr/plugin.hpp"
#include "json_records.h"

namespace intercodesql {
namespace {

namespace fs = std::filesystem;
using ipr::sdk::Failure;

constexpr std::string_view kEnd = "_indices.json";
constexpr std::array<std::pair<std::string_view, std::uint32_t>, 3> kRoles = {
    {{"train", IPR_SPLIT_TRAIN}, {"dev", IPR_SPLIT_DEV}, {"test", IPR_SPLIT_TEST}}};

[[noreturn]] void bad_places(const std::string& what) {
  throw Failure(IPR_INVALID_ARGUMENT, "intercodesql: split lists: " + what);
}

std::uint32_t role_of(const std::string& name, const std::string& file) {
  for (const auto& [word, role] : kRoles) {
    if (name.find(word) != std::string::npos) return role;
  }
  bad_places(file + ": the name \"" + name + "\" must hold train, dev or test, to say what it lists");
}

std::vector<fs::path> files_of(const std::string& places) {
  std::vector<fs::path> files;
  if (fs::is_directory(places)) {
    for (const auto& entry : fs::directory_iterator(places)) {
      if (entry.path().filename().string().ends_with(kEnd)) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  for (std::size_t start = 0; start <= places.size();) {
    const std::size_t end = std::min(places.find(',', start), places.size());
    if (end > start) files.emplace_back(places.substr(start, end - start));
    start = end + 1;
  }
  return files;
}

std::string name_of(const fs::path& file) {
  const std::string name = file.filename().string();
  for (const std::string_view end : {kEnd, std::string_view(".json")}) {
    if (name.ends_with(end)) return name.substr(0, name.size() - end.size());
  }
  return name;
}

bool is_index(const Record& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= std::numeric_limits<std::uint32_t>::max();
}

SplitList read_list(const Record& values, const std::string& name, const std::string& file) {
  SplitList list{name, file, role_of(name, file), {}};
  std::unordered_set<std::uint32_t> seen;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!is_index(values[i])) {
      throw Failure(IPR_DATA_LOSS, "intercodesql: " + file + ": element " + std::to_string(i + 1) +
                                       ": expected a task index, found " + values[i].dump());
    }
    const auto index = values[i].get<std::uint32_t>();
    if (seen.insert(index).second) list.indices.push_back(index);
  }
  return list;
}

bool is_list(const Record& value) {
  return value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_index);
}

}  // namespace

std::vector<SplitList> read_split_lists(const std::string& places) {
  std::vector<SplitList> lists;
  for (const fs::path& file : files_of(places)) {
    const std::string path = file.string();
    const Record document = parse_document(read_text(path), path);
    if (document.is_array()) lists.push_back(read_list(document, name_of(file), path));
    if (!document.is_object()) continue;
    for (const auto& [name, value] : document.items()) {
      if (is_list(value)) lists.push_back(read_list(value, name, path));
    }
  }
  if (lists.empty()) bad_places(places + ": holds no list of task indices");
  return lists;
}

}  // namespace intercodesql
