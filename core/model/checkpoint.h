// Checkpoints: plain Hugging Face folders with config.json, model.safetensors (or a sharded index) and tokenizer files.
#pragma once

#include <map>
#include <string>

#include "core/base/status.h"
#include "core/model/weights.h"

namespace ipr::model {

// Reads config and weights; every tensor is checked against the config. Buffers that are no weights (rotary
// frequencies) and a copy of a tied head are left out. Code::kData names file and tensor.
[[nodiscard]] Result<Weights> load_checkpoint(const std::string& folder);

// Writes config.json, model.safetensors (F32) and `files` (name to contents: the tokenizer's) as one whole: a folder
// beside is filled, flushed and renamed, so that `folder` is always absent or complete, the old one or the new. An
// existing folder is replaced, with all that is in it. Equal weights and files give equal bytes. Parents are made.
[[nodiscard]] Status save_checkpoint(const std::string& folder, const Weights& weights,
                                     const std::map<std::string, std::string>& files);

}  // namespace ipr::model
