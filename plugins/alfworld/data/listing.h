// The tasks of a data folder: which games count, in which splits.
//
// Splits by role: `valid_seen` and `valid_unseen` are test, each a split of its own; dev is held out of the train games
// by task folder, or is `valid_train`; the rest of `train` is train. A folder without `train` trains on `valid_train`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "data/folder.h"
#include "data/task_set.h"
#include "ipr/plugin.hpp"

namespace alfworld {

struct DataSettings {
  std::string generation;            // json_2.1.x, or empty: by preference
  std::set<std::string> task_types;  // empty: all six
  bool valid_train_is_dev = false;
  std::uint64_t split_seed = 1;  // of the held-out dev games
  // Looks closely at the text of a game that would be offered, of file `path`, and throws sdk::Failure where it is
  // broken inside. Called from many threads. Empty: a scan is enough.
  std::function<void(std::string_view text, const std::string& path)> check;
};

// Reads the folder once. Afterwards immutable but for find(), which is safe on any thread.
class DataFolder {
 public:
  // Walks the splits and scans their files on the host's threads. Logs what is left out: names that the reference
  // skips, unsolvable games, files without the key `solvable`, broken and unreadable ones. Throws sdk::Failure where
  // there is no game at all.
  DataFolder(const std::string& data, const DataSettings& settings, const ipr::sdk::Host& host);

  [[nodiscard]] const TaskSet& tasks() const { return tasks_; }

  // Any game below the data folder, whether its split is loaded or not, by its id or a path that ends in it, with or
  // without `game.tw-pddl`. A generation named before the id is looked into first, then the chosen one, then the
  // others. Names that the splits skip are found, too. Null if there is no such file. Throws sdk::Failure
  // (IPR_DATA_LOSS) where the file is broken or its key `solvable` is not true.
  [[nodiscard]] const GameTask* find(std::string_view id) const;

 private:
  [[nodiscard]] std::optional<GamePath> locate(std::string_view id) const;

  std::vector<std::string> generations_;  // folders, the chosen one first
  TaskSet tasks_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::unique_ptr<const GameTask>> others_;  // by id; beside the loaded splits
};

// Whole task folders for dev, in an order drawn from the seed, while they fit into `most` games. Sorted by id.
struct HeldOut {
  std::vector<GamePath> dev, train;
};
[[nodiscard]] HeldOut hold_out(std::vector<GamePath> games, std::size_t most, std::uint64_t seed);

}  // namespace alfworld
