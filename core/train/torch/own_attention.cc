#include "core/train/torch/own_attention.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <map>
#include <memory>
#include <utility>

#include "core/train/torch/f32_products.h"
#include "core/train/torch/row_parts.h"

namespace ipr::train {
namespace {

// The sequences that go on from one another, those first that others go on from; each tree begins with its root.
std::vector<std::vector<std::size_t>> trees_of(const Packing& packing) {
  std::vector<std::vector<std::size_t>> trees;
  std::map<std::int64_t, std::size_t> tree_at;  // by the root's first row
  for (std::size_t i = 0; i < packing.sequences(); ++i) {
    const std::int64_t root = packing.past[i].empty() ? packing.begin[i] : packing.past[i].front().begin;
    const auto [found, is_new] = tree_at.try_emplace(root, trees.size());
    if (is_new) trees.emplace_back();
    trees[found->second].push_back(i);
  }
  return trees;
}

// The tensors' rows as our kernels take them; d_qkv is null forward.
struct OwnTensors {
  const float* qkv = nullptr;
  float* out = nullptr;
  float* lse = nullptr;
  const float* d_out = nullptr;
  float* d_qkv = nullptr;
  bool may_round = false;
};

// Runs `kernel` for each (sequence, kv head), the trees side by side: of a tree each adds to the gradients of those
// before it.
void each_head(const Packing& packing, const Attention& layer, void (*kernel)(const AttentionTask&),
               const OwnTensors& tensors) {
  const HeadShape& shape = layer.shape;
  const std::int64_t dim = shape.head_dim, stride = shape.qkv_size(), out_stride = shape.heads * dim;
  const auto trees = trees_of(packing);
  const auto run = [&](std::size_t sequence, std::int64_t kv, float* scratch) {
    const std::int64_t begin = packing.begin[sequence];
    std::vector<AttentionPast> past;
    for (const Packing::Range& range : packing.past[sequence]) {
      past.push_back({range.tokens, tensors.qkv + range.begin * stride,
                      tensors.d_qkv == nullptr ? nullptr : tensors.d_qkv + range.begin * stride});
    }
    AttentionTask task;
    task.tokens = packing.tokens(sequence);
    task.past = past.data();
    task.past_count = static_cast<std::int64_t>(past.size());
    task.window = layer.window;
    task.head_dim = dim;
    task.group = shape.heads / shape.kv_heads;
    task.qkv_stride = stride;
    task.q_offset = task.out_offset = kv * task.group * dim;
    task.k_offset = (shape.heads + kv) * dim;
    task.v_offset = (shape.heads + shape.kv_heads + kv) * dim;
    task.out_stride = out_stride;
    task.qkv = tensors.qkv + begin * stride;
    task.cos = floats(layer.cos);
    task.sin = floats(layer.sin);
    task.out = tensors.out + begin * out_stride;
    task.lse = tensors.lse + begin * shape.heads + kv * task.group * task.tokens;
    task.may_round = tensors.may_round;
    if (tensors.d_qkv != nullptr) {
      task.d_out = tensors.d_out + begin * out_stride;
      task.d_qkv = tensors.d_qkv + begin * stride;
    }
    task.scratch = scratch;
    kernel(task);
  };
  const auto items = static_cast<std::int64_t>(trees.size()) * shape.kv_heads;
  at::parallel_for(0, items, 1, [&](std::int64_t first, std::int64_t last) {
    const auto scratch =
        std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(attention_scratch(packing.longest, dim)));
    for (std::int64_t item = first; item < last; ++item) {
      for (const std::size_t sequence : trees[static_cast<std::size_t>(item / shape.kv_heads)])
        run(sequence, item % shape.kv_heads, scratch.get());
    }
  });
}

}  // namespace

bool has_own_attention(const HeadShape& shape) {
  return shape.head_dim % 16 == 0 && shape.head_dim <= kMaxHeadDim;
}

at::Tensor own_attention(const at::Tensor& qkv, const Packing& packing, const Attention& layer, AttentionTape* tape) {
  const std::int64_t heads = layer.shape.heads;
  at::Tensor out = at::empty({qkv.size(0), heads * layer.shape.head_dim}, qkv.options());
  at::Tensor lse = at::empty({qkv.size(0) * heads}, qkv.options());
  each_head(packing, layer, best_kernels().attention,
            {floats(qkv), floats(out), floats(lse), nullptr, nullptr, may_round_product(qkv)});
  if (tape != nullptr) *tape = {qkv, out, lse, {}, {}};
  return out;
}

at::Tensor own_attention_backward(const AttentionTape& tape, const at::Tensor& d_out, const Packing& packing,
                                  const Attention& layer) {
  at::Tensor d_qkv = at::empty_like(tape.qkv), out = tape.out, lse = tape.lse;
  each_head(packing, layer, best_kernels().attention_backward,
            {floats(std::as_const(tape.qkv)), floats(out), floats(lse), floats(d_out), floats(d_qkv),
             may_round_product(tape.qkv)});
  return d_qkv;
}

}  // namespace ipr::train
