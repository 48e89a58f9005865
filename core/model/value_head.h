// A scalar head: one linear layer on a model's last hidden state (behind the final norm), as learned step rewards need.
//
//   value of token t = weight . hidden(t) + bias        where hidden(t) has read tokens 0..t
//
// In a checkpoint's folder it is a file of its own, value_head.safetensors, with trl's names; who does not know it
// reads the folder as the model without a head.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/base/status.h"
#include "core/model/config.h"
#include "core/model/tensor.h"

namespace ipr::model {

inline constexpr const char* kValueHeadFile = "value_head.safetensors";
inline constexpr const char* kValueWeight = "v_head.summary.weight";
inline constexpr const char* kValueBias = "v_head.summary.bias";

struct ValueHead {
  Tensor weight;  // [1, hidden], f32
  Tensor bias;    // [1], f32
};

// A head that says `bias` of everything: what training starts from.
[[nodiscard]] ValueHead constant_value_head(const LlamaConfig& config, float bias);

// Code::kData unless its shapes fit the model.
[[nodiscard]] Status check_value_head(const LlamaConfig& config, const ValueHead& head, const std::string& source);

// The head of a checkpoint's folder; nothing where there is no such file. Code::kData where it is damaged or another
// model's.
[[nodiscard]] Result<std::optional<ValueHead>> load_value_head(const std::string& folder, const LlamaConfig& config);
// Into an existing folder.
[[nodiscard]] Status save_value_head(const std::string& folder, const ValueHead& head);

}  // namespace ipr::model
