// The one part of the trainer library that is tested from inside: whether numbers are shared shows nowhere else.
#include "core/train/torch/device_base.h"

#include <cstring>

#include "tests/support/catch.h"
#include "tests/train/tiny_llama.h"

using namespace ipr;
using namespace ipr::test;
using train::device_base;

namespace {

// The same numbers as a bf16 file would hold them.
model::Weights stored_as_bf16(model::Weights weights) {
  for (auto& [name, tensor] : weights.tensors) {
    const auto numbers = std::make_shared<std::vector<std::uint16_t>>();
    for (const float value : tensor.values) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &value, sizeof bits);
      numbers->push_back(static_cast<std::uint16_t>(bits >> 16));
    }
    const char* const bytes = reinterpret_cast<const char*>(numbers->data());
    tensor.values = model::Values(model::ElementType::kBF16, bytes, numbers->size(), numbers);
  }
  return weights;
}

const float* address_of(const at::Tensor& tensor) {
  return tensor.const_data_ptr<float>();
}

}  // namespace

TEST_CASE("weights that share their numbers share one base, until the last holder goes", "[train][base]") {
  const model::Weights weights = small_model(4, 2, 16, false);
  model::Weights policy = weights, reference = weights;
  policy.lora = model::fresh_lora(weights.config, 2, 1);
  auto base = device_base(policy, at::kCPU, at::kFloat);
  CHECK(device_base(reference, at::kCPU, at::kFloat) == base);
  CHECK(device_base(weights, at::kCPU, at::kBFloat16) != base);
  reference.tensors["model.norm.weight"].values.edit()[0] += 1;
  CHECK(device_base(reference, at::kCPU, at::kFloat) != base);
  const std::weak_ptr<const train::DeviceBase> watched = base;
  base.reset();
  CHECK(watched.expired());
}

TEST_CASE("stored bf16 numbers are read where they lie, but for the fused products", "[train][base]") {
  const model::Weights weights = stored_as_bf16(small_model(4, 2, 16, true));
  const auto base = device_base(weights, at::kCPU, at::kBFloat16);
  const auto lies_in = [](const at::Tensor& tensor, const model::Tensor& stored) {
    return static_cast<const char*>(tensor.const_data_ptr()) == stored.values.bytes().data();
  };
  CHECK(lies_in(base->views().embedding, weights.tensors.at("model.embed_tokens.weight")));
  CHECK(base->views().head.is_same(base->views().embedding));
  CHECK(lies_in(base->views().layers[1].down.weight, weights.tensors.at("model.layers.1.mlp.down_proj.weight")));
  const auto exact = device_base(weights, at::kCPU, at::kFloat);
  const model::Tensor& key = weights.tensors.at("model.layers.1.self_attn.k_proj.weight");
  std::vector<float> expected(key.values.size());
  key.values.read(0, expected);
  const float* const fused = address_of(exact->views().layers[1].qkv.weight) + 64 * 24;  // below 4 heads of 16
  CHECK(std::equal(expected.begin(), expected.end(), fused));
}

TEST_CASE("adapters stand beside the rows they change, in the base's type", "[train][base]") {
  model::Weights weights = small_model(4, 2, 16, false);
  weights.lora = model::fresh_lora(weights.config, 3, 1);
  weights.lora->pairs.erase("model.layers.0.self_attn.q_proj");
  const auto base = device_base(weights, at::kCPU, at::kBFloat16);
  const train::ModelViews views = with_lora(*base, *weights.lora);
  REQUIRE(views.layers[0].qkv.adapters.size() == 2);
  CHECK(views.layers[0].qkv.adapters[0].first_row == 64);  // k
  CHECK(views.layers[0].qkv.adapters[1].first_row == 96);  // v
  CHECK(views.layers[0].qkv.scale == 2);
  CHECK(views.layers[1].qkv.adapters.size() == 3);
  CHECK(views.layers[1].gate_up.adapters[1].first_row == 40);
  CHECK(views.layers[1].down.adapters[0].b.scalar_type() == at::kBFloat16);
  CHECK(base->views().layers[0].qkv.adapters.empty());
}
