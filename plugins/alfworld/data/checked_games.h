// Games that have been read in full once, known again by their text, so that thousands of files need not be read anew
// at every start. What is known is kept in the plugin's cache folder; without it nothing is lost but time.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

namespace alfworld {

class CheckedGames {
 public:
  // An empty folder: nothing is kept from start to start.
  explicit CheckedGames(const std::string& cache_folder);

  // Reads the game `file` of this text unless the same text was read before. Throws what read_game throws. Safe on any
  // thread.
  void check(std::string_view text, const std::string& file);

  // Keeps what is known for the next start. That it cannot be written is no error.
  void save();

 private:
  std::string kept_;  // the file, or empty
  std::mutex mutex_;
  std::unordered_set<std::uint64_t> known_;  // digests of good texts
  bool is_saved_ = true;
};

}  // namespace alfworld
