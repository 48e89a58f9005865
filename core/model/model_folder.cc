#include "core/model/model_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/base/files.h"
#include "core/model/mapped_file.h"

namespace ipr::model {
namespace fs = std::filesystem;
namespace {

// No such file comes near it; as values in memory JSON takes many times its text.
constexpr std::size_t kLargestConfig = std::size_t{1} << 20;

}  // namespace

bool is_pickle(const std::string& path) {
  const std::string ending = fs::path(path).extension().string();
  return ending == ".bin" || ending == ".pt" || ending == ".pth" || ending == ".ckpt" || ending == ".pkl";
}

Status pickle_refused(const std::string& path, const std::string& convert) {
  return bad_data(path +
                  ": is a pickle, which may run code when it is opened, and is never read; convert it to safetensors: "
                  "in Python, " +
                  convert);
}

std::vector<std::string> files_of(const std::string& folder,
                                  const std::function<bool(const std::string& path)>& wanted) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (wanted(entry.path().string())) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<Json> read_config_file(const std::string& path) {
  IPR_ASSIGN(const MappedFile text, MappedFile::open(path));
  if (text.bytes().size() > kLargestConfig) {
    return bad_data(path + ": " + std::to_string(text.bytes().size()) + " bytes are more than any model's " +
                    fs::path(path).filename().string() + "; fetch it again");
  }
  return parse_json(text.bytes(), path);
}

Status write_files(const std::string& folder, const std::map<std::string, std::string>& files) {
  for (const auto& [name, contents] : files) {
    if (name.empty() || name.find('/') != std::string::npos)
      return failed(folder + ": \"" + name + "\" is no file name");
    IPR_TRY(write_file(folder + "/" + name, contents));
  }
  return {};
}

}  // namespace ipr::model
