// Where the games lie: the generation folder below --data, and the game files of its splits.
//
//   <data>/[json_2.1.3/]<split>/<task_type>-<Object>-<MovableRecep|None>-<Receptacle>-<FloorPlan>/<trial>/game.tw-pddl
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alfworld {

// The folders below `data` that hold splits, the wanted one first. `data` is one itself, or holds some; then
// `generation` chooses, or, where it is empty, json_2.1.3 before all others. Throws sdk::Failure (IPR_DATA_LOSS) that
// says what was looked for.
[[nodiscard]] std::vector<std::string> generation_folders(const std::string& data, const std::string& generation);

// One game file and the parts of its name. The floor plan is what stands behind the last `-` of the task folder.
struct GamePath {
  std::string id;    // "<split>/<task folder>/<trial>"
  std::string path;  // of the file
  std::string family, floor_plan, trial;
};

// The name's parts, whether there is such a file or not; nothing unless `id` has three of them, none empty, "." or
// "..".
[[nodiscard]] std::optional<GamePath> game_path(const std::string& generation_folder, std::string_view id);

// Why the reference's loader would not offer a game of this name (`movable`, `Sliced`, a task type that is none of the
// six), or null.
[[nodiscard]] const char* reason_to_skip(const GamePath& game);

[[nodiscard]] bool is_task_type(std::string_view name);
// The six, separated by commas.
[[nodiscard]] std::string task_types();

[[nodiscard]] bool has_split(const std::string& generation_folder, const std::string& split);

// The games of a split by the bytes of their ids. Two levels are read, whatever links there are, so that a loop of them
// ends. What cannot be read is named in `problems`, with the reason, and left out.
[[nodiscard]] std::vector<GamePath> list_games(const std::string& generation_folder, const std::string& split,
                                               std::vector<std::string>& problems);

}  // namespace alfworld
