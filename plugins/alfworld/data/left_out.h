// What a data folder holds that no agent is offered, for one warning.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace alfworld {

class LeftOut {
 public:
  // `reason` goes on from "N games": "of a sliced object", "not solvable".
  void add(const std::string& reason, std::string game) { by_reason_[reason].push_back(std::move(game)); }
  // A whole sentence about one file or folder.
  void add_fault(std::string fault) { faults_.push_back(std::move(fault)); }

  // One line each for the skipped and the faulty, naming a few; none where there is nothing to say.
  [[nodiscard]] std::vector<std::string> lines(const std::string& folder) const;

 private:
  std::map<std::string, std::vector<std::string>> by_reason_;
  std::vector<std::string> faults_;
};

}  // namespace alfworld
