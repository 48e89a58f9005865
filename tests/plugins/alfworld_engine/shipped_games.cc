#include "tests/plugins/alfworld_engine/shipped_games.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace alfworld::test {

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::vector<ipr::Json> golden_records(const std::string& path) {
  FILE* pipe = ::popen(("gzip -dc '" + path + "'").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run gzip");
  std::string text;
  char buffer[1 << 16];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  if (::pclose(pipe) != 0) throw std::runtime_error("gzip failed on " + path);
  std::vector<ipr::Json> records;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) records.push_back(ipr::Json::parse(line));
  return records;
}

std::vector<std::string> game_files(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == "game.tw-pddl") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::shared_ptr<const Game> read_game_file(const std::string& path, TextVersion version) {
  return read_game(file_text(path), path, version);
}

}  // namespace alfworld::test
