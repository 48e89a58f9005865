#include "data/file_text.h"

#include <filesystem>
#include <fstream>

#include "ipr/plugin.hpp"

namespace alfworld {

std::string read_text(const std::string& path) {
  const auto fail = [&path](const std::string& what) { throw ipr::sdk::Failure(IPR_DATA_LOSS, path + ": " + what); };
  std::error_code error;
  const bool regular = std::filesystem::is_regular_file(path, error);  // reading a pipe would wait for ever
  if (error) fail(error.message());
  if (!regular) fail("is no file");
  const auto size = std::filesystem::file_size(path, error);
  if (error) fail(error.message());
  std::string text(size, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file || !file.read(text.data(), static_cast<std::streamsize>(size))) fail("cannot be read");
  return text;
}

}  // namespace alfworld
