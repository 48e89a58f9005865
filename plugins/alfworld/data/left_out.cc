#include "data/left_out.h"

#include <algorithm>

namespace alfworld {
namespace {

std::string a_few(const std::vector<std::string>& names, std::size_t most, const char* separator) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) text += (i > 0 ? separator : "") + names[i];
  if (names.size() > most) text += separator + std::string("and ") + std::to_string(names.size() - most) + " more";
  return text;
}

}  // namespace

std::vector<std::string> LeftOut::lines(const std::string& folder) const {
  std::vector<std::string> found;
  std::string skipped;
  for (const auto& [reason, games] : by_reason_)
    skipped += (skipped.empty() ? "" : "; ") + std::to_string(games.size()) + " " + reason + " (" +
               a_few(games, 2, ", ") + ")";
  if (!skipped.empty()) found.push_back(folder + ": games that are not offered: " + skipped);
  if (!faults_.empty())
    found.push_back(std::to_string(faults_.size()) + " left out below " + folder + ": " + a_few(faults_, 5, "; "));
  return found;
}

}  // namespace alfworld
