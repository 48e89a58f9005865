// What the folders of models have in common, full checkpoints and PEFT's: small JSON files, and pickles that are never
// opened.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace ipr::model {

// The endings that torch.save() is used with.
[[nodiscard]] bool is_pickle(const std::string& path);
// Code::kData: is never read; `convert` says how to make safetensors of it.
[[nodiscard]] Status pickle_refused(const std::string& path, const std::string& convert);

// The files of a folder that `wanted` says yes to, by name. Empty where there is no such folder.
[[nodiscard]] std::vector<std::string> files_of(const std::string& folder,
                                                const std::function<bool(const std::string& path)>& wanted);

// A config.json or adapter_config.json. Code::kData where it is larger than any such file.
[[nodiscard]] Result<Json> read_config_file(const std::string& path);

// `files` (name to contents) into `folder`. Code::kFailed if a name is none.
[[nodiscard]] Status write_files(const std::string& folder, const std::map<std::string, std::string>& files);

}  // namespace ipr::model
