// Low-rank adaptation (Hu et al. 2021): each adapted matrix W [out, in] of a frozen base acts as W + scale B A.
//
// A is [rank, in], B is [out, rank]. Only A and B are trained, saved and told apart between policies; the base is
// shared (values.h). Files are those of Hugging Face's peft (peft_folder.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/base/status.h"
#include "core/model/config.h"
#include "core/model/tensor.h"

namespace ipr::model {

struct Weights;

struct LoraPair {
  Tensor a, b;  // f32
};

struct Lora {
  std::int64_t rank = 0;
  double alpha = 0;
  bool rank_stabilized = false;  // rsLoRA: alpha / sqrt(rank)
  std::string base;              // where the base came from: peft's base_model_name_or_path
  // By the adapted module: "model.layers.0.self_attn.q_proj". std::map: one fixed order everywhere.
  std::map<std::string, LoraPair> pairs;

  [[nodiscard]] double scale() const;
  [[nodiscard]] std::int64_t parameter_count() const;
};

// Modules that --lora adapts, in map order: q, k, v, o, gate, up and down of every layer (the head is left as it is, as
// with peft's "all-linear"); with [out, in] of each.
struct LinearShape {
  std::int64_t out = 0, in = 0;
};
[[nodiscard]] std::map<std::string, LinearShape> linear_modules(const LlamaConfig& config);

// A fresh change that changes nothing yet: A uniform in +-1/sqrt(in) (peft's start), B zero. alpha = 2 rank, what TRL's
// recipes use. The same numbers on every machine for equal (config, rank, seed).
[[nodiscard]] Lora fresh_lora(const LlamaConfig& config, std::int64_t rank, std::uint64_t seed);

// Every pair is of a module of the model, with fitting shapes and f32 values. Code::kData names the first that is not.
[[nodiscard]] Status check_lora(const LlamaConfig& config, const Lora& lora, const std::string& source);

// The same model without `lora`: f32 tensors W + scale B A (in double, rounded once); those without a change shared.
// Weights that are moved in need room for one more tensor, not for a second model.
[[nodiscard]] Weights merged(Weights weights);

}  // namespace ipr::model
