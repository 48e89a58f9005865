// The real games and golden records of the shared folder.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "engine/game.h"

namespace alfworld::test {

// The text of a file; throws if it cannot be read.
[[nodiscard]] std::string file_text(const std::string& path);

// The records of a `.jsonl.gz`.
[[nodiscard]] std::vector<ipr::Json> golden_records(const std::string& path);

// Paths of all `game.tw-pddl` below a folder, sorted.
[[nodiscard]] std::vector<std::string> game_files(const std::string& folder);

[[nodiscard]] std::shared_ptr<const Game> read_game_file(const std::string& path, TextVersion version);

}  // namespace alfworld::test
