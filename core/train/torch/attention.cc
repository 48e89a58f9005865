#include "core/train/torch/attention.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/_flash_attention_backward.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#include <ATen/ops/add.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "core/train/torch/row_parts.h"

namespace ipr::train {
namespace {

bool runs_own(const at::Tensor& qkv, const Attention& layer) {
  return layer.own && qkv.scalar_type() == at::kFloat && has_own_attention(layer.shape);
}

bool runs_fused(const at::Tensor& qkv, const Attention& layer) {
  return qkv.is_cuda() && qkv.scalar_type() == at::kBFloat16 && layer.shape.head_dim % 8 == 0 &&
         layer.shape.head_dim <= 256;
}

// Our kernels.

// Runs `kernel` for each (sequence, kv head); `fill` adds the pointers of the direction.
template <typename Fill>
void each_head(const Packing& packing, const Attention& layer, void (*kernel)(const AttentionTask&), const Fill& fill) {
  const HeadShape& shape = layer.shape;
  const std::int64_t sequences = static_cast<std::int64_t>(packing.begin.size()) - 1, dim = shape.head_dim;
  at::parallel_for(0, sequences * shape.kv_heads, 1, [&](std::int64_t first, std::int64_t last) {
    std::vector<float> scratch(static_cast<std::size_t>(attention_scratch(packing.longest, dim)));
    for (std::int64_t item = first; item < last; ++item) {
      const std::int64_t sequence = item / shape.kv_heads, kv = item % shape.kv_heads;
      AttentionTask task;
      task.tokens = packing.begin[sequence + 1] - packing.begin[sequence];
      task.window = layer.window;
      task.head_dim = dim;
      task.group = shape.heads / shape.kv_heads;
      task.qkv_stride = shape.qkv_size();
      task.q_offset = task.out_offset = kv * task.group * dim;
      task.k_offset = (shape.heads + kv) * dim;
      task.v_offset = (shape.heads + shape.kv_heads + kv) * dim;
      task.out_stride = shape.heads * dim;
      task.cos = floats(layer.cos);
      task.sin = floats(layer.sin);
      task.scratch = scratch.data();
      fill(task, packing.begin[sequence], kv * task.group);
      kernel(task);
    }
  });
}

at::Tensor own_attention(const at::Tensor& qkv, const Packing& packing, const Attention& layer, AttentionTape* tape) {
  const std::int64_t heads = layer.shape.heads;
  at::Tensor out = at::empty({qkv.size(0), heads * layer.shape.head_dim}, qkv.options());
  at::Tensor lse = at::empty({qkv.size(0) * heads}, qkv.options());
  each_head(packing, layer, best_kernels().attention, [&](AttentionTask& task, std::int64_t begin, std::int64_t head) {
    task.qkv = floats(qkv) + begin * task.qkv_stride;
    task.out = floats(out) + begin * task.out_stride;
    task.lse = floats(lse) + begin * heads + head * task.tokens;
  });
  if (tape != nullptr) *tape = {qkv, out, lse, {}, {}};
  return out;
}

at::Tensor own_backward(const AttentionTape& tape, const at::Tensor& d_out, const Packing& packing,
                        const Attention& layer) {
  at::Tensor d_qkv = at::empty_like(tape.qkv), out = tape.out, lse = tape.lse;
  each_head(packing, layer, best_kernels().attention_backward,
            [&](AttentionTask& task, std::int64_t begin, std::int64_t head) {
              task.qkv = floats(std::as_const(tape.qkv)) + begin * task.qkv_stride;
              task.out = floats(out) + begin * task.out_stride;
              task.lse = floats(lse) + begin * layer.shape.heads + head * task.tokens;
              task.d_out = floats(d_out) + begin * task.out_stride;
              task.d_qkv = floats(d_qkv) + begin * task.qkv_stride;
            });
  return d_qkv;
}

// What both of LibTorch's ways begin and end with.

// Queries and keys turned by the angles of their rows, in f32 with one rounding; values as they are. sign -1 turns
// back.
at::Tensor turned(const at::Tensor& qkv, const Packing& packing, const Attention& layer, double sign) {
  const HeadShape& shape = layer.shape;
  const at::Tensor from = qkv.view({qkv.size(0), shape.heads + 2 * shape.kv_heads, shape.head_dim});
  at::Tensor to = at::empty_like(from);
  const at::Tensor cos = layer.cos.index_select(0, packing.positions).unsqueeze(1);
  const at::Tensor sin = layer.sin.index_select(0, packing.positions).unsqueeze(1);
  const std::int64_t half = shape.head_dim / 2, turning = shape.heads + shape.kv_heads;
  const auto half_of = [&](const at::Tensor& x, std::int64_t first) {
    return x.narrow(1, 0, turning).narrow(2, first, half);
  };
  const at::Tensor low = half_of(from, 0), high = half_of(from, half);
  at::Tensor low_to = half_of(to, 0), high_to = half_of(to, half);
  at::sub_out(low_to, low * cos, high * sin, sign);
  at::add_out(high_to, high * cos, low * sin, sign);
  to.narrow(1, turning, shape.kv_heads).copy_(from.narrow(1, turning, shape.kv_heads));
  return to;
}

struct Heads {
  at::Tensor q, k, v;  // [n, heads, head_dim]
};
Heads heads_of(const at::Tensor& qkv, const HeadShape& shape) {
  return {qkv.narrow(1, 0, shape.heads), qkv.narrow(1, shape.heads, shape.kv_heads),
          qkv.narrow(1, shape.heads + shape.kv_heads, shape.kv_heads)};
}

// LibTorch's, row by row.

// True where query i may see key j: i - window < j <= i.
at::Tensor window_mask(std::int64_t tokens, std::int64_t window, const at::Tensor& like) {
  return at::ones({tokens, tokens}, like.options().dtype(at::kBool)).tril().triu(1 - window);
}

at::Tensor attention_by_rows(const at::Tensor& qkv, const Packing& packing, const Attention& layer) {
  const HeadShape& shape = layer.shape;
  std::vector<at::Tensor> outs;
  for (std::size_t i = 0; i + 1 < packing.begin.size(); ++i) {
    const std::int64_t tokens = packing.begin[i + 1] - packing.begin[i];
    const Heads heads = heads_of(qkv.narrow(0, packing.begin[i], tokens), shape);
    const auto heads_first = [](const at::Tensor& x) { return x.transpose(0, 1).unsqueeze(0); };
    std::optional<at::Tensor> mask;
    if (layer.window > 0 && layer.window < tokens) mask = window_mask(tokens, layer.window, qkv);
    const at::Tensor out = at::scaled_dot_product_attention(
        heads_first(heads.q), heads_first(heads.k), heads_first(heads.v), mask, 0.0, /*is_causal=*/!mask.has_value(),
        std::nullopt, /*enable_gqa=*/shape.heads != shape.kv_heads);
    outs.push_back(out.squeeze(0).transpose(0, 1).reshape({tokens, shape.heads * shape.head_dim}));
  }
  return outs.size() == 1 ? outs[0] : at::cat(outs, 0);
}

// LibTorch's kernel for the CPU, sequence by sequence, between our own rotations.

bool runs_blocked(const at::Tensor& qkv, const Attention& layer) {
  return layer.own && qkv.is_cpu();
}

// The heads of one sequence as LibTorch takes them, [1, heads, tokens, head_dim]; keys and values stand once per query
// head.
Heads sequence_heads(const at::Tensor& qkv, const Packing& packing, std::size_t sequence, const HeadShape& shape) {
  const std::int64_t begin = packing.begin[sequence], tokens = packing.begin[sequence + 1] - begin;
  const Heads heads = heads_of(qkv.narrow(0, begin, tokens), shape);
  const std::int64_t group = shape.heads / shape.kv_heads;
  const auto per_query = [&](const at::Tensor& x) {
    if (group == 1) return x;
    return x.unsqueeze(2).expand({tokens, shape.kv_heads, group, shape.head_dim}).reshape(heads.q.sizes());
  };
  const auto heads_first = [](const at::Tensor& x) { return x.transpose(0, 1).unsqueeze(0); };
  return {heads_first(heads.q), heads_first(per_query(heads.k)), heads_first(per_query(heads.v))};
}

// What hides the keys before the window, where there are some.
std::optional<at::Tensor> blocked_mask(std::int64_t tokens, std::int64_t window, const at::Tensor& like) {
  if (window == 0 || window >= tokens) return std::nullopt;
  const at::Tensor hidden = window_mask(tokens, window, like).logical_not();
  return at::zeros({tokens, tokens}, like.options())
      .masked_fill_(hidden, -std::numeric_limits<double>::infinity())
      .view({1, 1, tokens, tokens});
}

// to [rows, heads, head_dim] = `from`, whose groups of heads are added up, turned by the angles of its rows.
void rotate(const at::Tensor& from, std::int64_t group, const Attention& layer, bool turns, float sign, at::Tensor to) {
  with_kernels(from, [&](auto number, const auto& kernels) {
    using Number = decltype(number);
    const Number* const source = numbers_of<Number>(from);
    Number* const target = numbers_of<Number>(to);
    each_part(from.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
      RotaryTask<Number> task;
      task.rows = last - first;
      task.heads = to.size(1);
      task.group = group;
      task.head_dim = layer.shape.head_dim;
      task.from_row = from.stride(0);
      task.from_head = from.stride(1);
      task.to_row = to.stride(0);
      task.from = source + first * task.from_row;
      task.to = target + first * task.to_row;
      if (turns) {
        task.cos = floats(layer.cos) + first * task.head_dim / 2;
        task.sin = floats(layer.sin) + first * task.head_dim / 2;
      }
      task.sign = sign;
      kernels.rotate_heads(task);
    });
  });
}

at::Tensor blocked_attention(const at::Tensor& qkv, const Packing& packing, const Attention& layer,
                             AttentionTape* tape) {
  const HeadShape& shape = layer.shape;
  const at::Tensor from = qkv.view({qkv.size(0), shape.heads + 2 * shape.kv_heads, shape.head_dim});
  at::Tensor turned = at::empty_like(from);
  std::vector<at::Tensor> outs, lses;
  for (std::size_t i = 0; i + 1 < packing.begin.size(); ++i) {
    const std::int64_t begin = packing.begin[i], tokens = packing.begin[i + 1] - begin;
    const auto part = [&](const at::Tensor& x, std::int64_t first, std::int64_t count) {
      return x.narrow(0, begin, tokens).narrow(1, first, count);
    };
    const std::int64_t turning = shape.heads + shape.kv_heads;
    rotate(part(from, 0, turning), 1, layer, true, 1, part(turned, 0, turning));
    rotate(part(from, turning, shape.kv_heads), 1, layer, false, 1, part(turned, turning, shape.kv_heads));
    const Heads heads = sequence_heads(turned, packing, i, shape);
    const auto mask = blocked_mask(tokens, layer.window, qkv);
    const auto [out, lse] = at::_scaled_dot_product_flash_attention_for_cpu(
        heads.q, heads.k, heads.v, /*dropout_p=*/0.0, /*is_causal=*/!mask.has_value(), mask);
    outs.push_back(out.squeeze(0).transpose(0, 1));
    lses.push_back(lse.reshape({-1}));
  }
  const auto joined = [](const std::vector<at::Tensor>& all) { return all.size() == 1 ? all[0] : at::cat(all, 0); };
  const at::Tensor out = joined(outs).contiguous();
  if (tape != nullptr) *tape = {turned, out, joined(lses), {}, {}};
  return out.view({qkv.size(0), shape.heads * shape.head_dim});
}

at::Tensor blocked_backward(const AttentionTape& tape, const at::Tensor& d_out, const Packing& packing,
                            const Attention& layer) {
  const HeadShape& shape = layer.shape;
  const at::Tensor d_heads = d_out.view({d_out.size(0), shape.heads, shape.head_dim});
  const std::int64_t group = shape.heads / shape.kv_heads;
  at::Tensor d_qkv = at::empty_like(tape.qkv);
  for (std::size_t i = 0; i + 1 < packing.begin.size(); ++i) {
    const std::int64_t begin = packing.begin[i], tokens = packing.begin[i + 1] - begin;
    const auto heads_first = [&](const at::Tensor& x) {
      return x.narrow(0, begin, tokens).transpose(0, 1).unsqueeze(0);
    };
    const Heads heads = sequence_heads(tape.qkv, packing, i, shape);
    const auto mask = blocked_mask(tokens, layer.window, d_out);
    const at::Tensor lse = tape.lse.narrow(0, begin * shape.heads, tokens * shape.heads);
    const auto [d_q, d_k, d_v] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        heads_first(d_heads), heads.q, heads.k, heads.v, heads_first(tape.out), lse.view({1, shape.heads, tokens}),
        /*dropout_p=*/0.0, /*is_causal=*/!mask.has_value(), mask);
    const Heads to = heads_of(d_qkv.narrow(0, begin, tokens), shape);
    const auto rows_first = [](const at::Tensor& x) { return x.squeeze(0).transpose(0, 1); };
    rotate(rows_first(d_q), 1, layer, true, -1, to.q);
    rotate(rows_first(d_k), group, layer, true, -1, to.k);
    rotate(rows_first(d_v), group, layer, false, -1, to.v);
  }
  return d_qkv.view({d_out.size(0), shape.qkv_size()});
}

