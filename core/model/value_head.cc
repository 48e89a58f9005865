#include "core/model/value_head.h"

#include <cmath>
#include <filesystem>

#include "core/model/safetensors.h"

namespace ipr::model {

ValueHead constant_value_head(const LlamaConfig& config, float bias) {
  const auto hidden = static_cast<std::size_t>(config.hidden_size);
  return {{{1, config.hidden_size}, std::vector<float>(hidden, 0.0f)}, {{1}, std::vector<float>{bias}}};
}

Status check_value_head(const LlamaConfig& config, const ValueHead& head, const std::string& source) {
  const bool fits = head.weight.shape == std::vector<std::int64_t>{1, config.hidden_size} &&
                    head.bias.shape == std::vector<std::int64_t>{1} &&
                    static_cast<std::int64_t>(head.weight.values.size()) == config.hidden_size &&
                    head.bias.values.size() == 1;
  return fits ? Status()
              : bad_data(source + ": the value head is not [1, " + std::to_string(config.hidden_size) +
                         "] and [1]; head and model belong to different checkpoints");
}

Result<std::optional<ValueHead>> load_value_head(const std::string& folder, const LlamaConfig& config) {
  const std::string path = folder + "/" + kValueHeadFile;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::optional<ValueHead>();
  IPR_ASSIGN(auto tensors, read_safetensors(path));
  const auto weight = tensors.find(kValueWeight), bias = tensors.find(kValueBias);
  if (weight == tensors.end() || bias == tensors.end() || tensors.size() != 2) {
    return bad_data(path + ": expected the tensors " + kValueWeight + " and " + kValueBias +
                    ", and no other; train the scorer again");
  }
  ValueHead head{std::move(weight->second), std::move(bias->second)};
  IPR_TRY(check_value_head(config, head, path));
  for (const Tensor* tensor : {&head.weight, &head.bias}) {
    for (const float value : tensor->values) {
      if (!std::isfinite(value)) return bad_data(path + ": holds a value that is not finite; train the scorer again");
    }
  }
  return std::optional<ValueHead>(std::move(head));
}

Status save_value_head(const std::string& folder, const ValueHead& head) {
  return write_safetensors(folder + "/" + kValueHeadFile, {{kValueWeight, head.weight}, {kValueBias, head.bias}});
}

}  // namespace ipr::model
