// The arrows of the architecture, read from the sources. Runs in the root of the repository.
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace fs = std::filesystem;

namespace {

using Folders = std::set<std::string>;

// What a folder of core/ may include besides itself.
const std::map<std::string, Folders> kMayInclude = {
    {"base", {}},
    {"plugin", {"base"}},
    {"env", {"plugin", "base"}},
    {"check", {"env", "plugin", "base"}},
    {"text", {"base"}},
    {"model", {"text", "base"}},
    {"store", {"base"}},
    {"rollout", {"env", "model", "text", "plugin", "base"}},
    {"train", {"model", "plugin", "base"}},
    {"report", {"store", "base"}},
    {"loop", {"report", "train", "rollout", "store", "model", "text", "env", "plugin", "base"}},
    {"host", {"loop", "report", "train", "rollout", "store", "model", "text", "check", "env", "plugin", "base"}}};

std::vector<fs::path> sources_below(const std::string& folder) {
  const std::set<std::string> kinds = {".h", ".hpp", ".c", ".cc", ".inc"};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && kinds.count(entry.path().extension().string()) > 0) files.push_back(entry.path());
  }
  return files;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The project's own headers that a file includes.
std::vector<std::string> includes_of(const fs::path& path) {
  static const std::regex kInclude(
      "(?:^|\\n)[ \\t]*#[ \\t]*include[ \\t]*[\"<]((?:core|ipr|plugins|examples|tests)/[^\">]+)[\">]");
  const std::string text = text_of(path);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), kInclude), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

// Without // and /* */ comments; good enough for our own sources.
std::string without_comments(std::string text) {
  static const std::regex kComment("//[^\\n]*");
  for (std::size_t begin; (begin = text.find("/*")) != std::string::npos;) {
    const std::size_t end = text.find("*/", begin);
    text.erase(begin, end == std::string::npos ? std::string::npos : end + 2 - begin);
  }
  return std::regex_replace(text, kComment, "");
}

}  // namespace

TEST_CASE("every folder of core/ has its place in the order of layers", "[abi][arrows]") {
  REQUIRE(fs::is_directory("core"));
  for (const auto& entry : fs::directory_iterator("core")) {
    if (entry.is_directory()) CHECK(kMayInclude.count(entry.path().filename().string()) == 1);
  }
}

TEST_CASE("includes inside core/ only point downwards", "[abi][arrows]") {
  for (const auto& [folder, below] : kMayInclude) {
    for (const fs::path& file : sources_below("core/" + folder)) {
      for (const std::string& include : includes_of(file)) {
        INFO(file.string() << " includes " << include);
        const std::string top = include.substr(0, include.find('/'));
        REQUIRE((top == "core" || top == "ipr"));
        if (top == "ipr") continue;  // the contract with plugins stands below everything
        const std::string rest = include.substr(5), target = rest.substr(0, rest.find('/'));
        CHECK((target == folder || below.count(target) == 1));
      }
    }
  }
}

TEST_CASE("plugins, examples and the SDK include nothing of core/", "[abi][arrows]") {
  for (const char* folder : {"plugins", "examples", "sdk"}) {
    for (const fs::path& file : sources_below(folder)) {
      for (const std::string& include : includes_of(file)) {
        INFO(file.string() << " includes " << include);
        CHECK(include.starts_with("ipr/"));
      }
    }
  }
}

TEST_CASE("core/ knows no environment by name", "[abi][arrows]") {
  const std::regex name("webshop|gridworld|alfworld|intercode", std::regex::icase);
  for (const fs::path& file : sources_below("core")) {
    if (file == fs::path("core/host/options.cc")) continue;  // examples in help texts
    const std::string code = without_comments(text_of(file));
    std::smatch found;
    INFO(file.string() << " names " << (std::regex_search(code, found, name) ? found.str() : ""));
    CHECK(found.empty());
  }
}
