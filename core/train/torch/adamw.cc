#include "core/train/torch/adamw.h"

#include <ATen/Parallel.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>

#include "core/train/torch/operators.h"

namespace ipr::train {
namespace {

// Saved state: this mark, step count and number of floats (both int64), first moments, second moments; host byte order.
constexpr char kStateMark[] = "ipr adamw state 1\n";
constexpr std::size_t kStateMarkSize = sizeof kStateMark - 1;

}  // namespace

AdamW::AdamW(Layout layout, const std::function<const model::Values&(const std::string& name)>& start,
             at::Device device, at::ScalarType type, int replicas)
    : layout_(std::move(layout)) {
  at::Tensor flat = at::zeros({layout_.size()}, at::kFloat);
  for (const Parameter& parameter : layout_.parameters()) {
    const model::Values& values = start(parameter.name);
    values.read(0, {flat.mutable_data_ptr<float>() + parameter.offset, values.size()});
  }
  masters_ = flat.to(device);
  read_ = masters_.to(type);
  moment1_ = at::zeros_like(masters_);
  moment2_ = at::zeros_like(masters_);
  step_count_ = at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(device));
  for (int i = 0; i < replicas; ++i) gradients_.push_back(at::zeros_like(masters_));
  squared_norms_.assign(layout_.parameters().size(), 0);
}

void AdamW::zero_gradients() {
  for (at::Tensor& gradient : gradients_) gradient.zero_();
}

double AdamW::reduce_gradients(bool own_kernels) {
  for (std::size_t i = 1; i < gradients_.size(); ++i) gradients_[0].add_(gradients_[i]);
  const std::vector<Parameter>& parameters = layout_.parameters();
  const auto measure = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const Parameter& parameter = parameters[static_cast<std::size_t>(i)];
      squared_norms_[static_cast<std::size_t>(i)] =
          sum_of_squares(gradients_[0].narrow(0, parameter.offset, parameter.size), own_kernels);
    }
  };
  if (own_kernels) {
    at::parallel_for(0, static_cast<std::int64_t>(parameters.size()), 1, measure);
  } else {
    measure(0, static_cast<std::int64_t>(parameters.size()));
  }
  return std::sqrt(std::accumulate(squared_norms_.begin(), squared_norms_.end(), 0.0));
}

void AdamW::update(const StepSettings& settings, double grad_norm) {
  std::optional<at::Tensor> divisor;  // of the gradient; inside the update it costs no pass of its own
  if (settings.clip > 0) {
    const double factor = std::min(1.0, settings.clip / (grad_norm + 1e-6));
    if (factor < 1) divisor = at::full({}, 1 / factor, masters_.options());
  }
  step_count_.add_(1);
  at::_fused_adamw_({masters_}, {gradients_[0]}, {moment1_}, {moment2_}, {}, {step_count_}, settings.lr, settings.beta1,
                    settings.beta2, settings.weight_decay, settings.eps, /*amsgrad=*/false,
                    /*maximize=*/false, divisor);
  if (!read_.is_same(masters_)) read_.copy_(masters_);
}

void AdamW::read_masters(const std::function<void(const std::string& name, model::Tensor tensor)>& take) const {
  const at::Tensor flat = masters_.cpu();
  for (const Parameter& parameter : layout_.parameters()) {
    const float* const first = flat.const_data_ptr<float>() + parameter.offset;
    take(parameter.name, {parameter.shape, std::vector<float>(first, first + parameter.size)});
  }
}

std::map<std::string, double> AdamW::gradient_norms() const {
  const std::vector<Parameter>& parameters = layout_.parameters();
  std::map<std::string, double> norms;
  for (std::size_t i = 0; i < parameters.size(); ++i) norms[parameters[i].name] = std::sqrt(squared_norms_[i]);
  return norms;
}

std::string AdamW::save_state() const {
  const std::int64_t head[2] = {step_count_.item().to<std::int64_t>(), masters_.numel()};
  std::string bytes(kStateMark, kStateMarkSize);
  bytes.append(reinterpret_cast<const char*>(head), sizeof head);
  for (const at::Tensor& moment : {moment1_.cpu(), moment2_.cpu()}) {
    bytes.append(static_cast<const char*>(moment.const_data_ptr()), moment.nbytes());
  }
  return bytes;
}

Status AdamW::load_state(std::string_view bytes) {
  std::int64_t head[2] = {};
  const std::size_t moment_bytes = masters_.nbytes();
  if (bytes.size() != kStateMarkSize + sizeof head + 2 * moment_bytes || !bytes.starts_with(kStateMark)) {
    return bad_data("optimizer state: not one of this model's (" + std::to_string(bytes.size()) +
                    " bytes); delete the checkpoint's state to start the stage anew");
  }
  std::memcpy(head, bytes.data() + kStateMarkSize, sizeof head);
  if (head[1] != masters_.numel()) return bad_data("optimizer state: made for a model of another size");
  const char* next = bytes.data() + kStateMarkSize + sizeof head;
  for (at::Tensor* moment : {&moment1_, &moment2_}) {
    at::Tensor values = at::empty({masters_.numel()}, at::kFloat);
    std::memcpy(values.mutable_data_ptr(), next, moment_bytes);
    moment->copy_(values);
    next += moment_bytes;
  }
  step_count_.fill_(static_cast<double>(head[0]));
  return {};
}

}  // namespace ipr::train
