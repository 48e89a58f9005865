// Published splits: lists of session numbers, as IPR and ETO name the tasks they train and test on.
//
// A list is a JSON array of session numbers of the human goals (webshop.md section 3); its role is the word `train`,
// `dev` or `test` in the file's name. A session named twice in one list counts once. Nothing here asks whether the
// sessions exist or lists overlap: the plugin answers the first, the host refuses the second.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace webshop {

struct SplitLists {
  std::array<std::vector<std::uint32_t>, 3>
      sessions;                      // by role - 1 (IPR_SPLIT_TRAIN, _DEV, _TEST), in the list's order
  std::vector<std::string> remarks;  // sessions named twice, one line per file
};

// `places`: one folder, or files separated by commas. Of a folder: [P]train_indices.json, [P]test_indices.json and, if
// it is there, [P]dev_indices.json, where the prefix P is empty, else `ipr_`, else the only one.
// Throws sdk::Failure: IPR_INVALID_ARGUMENT for places that give no train and test list or two of a role, IPR_DATA_LOSS
// for a file that is no list.
[[nodiscard]] SplitLists read_split_lists(const std::string& places);

}  // namespace webshop