// LibTorch's, all rows at once.

struct Window {
  std::optional<std::int64_t> left, right;
};
Window window_of(const Attention& layer) {
  if (layer.window == 0) return {};
  return {layer.window - 1, 0};
}

at::Tensor fused_attention(const at::Tensor& qkv, const Packing& packing, const Attention& layer, AttentionTape* tape) {
  const Heads heads = heads_of(qkv, layer.shape);
  const Window window = window_of(layer);
  const auto [out, lse, random_state, unused, mask] = at::_flash_attention_forward(
      heads.q, heads.k, heads.v, packing.starts, packing.starts, packing.longest, packing.longest, /*dropout_p=*/0.0,
      /*is_causal=*/true, /*return_debug_mask=*/false, /*scale=*/std::nullopt, window.left, window.right);
  if (tape != nullptr) *tape = {qkv, out, lse, random_state, unused};
  return out.reshape({qkv.size(0), layer.shape.heads * layer.shape.head_dim});
}

// The fused backward adds up in the order its blocks end in, unless LibTorch is told to be deterministic. That is the
// process's setting, and other operators would refuse to run or fill fresh memory: so only meanwhile.
class Deterministic {
 public:
  Deterministic()
      : context_(at::globalContext()),
        was_(context_.deterministicAlgorithms()),
        warned_(context_.deterministicAlgorithmsWarnOnly()),
        filled_(context_.deterministicFillUninitializedMemory()) {
    context_.setDeterministicAlgorithms(true, /*warn_only=*/false);  // to warn is to stay as it was
    context_.setDeterministicFillUninitializedMemory(false);
  }
  Deterministic(const Deterministic&) = delete;
  Deterministic& operator=(const Deterministic&) = delete;
  ~Deterministic() {
    context_.setDeterministicAlgorithms(was_, warned_);
    context_.setDeterministicFillUninitializedMemory(filled_);
  }

