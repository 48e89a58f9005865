#include "core/model/stored_tensor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/json.h"

namespace ipr::model {

std::size_t bytes_of(const StoredTensor& stored) {
  const ElementLayout& layout = layout_of(stored.type);
  return stored.count / layout.values * layout.bytes;
}

bool is_plain_name(const std::string& name) {
  const bool control = std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 32; });
  return !name.empty() && name.size() <= 250 && !control;
}

Status check_tensor_name(const std::string& name, const std::string& source) {
  if (is_plain_name(name)) return {};
  return bad_data(source + ": " + dump_brief(name) + " is no tensor's name; the file is damaged, fetch it again");
}

Tensor expand(const StoredTensor& stored) {
  std::vector<float> values(stored.count);
  expand(stored.type, stored.bytes, stored.count, values.data());
  return {stored.shape, std::move(values)};
}

Tensor keep(const StoredTensor& stored, std::shared_ptr<const MappedFile> file) {
  const ElementLayout& layout = layout_of(stored.type);
  if (layout.values != 1 || reinterpret_cast<std::uintptr_t>(stored.bytes) % layout.bytes != 0) return expand(stored);
  return {stored.shape, Values(stored.type, stored.bytes, stored.count, std::move(file))};
}

Status check_finite(const std::string& name, const Tensor& tensor, const std::string& source) {
  std::vector<float> piece;
  for (std::size_t first = 0; first < tensor.values.size(); first += piece.size()) {
    piece.resize(std::min<std::size_t>(tensor.values.size() - first, 4096));
    tensor.values.read(first, piece);
    const auto wrong = std::find_if_not(piece.begin(), piece.end(), [](float value) { return std::isfinite(value); });
    if (wrong == piece.end()) continue;
    return bad_data(source + ": tensor " + name + ": value " +
                    std::to_string(first + static_cast<std::size_t>(wrong - piece.begin())) + " is " +
                    (std::isnan(*wrong) ? "not a number" : "infinite") +
                    "; the file is damaged or its training diverged, fetch or make it again");
  }
  return {};
}

}  // namespace ipr::model
