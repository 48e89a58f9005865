#include "data/checked_games.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/digest.h"
#include "engine/game.h"

namespace alfworld {
namespace {

// To be raised when the readers refuse more than before.
constexpr const char* kFile = "/checked-games-1.txt";
constexpr std::size_t kMostKept = 100'000;

std::uint64_t digest_of(std::string_view text) {
  engine::Digest digest;
  digest.add(text);
  return digest.value();
}

}  // namespace

CheckedGames::CheckedGames(const std::string& cache_folder) {
  if (cache_folder.empty()) return;
  kept_ = cache_folder + kFile;
  std::ifstream file(kept_);
  std::uint64_t digest = 0;
  while (file >> std::hex >> digest) known_.insert(digest);
}

void CheckedGames::check(std::string_view text, const std::string& file) {
  const std::uint64_t digest = digest_of(text);
  {
    const std::lock_guard lock(mutex_);
    if (known_.count(digest) > 0) return;
  }
  static_cast<void>(read_game(text, file, TextVersion::kOld));
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMostKept) known_.clear();
  known_.insert(digest);
  is_saved_ = false;
}

void CheckedGames::save() {
  const std::lock_guard lock(mutex_);
  if (kept_.empty() || is_saved_) return;
  // Under another name first, so that no reader meets half a file.
  const std::string half = kept_ + '.' + std::to_string(getpid()) + ".part";
  std::ofstream file(half);
  file << std::hex;
  for (const std::uint64_t digest : known_) file << digest << '\n';
  file.close();
  std::error_code failed;
  if (file) std::filesystem::rename(half, kept_, failed);
  if (!file || failed) std::filesystem::remove(half, failed);
  is_saved_ = true;
}

}  // namespace alfworld
