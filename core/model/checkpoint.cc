#include "core/model/checkpoint.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/base/files.h"
#include "core/model/safetensors.h"

namespace ipr::model {
namespace fs = std::filesystem;
namespace {

void drop_derived(Weights& weights) {
  if (weights.config.tie_word_embeddings) weights.tensors.erase("lm_head.weight");
  std::erase_if(weights.tensors, [](const auto& item) { return item.first.ends_with("rotary_emb.inv_freq"); });
}

// The same error, told of the folder that the user knows instead of the temporary one beside it.
Status told_of(const std::string& folder, const std::string& fresh, const Status& status) {
  std::string message = status.message();
  if (const auto at = message.find(fresh); at != std::string::npos) message.replace(at, fresh.size(), folder);
  return {status.code(), message};
}

Status fill(const std::string& folder, const Weights& weights, const std::map<std::string, std::string>& files) {
  IPR_TRY(write_file(folder + "/config.json", config_to_json(weights.config).dump(2) + "\n"));
  for (const auto& [name, contents] : files) IPR_TRY(write_file(folder + "/" + name, contents));
  return write_safetensors(folder + "/model.safetensors", weights.tensors);
}

// Puts `fresh` in the place of `folder`, which may exist. Afterwards `fresh` is gone or holds the old contents.
Status put_in_place(const std::string& fresh, const std::string& folder) {
  if (::rename(fresh.c_str(), folder.c_str()) == 0) return {};
  // A folder with contents cannot be renamed over; the two change names in one step where the file system can.
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) == 0) return {};
  const std::string old = folder + ".old." + std::to_string(::getpid());
  std::error_code ignored;
  if (::rename(folder.c_str(), old.c_str()) == 0) {
    if (::rename(fresh.c_str(), folder.c_str()) == 0) {
      fs::remove_all(old, ignored);
      return {};
    }
    (void)::rename(old.c_str(), folder.c_str());
  }
  return failed(folder + ": cannot rename the new checkpoint into place: " + std::strerror(errno) +
                "; choose another folder");
}

}  // namespace

Result<Weights> load_checkpoint(const std::string& folder) {
  const std::string config_file = folder + "/config.json";
  IPR_ASSIGN(const Json json, read_json(config_file));
  Weights weights;
  IPR_ASSIGN(weights.config, config_from_json(json, config_file));
  std::string file = folder + "/model.safetensors";
  if (fs::exists(file)) {
    IPR_ASSIGN(weights.tensors, read_safetensors(file));
  } else if (fs::exists(file + ".index.json")) {
    file += ".index.json";
    IPR_ASSIGN(weights.tensors, read_sharded_safetensors(file));
  } else {
    return bad_data(folder +
                    ": neither model.safetensors nor model.safetensors.index.json is here; not a checkpoint folder?");
  }
  drop_derived(weights);
  IPR_TRY(check_weights(weights, file));
  return weights;
}

Status save_checkpoint(const std::string& folder, const Weights& weights,
                       const std::map<std::string, std::string>& files) {
  IPR_TRY(check_weights(weights, folder));
  for (const auto& [name, contents] : files) {
    if (name.empty() || name.find('/') != std::string::npos)
      return failed(folder + ": \"" + name + "\" is no file name");
  }
  std::string target = folder;
  while (target.size() > 1 && target.back() == '/') target.pop_back();
  const std::string fresh = target + ".tmp." + std::to_string(::getpid());
  std::error_code ignored;
  fs::remove_all(fresh, ignored);  // of a killed process that had our number
  Status status = make_folder(fresh);
  if (status.ok()) status = fill(fresh, weights, files);
  if (status.ok()) status = put_in_place(fresh, target);
  fs::remove_all(fresh, ignored);
  if (!status.ok()) return told_of(target, fresh, status);
  const fs::path parent = fs::path(target).parent_path();
  if (const int fd = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); fd >= 0) {
    (void)::fsync(fd);  // best effort: not every file system can
    ::close(fd);
  }
  return {};
}

}  // namespace ipr::model
