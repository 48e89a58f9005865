#include "data/folder.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "ipr/plugin.hpp"

namespace alfworld {
namespace {

namespace fs = std::filesystem;
using ipr::sdk::Failure;

constexpr const char* kGameFile = "game.tw-pddl";
constexpr std::array<const char*, 4> kSplits = {"train", "valid_seen", "valid_unseen", "valid_train"};
constexpr std::array<const char*, 3> kGenerations = {"json_2.1.3", "json_2.1.2", "json_2.1.1"};  // by preference
constexpr std::array<std::string_view, 6> kTaskTypes = {
    "pick_and_place_simple",         "look_at_obj_in_light",          "pick_clean_then_place_in_recep",
    "pick_heat_then_place_in_recep", "pick_cool_then_place_in_recep", "pick_two_obj_and_place"};

bool holds_splits(const fs::path& folder) {
  return std::any_of(kSplits.begin(), kSplits.end(),
                     [&](const char* split) { return has_split(folder.string(), split); });
}

// The names of the folders in `folder`, sorted.
std::vector<std::string> folders_in(const fs::path& folder, std::vector<std::string>& problems) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code unknown;  // a link that leads nowhere, or to itself
    if (entry->is_directory(unknown)) names.push_back(entry->path().filename().string());
    if (unknown) problems.push_back(entry->path().string() + ": " + unknown.message());
  }
  if (error) problems.push_back(folder.string() + ": " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

bool has_split(const std::string& generation_folder, const std::string& split) {
  std::error_code error;
  return fs::is_directory(fs::path(generation_folder) / split, error);
}

std::vector<std::string> generation_folders(const std::string& data, const std::string& generation) {
  if (holds_splits(data)) return {data};
  std::vector<std::string> found;
  for (const char* name : kGenerations) {
    const fs::path folder = fs::path(data) / name;
    if (!holds_splits(folder)) continue;
    found.insert(name == generation ? found.begin() : found.end(), folder.string());
  }
  if (found.empty()) {
    throw Failure(IPR_DATA_LOSS,
                  data +
                      ": holds no games; give ALFWorld's folder with train/, valid_seen/ or valid_unseen/, or one "
                      "that holds it as json_2.1.3 or json_2.1.1");
  }
  if (!generation.empty() && fs::path(found.front()).filename() != generation) {
    throw Failure(IPR_DATA_LOSS, data + ": holds no " + generation + " (env.generation), only " +
                                     fs::path(found.front()).filename().string() + "; choose that, or another --data");
  }
  return found;
}

std::optional<GamePath> game_path(const std::string& generation_folder, std::string_view id) {
  std::array<std::string_view, 3> parts;
  std::string_view rest = id;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto end = i + 1 < parts.size() ? rest.find('/') : rest.size();
    if (end == std::string_view::npos) return std::nullopt;
    parts[i] = rest.substr(0, end);
    if (parts[i].empty() || parts[i] == "." || parts[i] == "..") return std::nullopt;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const std::string_view unfit("/\0", 2);
  if (parts[2].find_first_of(unfit) != std::string_view::npos || id.find('\0') != std::string_view::npos)
    return std::nullopt;
  GamePath game;
  game.id = id;
  game.path = (fs::path(generation_folder) / id / kGameFile).string();
  game.family = parts[1].substr(0, parts[1].find('-'));
  game.floor_plan = parts[1].substr(parts[1].rfind('-') + 1);
  game.trial = parts[2];
  return game;
}

const char* reason_to_skip(const GamePath& game) {
  if (game.id.find("movable") != std::string::npos) return "of a movable receptacle";
  if (game.id.find("Sliced") != std::string::npos) return "of a sliced object";
  return is_task_type(game.family) ? nullptr : "of an unknown task type";
}

bool is_task_type(std::string_view name) {
  return std::find(kTaskTypes.begin(), kTaskTypes.end(), name) != kTaskTypes.end();
}

std::string task_types() {
  std::string text;
  for (const std::string_view type : kTaskTypes) text.append(text.empty() ? "" : ", ").append(type);
  return text;
}

std::vector<GamePath> list_games(const std::string& generation_folder, const std::string& split,
                                 std::vector<std::string>& problems) {
  std::vector<GamePath> games;
  const fs::path folder = fs::path(generation_folder) / split;
  for (const std::string& task : folders_in(folder, problems)) {
    for (const std::string& trial : folders_in(folder / task, problems)) {
      std::optional<GamePath> game = game_path(generation_folder, split + "/" + task + "/" + trial);
      std::error_code error;
      const fs::file_status status = fs::status(game->path, error);
      if (status.type() == fs::file_type::not_found) continue;
      if (fs::is_regular_file(status)) {
        games.push_back(*std::move(game));
      } else {
        problems.push_back(game->path + ": " + (error ? error.message() : "is no file"));
      }
    }
  }
  std::sort(games.begin(), games.end(), [](const GamePath& a, const GamePath& b) { return a.id < b.id; });
  return games;
}

}  // namespace alfworld
