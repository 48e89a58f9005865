#include "core/model/stored_tensor.h"

#include <algorithm>
#include <cmath>

#include "core/base/json.h"

namespace ipr::model {

bool is_plain_name(const std::string& name) {
  const bool control = std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 32; });
  return !name.empty() && name.size() <= 250 && !control;
}

Status check_tensor_name(const std::string& name, const std::string& source) {
  if (is_plain_name(name)) return {};
  return bad_data(source + ": " + dump_brief(name) + " is no tensor's name; the file is damaged, fetch it again");
}

Tensor expand(const StoredTensor& stored) {
  Tensor tensor{stored.shape, std::vector<float>(stored.count)};
  expand(stored.type, stored.bytes, stored.count, tensor.values.data());
  return tensor;
}

Status check_finite(const std::string& name, const Tensor& tensor, const std::string& source) {
  const auto wrong =
      std::find_if_not(tensor.values.begin(), tensor.values.end(), [](float value) { return std::isfinite(value); });
  if (wrong == tensor.values.end()) return {};
  return bad_data(source + ": tensor " + name + ": value " + std::to_string(wrong - tensor.values.begin()) + " is " +
                  (std::isnan(*wrong) ? "not a number" : "infinite") +
                  "; the file is damaged or its training diverged, fetch or make it again");
}

}  // namespace ipr::model
