// What is done with a model's folder without running the model.
#pragma once

#include <map>
#include <string>

#include "core/base/status.h"

namespace ipr::host {

// What a checkpoint folder holds beside config and weights, tokenizer and generation settings, as they are: name to
// contents. Those of its base for a PEFT folder without a tokenizer.
[[nodiscard]] Result<std::map<std::string, std::string>> other_files(const std::string& folder);

// `model inspect`: prints config, sizes and tensors; of a PEFT folder those of the base, and the change.
[[nodiscard]] Status inspect_model(const std::string& path, bool json);

// `model merge`: writes the full checkpoint of a PEFT folder, W + scale B A, to `out`, which must not be there yet, and
// prints what it is. The tokenizer goes along.
[[nodiscard]] Status merge_model(const std::string& folder, const std::string& out, bool json);

}  // namespace ipr::host