 private:
  at::Context& context_;
  bool was_, warned_, filled_;
};

at::Tensor fused_backward(const AttentionTape& tape, const at::Tensor& d_out, const Packing& packing,
                          const Attention& layer) {
  const Heads heads = heads_of(tape.qkv, layer.shape);
  const Window window = window_of(layer);
  const Deterministic meanwhile;
  const auto [d_q, d_k, d_v] = at::_flash_attention_backward(
      d_out.view(tape.out.sizes()), heads.q, heads.k, heads.v, tape.out, tape.lse, packing.starts, packing.starts,
      packing.longest, packing.longest, /*dropout_p=*/0.0, /*is_causal=*/true, tape.random_state, tape.unused,
      /*scale=*/std::nullopt, window.left, window.right);
  return at::cat({d_q, d_k, d_v}, 1);
}

}  // namespace

bool has_own_attention(const HeadShape& shape) {
  return shape.head_dim % 16 == 0 && shape.head_dim <= kMaxHeadDim;
}

at::Tensor attention(const at::Tensor& qkv, const Packing& packing, const Attention& layer, AttentionTape* tape) {
  if (runs_own(qkv, layer)) return own_attention(qkv, packing, layer, tape);
  if (runs_blocked(qkv, layer)) return blocked_attention(qkv, packing, layer, tape);
  const at::Tensor rotated = turned(qkv, packing, layer, 1);
  if (runs_fused(qkv, layer)) return fused_attention(rotated, packing, layer, tape);
  if (tape == nullptr) return attention_by_rows(rotated, packing, layer);
  tape->qkv = rotated.requires_grad_(true);
  tape->out = attention_by_rows(tape->qkv, packing, layer);
  return tape->out.detach();
}

at::Tensor attention_backward(const AttentionTape& tape, const at::Tensor& d_out, const Packing& packing,
                              const Attention& layer) {
  if (runs_own(tape.qkv, layer)) return own_backward(tape, d_out, packing, layer);
  if (runs_blocked(tape.qkv, layer)) return blocked_backward(tape, d_out, packing, layer);
  at::Tensor d_qkv;
  if (tape.lse.defined()) {
    d_qkv = fused_backward(tape, d_out, packing, layer);
  } else {
    tape.out.backward(d_out);
    d_qkv = tape.qkv.grad().contiguous();
  }
  return turned(d_qkv, packing, layer, -1).view({d_out.size(0), layer.shape.qkv_size()});
}

}  // namespace ipr::train
