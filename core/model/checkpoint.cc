#include "core/model/checkpoint.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/parallel.h"
#include "core/model/gguf_model.h"
#include "core/model/safetensors.h"

namespace ipr::model {
namespace fs = std::filesystem;
namespace {

// No config.json comes near it; as values in memory JSON takes many times its text.
constexpr std::size_t kLargestConfig = std::size_t{1} << 20;

bool has_ending(const fs::path& path, std::initializer_list<const char*> endings) {
  return std::find(endings.begin(), endings.end(), path.extension().string()) != endings.end();
}

bool is_pickle(const fs::path& path) {
  return has_ending(path, {".bin", ".pt", ".pth", ".ckpt", ".pkl"});
}

Status pickle_refused(const std::string& path) {
  return bad_data(path +
                  ": is a pickle, which may run code when it is opened, and is never read; convert it to safetensors: "
                  "in Python, transformers' AutoModelForCausalLM.from_pretrained(…).save_pretrained(FOLDER)");
}

// The files of a folder that `wanted` says yes to, by name.
template <typename Wanted>
std::vector<std::string> files_of(const std::string& folder, const Wanted& wanted) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (wanted(entry.path())) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<LlamaConfig> read_config(const std::string& path) {
  IPR_ASSIGN(const MappedFile text, MappedFile::open(path));
  if (text.bytes().size() > kLargestConfig) {
    return bad_data(path + ": " + std::to_string(text.bytes().size()) +
                    " bytes are more than any model's config.json; fetch it again");
  }
  IPR_ASSIGN(const Json json, parse_json(text.bytes(), path));
  return config_from_json(json, path);
}

bool is_derived(const LlamaConfig& config, const std::string& name) {
  return name.ends_with("rotary_emb.inv_freq") || (config.tie_word_embeddings && name == "lm_head.weight");
}

// `source` names the file, or the index of the files.
Result<Weights> load_safetensors(LlamaConfig config, const std::vector<SafetensorsFile>& files,
                                 const std::string& source, Precision precision) {
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const SafetensorsFile& file : files) {
    for (const StoredTensor& tensor : file.tensors) {
      if (!is_derived(config, tensor.name)) shapes[tensor.name] = tensor.shape;
    }
  }
  IPR_TRY(check_shapes(config, shapes, source));
  std::vector<std::pair<const SafetensorsFile*, const StoredTensor*>> wanted;
  for (const SafetensorsFile& file : files) {
    for (const StoredTensor& tensor : file.tensors) {
      if (shapes.contains(tensor.name)) wanted.emplace_back(&file, &tensor);
    }
  }
  std::vector<Tensor> read(wanted.size());
  std::vector<Status> faults(wanted.size());
  for_each_in_parallel(wanted.size(), [&](std::size_t i) {
    const auto& [file, tensor] = wanted[i];
    read[i] = precision == Precision::kF32 ? expand(*tensor) : keep(*tensor, file->file);
    faults[i] = check_finite(tensor->name, read[i], file->file->path());
  });
  Weights weights{std::move(config), {}, {}};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    IPR_TRY(faults[i]);
    weights.tensors.emplace(wanted[i].second->name, std::move(read[i]));
  }
  return weights;
}

// A folder without safetensors: what is there instead?
Status nothing_to_read(const std::string& folder) {
  if (const auto pickles = files_of(folder, is_pickle); !pickles.empty()) return pickle_refused(pickles.front());
  return bad_data(folder + ": neither model.safetensors nor model.safetensors.index.json" +
                  (files_of(folder, [](const fs::path& path) { return has_ending(path, {".gguf"}); }).empty()
                       ? " nor a GGUF file is here; not a checkpoint folder?"
                       : " is here, and more than one GGUF file; give the file instead"));
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

std::optional<std::string> gguf_of(const std::string& path) {
  const auto is_gguf = [](const fs::path& file) { return has_ending(file, {".gguf"}); };
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return is_gguf(path) ? std::optional(path) : std::nullopt;
  for (const char* other : {"model.safetensors", "model.safetensors.index.json"}) {
    if (fs::exists(fs::path(path) / other, ignored)) return std::nullopt;
  }
  const std::vector<std::string> files = files_of(path, is_gguf);
  return files.size() == 1 ? std::optional(files.front()) : std::nullopt;
}

Result<Weights> load_checkpoint(const std::string& path, Precision precision) {
  if (const std::optional<std::string> gguf = gguf_of(path)) return load_gguf(*gguf);
  std::error_code ignored;
  if (fs::exists(path, ignored) && !fs::is_directory(path, ignored)) {
    if (is_pickle(path)) return pickle_refused(path);
    return bad_data(path + ": is neither a checkpoint folder nor a GGUF file");
  }
  IPR_ASSIGN(LlamaConfig config, read_config(path + "/config.json"));
  const std::string file = path + "/model.safetensors";
  std::vector<SafetensorsFile> files;
  if (fs::exists(file, ignored)) {
    IPR_ASSIGN(SafetensorsFile opened, open_safetensors(file));
    files.push_back(std::move(opened));
    return load_safetensors(std::move(config), files, file, precision);
  }
  const std::string index = file + ".index.json";
  if (!fs::exists(index, ignored)) return nothing_to_read(path);
  IPR_ASSIGN(files, open_sharded_safetensors(index));
  return load_safetensors(std::move(config), files, index, precision);
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
