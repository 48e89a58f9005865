#include "core/model/checkpoint.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/files.h"
#include "core/base/folders.h"
#include "core/base/parallel.h"
#include "core/model/gguf.h"
#include "core/model/gguf_model.h"
#include "core/model/model_folder.h"
#include "core/model/peft_folder.h"
#include "core/model/safetensors.h"

namespace ipr::model {
namespace fs = std::filesystem;
namespace {

bool is_gguf(const std::string& path) {
  return fs::path(path).extension() == ".gguf";
}

Status model_is_pickle(const std::string& path) {
  return pickle_refused(path, "transformers' AutoModelForCausalLM.from_pretrained(…).save_pretrained(FOLDER)");
}

Result<LlamaConfig> read_config(const std::string& path) {
  IPR_ASSIGN(const Json json, read_config_file(path));
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
    file->file->forget({tensor->bytes, bytes_of(*tensor)});
  });
  Weights weights{std::move(config), {}, {}, {}};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    IPR_TRY(faults[i]);
    weights.tensors.emplace(wanted[i].second->name, std::move(read[i]));
  }
  return weights;
}

// A folder without safetensors: what is there instead?
Status nothing_to_read(const std::string& folder) {
  if (const auto pickles = files_of(folder, is_pickle); !pickles.empty()) return model_is_pickle(pickles.front());
  return bad_data(folder + ": neither model.safetensors nor model.safetensors.index.json" +
                  (files_of(folder, is_gguf).empty() ? " nor a GGUF file is here; not a checkpoint folder?"
                                                     : " is here, and more than one GGUF file; give the file instead"));
}

// The file that a folder's weights are read from, or the index of the files.
std::string source_of(const std::string& folder) {
  const std::string file = folder + "/model.safetensors";
  std::error_code ignored;
  return fs::exists(file, ignored) ? file : file + ".index.json";
}

Result<std::vector<SafetensorsFile>> open_all_safetensors(const std::string& folder) {
  const std::string source = source_of(folder);
  std::error_code ignored;
  if (!fs::exists(source, ignored)) return nothing_to_read(folder);
  if (source.ends_with(".index.json")) return open_sharded_safetensors(source);
  IPR_ASSIGN(SafetensorsFile file, open_safetensors(source));
  std::vector<SafetensorsFile> files;
  files.push_back(std::move(file));
  return files;
}

Status fill(const std::string& folder, const Weights& weights, const std::map<std::string, std::string>& files) {
  IPR_TRY(write_file(folder + "/config.json", config_to_json(weights.config).dump(2) + "\n"));
  IPR_TRY(write_files(folder, files));
  std::map<std::string, Tensor> tensors = weights.tensors;
  for (auto& [name, tensor] : tensors) tensor.values = tensor.values.as_f32();
  if (weights.value_head) IPR_TRY(save_value_head(folder, *weights.value_head));
  return write_safetensors(folder + "/model.safetensors", tensors);
}

// The base that a PEFT folder names, with its change.
Result<Weights> load_with_base(const std::string& folder, Precision precision) {
  IPR_ASSIGN(const std::string base, find_peft_base(folder));
  if (is_peft_folder(base))
    return bad_data(folder + ": its base " + base +
                    " is a PEFT folder itself; merge that first (ipr-host model merge)");
  IPR_ASSIGN(Weights weights, load_checkpoint(base, precision));
  IPR_ASSIGN(weights.lora, load_peft(folder, weights.config));
  return weights;
}

}  // namespace

std::optional<std::string> gguf_of(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return is_gguf(path) ? std::optional(path) : std::nullopt;
  for (const char* other : {"model.safetensors", "model.safetensors.index.json"}) {
    if (fs::exists(fs::path(path) / other, ignored)) return std::nullopt;
  }
  const std::vector<std::string> files = files_of(path, is_gguf);
  return files.size() == 1 ? std::optional(files.front()) : std::nullopt;
}

bool is_stored_narrow(const std::string& path) {
  if (is_peft_folder(path)) {
    const Result<std::string> base = find_peft_base(path);
    return base.ok() && !is_peft_folder(*base) && is_stored_narrow(*base);
  }
  const auto any_narrow = [](const std::vector<StoredTensor>& tensors) {
    return std::any_of(tensors.begin(), tensors.end(), [](const StoredTensor& tensor) {
      return tensor.shape.size() > 1 && tensor.type != ElementType::kF32;
    });
  };
  if (const std::optional<std::string> gguf = gguf_of(path)) {
    const Result<GgufFile> file = GgufFile::open(*gguf);
    return file.ok() && any_narrow(file->tensors());
  }
  const Result<std::vector<SafetensorsFile>> files = open_all_safetensors(path);
  return files.ok() && std::any_of(files->begin(), files->end(),
                                   [&](const SafetensorsFile& file) { return any_narrow(file.tensors); });
}

Result<Weights> load_checkpoint(const std::string& path, Precision precision) {
  if (is_peft_folder(path)) return load_with_base(path, precision);
  if (const std::optional<std::string> gguf = gguf_of(path)) return load_gguf(*gguf);
  std::error_code ignored;
  if (fs::exists(path, ignored) && !fs::is_directory(path, ignored)) {
    if (is_pickle(path)) return model_is_pickle(path);
    return bad_data(path + ": is neither a checkpoint folder nor a GGUF file");
  }
  IPR_ASSIGN(LlamaConfig config, read_config(path + "/config.json"));
  IPR_ASSIGN(const std::vector<SafetensorsFile> files, open_all_safetensors(path));
  return load_safetensors(std::move(config), files, source_of(path), precision);
}

Status save_checkpoint(const std::string& folder, const Weights& weights,
                       const std::map<std::string, std::string>& files) {
  IPR_TRY(check_weights(weights, folder));
  if (weights.lora) return save_peft(folder, weights, files);
  return write_folder(folder, [&](const std::string& fresh) { return fill(fresh, weights, files); });
}

}  // namespace ipr::model
