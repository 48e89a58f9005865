// A model's tensors by their place in the forward pass, and where the trained ones lie in one flat buffer.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/model/weights.h"
#include "core/train/torch/linear.h"

namespace ipr::train {

// Weights, all of one floating type; or gradients of them (f32), where what is frozen is undefined.
struct LayerViews {
  at::Tensor input_norm;
  Linear qkv;  // rows of the queries, keys, values
  Linear output;
  at::Tensor post_norm;
  Linear gate_up;  // rows of the gates, ups
  Linear down;
  at::Tensor q_norm, k_norm;  // [head_dim]; undefined where the model has none
};
struct ModelViews {
  at::Tensor embedding, head, norm;     // head is the embedding where they are tied
  at::Tensor value_weight, value_bias;  // [1, hidden] and [1]; undefined where the model has no value head
  std::vector<LayerViews> layers;
};

// Gives the parameters of these names, one below the other, as one tensor.
using TensorSource = std::function<at::Tensor(const std::vector<std::string>& names)>;
// Asks `source` once for each tensor of the views, in a fixed order.
[[nodiscard]] ModelViews make_views(const model::LlamaConfig& config, const TensorSource& source);

// The names under which a LoRA pair is trained.
[[nodiscard]] std::string lora_a_name(const std::string& module);
[[nodiscard]] std::string lora_b_name(const std::string& module);
// Adds the value head; asks for model::kValueWeight and kValueBias.
void add_value_head(ModelViews& views, const TensorSource& source);
// Adds the adapters of `lora` to the products they change; asks for lora_a_name and lora_b_name of each module.
void add_adapters(ModelViews& views, const model::LlamaConfig& config, const model::Lora& lora,
                  const TensorSource& source);

// One parameter inside the flat buffer.
struct Parameter {
  std::string name;
  std::vector<std::int64_t> shape;
  std::int64_t offset = 0, size = 0;
};

// Where each trained parameter lies in one flat f32 buffer. q, k, v and gate, up are neighbours: each group is one
// product. Groups start at multiples of 16 floats; the gaps hold zeros, also in gradients and moments.
class Layout {
 public:
  explicit Layout(const model::LlamaConfig& config);      // every tensor of the model
  explicit Layout(const model::Lora& lora);               // the pairs alone
  void add_value_head(const model::LlamaConfig& config);  // behind the others
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
  [[nodiscard]] std::int64_t size() const { return size_; }
  // Gives views into `flat`, of names that are neighbours.
  [[nodiscard]] TensorSource source(const at::Tensor& flat) const;

 private:
  void add(const std::vector<std::string>& names, const std::map<std::string, std::vector<std::int64_t>>& shapes);

  std::vector<Parameter> parameters_;
  std::map<std::string, std::size_t> index_;
  std::int64_t size_ = 0;
};

}  // namespace ipr::train
