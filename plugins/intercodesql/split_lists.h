// Published splits: lists of task indices, each of which makes a split of its name.
//
// A file holds a JSON array of indices, and the split is called as the file without `_indices.json` or `.json`; or an
// object, and each member that is an array of indices makes a split of its name. The role is the word `train`, `dev` or
// `test` in that name. An index named twice in one list counts once. Nothing here asks whether the tasks exist.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace intercodesql {

struct SplitList {
  std::string name, file;
  std::uint32_t role = 0;  // IPR_SPLIT_*
  std::vector<std::uint32_t> indices;
};

// `places`: one folder, of which all files `*_indices.json` are read, or files separated by commas. Throws
// sdk::Failure: IPR_INVALID_ARGUMENT for places without a list and for a name without a role, IPR_DATA_LOSS for a file
// that is no list.
[[nodiscard]] std::vector<SplitList> read_split_lists(const std::string& places);

}  // namespace intercodesql
