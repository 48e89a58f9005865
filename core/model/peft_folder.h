// LoRA changes in the folders of Hugging Face's peft: adapter_config.json and adapter_model.safetensors.
//
// A folder holds the change alone and names its base. What would change the numbers and is not built here (DoRA, ranks
// by pattern, trained biases or embeddings, …) is refused by the name of its key.
#pragma once

#include <map>
#include <string>

#include "core/base/status.h"
#include "core/model/weights.h"

namespace ipr::model {

// There is an adapter_config.json.
[[nodiscard]] bool is_peft_folder(const std::string& path);

// Where the base of a PEFT folder is: base_model_name_or_path as it is, if absolute; else from the folder, else from
// the working directory. Code::kData says where it was looked for.
[[nodiscard]] Result<std::string> find_peft_base(const std::string& folder);

// Reads the change, f32 whatever the file's type, checked against the config of the base, which need not be there: then
// Lora::base is what the file says, else its absolute path. Code::kData names file and key or tensor. A pickle
// (adapter_model.bin) is never opened.
[[nodiscard]] Result<Lora> load_peft(const std::string& folder, const LlamaConfig& config);

// Writes weights.lora and `files` (name to contents: the tokenizer's), as a whole as save_checkpoint() does; peft loads
// it over the base. Precondition: check_weights(weights) is ok, weights.lora is set.
[[nodiscard]] Status save_peft(const std::string& folder, const Weights& weights,
                               const std::map<std::string, std::string>& files);

}  // namespace ipr::model
