// Checkpoints: plain Hugging Face folders with config.json, model.safetensors (or a sharded index) and tokenizer files,
// or PEFT folders (peft_folder.h) of a LoRA change; to read also GGUF files.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/status.h"
#include "core/model/weights.h"

namespace ipr::model {

// Reads config and weights from a checkpoint folder, a GGUF file, or a folder whose only model is one GGUF file; of a
// PEFT folder the base that it names and the change, Weights::lora. Every tensor is checked against the config, and
// every value for being finite. Buffers that are no weights (rotary frequencies) and a copy of a tied head are left
// out. Memory is spent only on tensors that the file really holds. Code::kData names file and tensor. A pickle
// (pytorch_model.bin, .pt) is never opened: the error says how to convert.
enum class Precision {
  kF32,       // every number as f32 in memory of its own: to be trained
  kAsStored,  // plain types stay in the mapped file, which must not change meanwhile: a base that stays as it is
};
[[nodiscard]] Result<Weights> load_checkpoint(const std::string& path, Precision precision = Precision::kF32);

// Does a model's file hold its matrices in fewer than 32 bits per number? Of a PEFT folder its base. False where it
// cannot be read: load_checkpoint() then says why.
[[nodiscard]] bool is_stored_narrow(const std::string& path);

// The GGUF file that load_checkpoint(path) reads; nothing if it reads safetensors, or would fail.
[[nodiscard]] std::optional<std::string> gguf_of(const std::string& path);

// Writes config.json, model.safetensors (F32) and `files` (name to contents: the tokenizer's) as one whole: a folder
// beside is filled, flushed and renamed, so that `folder` is always absent or complete, the old one or the new. An
// existing folder is replaced, with all that is in it. Equal weights and files give equal bytes. Parents are made.
// Where weights.lora is set a PEFT folder is written instead, with the change alone. A value head goes along as a file
// of its own (value_head.h), which load_checkpoint() does not read.
[[nodiscard]] Status save_checkpoint(const std::string& folder, const Weights& weights,
                                     const std::map<std::string, std::string>& files);

}  // namespace ipr::model
