#include "core/train/torch/device_base.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <mutex>
#include <vector>

namespace ipr::train {
namespace {

at::ScalarType type_of(model::ElementType type) {
  switch (type) {
    case model::ElementType::kBF16:
      return at::kBFloat16;
    case model::ElementType::kF16:
      return at::kHalf;
    default:
      return at::kFloat;
  }
}

// f32 products may round by the alignment of what they read; the flat buffers of full training have this one.
bool is_aligned(const model::Values& values) {
  constexpr std::uintptr_t kAlignment = 64;
  return values.type() == model::ElementType::kBF16 ||
         reinterpret_cast<std::uintptr_t>(values.bytes().data()) % kAlignment == 0;
}

// On the CPU the host's own numbers serve, where nothing has to change.
bool serves(const model::Values& values, at::Device device, at::ScalarType type) {
  return device.is_cpu() && type_of(values.type()) == type && is_aligned(values);
}

// The tensors of these names, one below the other.
at::Tensor uploaded(const model::Weights& weights, const std::vector<std::string>& names, at::Device device,
                    at::ScalarType type) {
  std::vector<std::int64_t> shape = weights.tensors.at(names.front()).shape;
  for (std::size_t i = 1; i < names.size(); ++i) shape[0] += weights.tensors.at(names[i]).shape[0];
  at::Tensor all = at::empty(shape, at::TensorOptions().dtype(type).device(device));
  std::int64_t row = 0;
  for (const std::string& name : names) {
    const model::Tensor& part = weights.tensors.at(name);
    all.narrow(0, row, part.shape[0]).copy_(host_tensor(part.values, part.shape));
    part.values.forget();
    row += part.shape[0];
  }
  return all;
}

}  // namespace

DeviceBase::DeviceBase(const model::Weights& weights, at::Device device, at::ScalarType type)
    : config_(weights.config), device_(device), type_(type) {
  for (const auto& [name, tensor] : weights.tensors) origin_.push_back(tensor.values.identity());
  views_ = make_views(config_, [&](const std::vector<std::string>& names) {
    const model::Tensor& first = weights.tensors.at(names.front());
    if (names.size() > 1 || !serves(first.values, device, type)) return uploaded(weights, names, device, type);
    kept_.push_back(first.values);
    return host_tensor(first.values, first.shape);
  });
}

bool DeviceBase::is_of(const model::Weights& weights, at::Device device, at::ScalarType type) const {
  return device == device_ && type == type_ &&
         std::equal(origin_.begin(), origin_.end(), weights.tensors.begin(), weights.tensors.end(),
                    [](const std::weak_ptr<const void>& identity, const auto& named) {
                      const std::weak_ptr<const void> other = named.second.values.identity();
                      return !identity.owner_before(other) && !other.owner_before(identity);
                    });
}

std::shared_ptr<const DeviceBase> device_base(const model::Weights& weights, at::Device device, at::ScalarType type) {
  static std::mutex mutex;
  static std::vector<std::weak_ptr<const DeviceBase>> bases;  // keeps none alive
  const std::lock_guard lock(mutex);
  std::erase_if(bases, [](const auto& base) { return base.expired(); });
  for (const std::weak_ptr<const DeviceBase>& known : bases) {
    std::shared_ptr<const DeviceBase> base = known.lock();
    if (base && base->is_of(weights, device, type)) return base;
  }
  std::shared_ptr<const DeviceBase> base = std::make_shared<DeviceBase>(weights, device, type);
  bases.push_back(base);
  return base;
}

ModelViews with_lora(const DeviceBase& base, const model::Lora& lora) {
  std::map<std::string, const model::Tensor*> pairs;
  for (const auto& [module, pair] : lora.pairs) {
    pairs[lora_a_name(module)] = &pair.a;
    pairs[lora_b_name(module)] = &pair.b;
  }
  ModelViews views = base.views();
  add_adapters(views, base.config(), lora, [&](const std::vector<std::string>& names) {
    const model::Tensor& tensor = *pairs.at(names.front());
    return host_tensor(tensor.values, tensor.shape)
        .to(base.device(), base.type(), /*non_blocking=*/false, /*copy=*/true);
  });
  return views;
}

at::Tensor host_tensor(const model::Values& values, const std::vector<std::int64_t>& shape) {
  return at::from_blob(const_cast<char*>(values.bytes().data()), shape, type_of(values.type()));
}

}  // namespace ipr::train
