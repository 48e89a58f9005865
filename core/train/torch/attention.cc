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

#include <limits>
#include <optional>
#include <utility>

#include "core/train/torch/own_attention.h"
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

// The heads of one sequence as LibTorch takes them, [1, heads, tokens, head_dim]; keys and values, those of the past in
// front, stand once per query head.
Heads sequence_heads(const at::Tensor& qkv, const Packing& packing, std::size_t sequence, const HeadShape& shape) {
  const Heads heads = heads_of(qkv.narrow(0, packing.begin[sequence], packing.tokens(sequence)), shape);
  const std::int64_t group = shape.heads / shape.kv_heads;
  const auto with_past = [&](const at::Tensor& own, std::int64_t first) {
    if (packing.past[sequence].empty()) return own;
    std::vector<at::Tensor> parts;
    for (const Packing::Range& range : packing.past[sequence])
      parts.push_back(qkv.narrow(0, range.begin, range.tokens).narrow(1, first, shape.kv_heads));
    parts.push_back(own);
    return at::cat(parts, 0);
  };
  const auto per_query = [&](const at::Tensor& own, std::int64_t first) {
    const at::Tensor x = with_past(own, first);
    if (group == 1) return x;
    return x.unsqueeze(2)
        .expand({x.size(0), shape.kv_heads, group, shape.head_dim})
        .reshape({x.size(0), shape.heads, shape.head_dim});
  };
  const auto heads_first = [](const at::Tensor& x) { return x.transpose(0, 1).unsqueeze(0); };
  return {heads_first(heads.q), heads_first(per_query(heads.k, shape.heads)),
          heads_first(per_query(heads.v, shape.heads + shape.kv_heads))};
}

// What hides the keys before the window, and of a sequence with a past those behind the query; none where it is enough
// to say that attention is causal.
std::optional<at::Tensor> blocked_mask(std::int64_t past, std::int64_t tokens, std::int64_t window,
                                       const at::Tensor& like) {
  const std::int64_t positions = past + tokens;
  const bool windowed = window > 0 && window < positions;
  if (past == 0 && !windowed) return std::nullopt;
  at::Tensor seen = at::ones({tokens, positions}, like.options().dtype(at::kBool)).tril(past);
  if (windowed) seen = seen.triu(past + 1 - window);
  return at::zeros({tokens, positions}, like.options())
      .masked_fill_(seen.logical_not(), -std::numeric_limits<double>::infinity())
      .view({1, 1, tokens, positions});
}

// How the rows of a tensor are turned: by the angles of the positions from `first` on; sign -1 turns back.
struct Turn {
  bool turns = false;
  std::int64_t first = 0;
  float sign = 1;
};

// to [rows, heads, head_dim] = `from`, whose groups of heads are added up, turned.
void rotate(const at::Tensor& from, std::int64_t group, const Attention& layer, const Turn& turn, at::Tensor to) {
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
      if (turn.turns) {
        task.cos = floats(layer.cos) + (turn.first + first) * task.head_dim / 2;
        task.sin = floats(layer.sin) + (turn.first + first) * task.head_dim / 2;
      }
      task.sign = turn.sign;
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
  for (std::size_t i = 0; i < packing.sequences(); ++i) {
    const std::int64_t begin = packing.begin[i], tokens = packing.tokens(i), past = packing.past_tokens(i);
    const auto part = [&](const at::Tensor& x, std::int64_t first, std::int64_t count) {
      return x.narrow(0, begin, tokens).narrow(1, first, count);
    };
    const std::int64_t turning = shape.heads + shape.kv_heads;
    rotate(part(from, 0, turning), 1, layer, {true, past}, part(turned, 0, turning));
    rotate(part(from, turning, shape.kv_heads), 1, layer, {}, part(turned, turning, shape.kv_heads));
    const Heads heads = sequence_heads(turned, packing, i, shape);
    const auto mask = blocked_mask(past, tokens, layer.window, qkv);
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
  for (std::size_t i = 0; i < packing.sequences(); ++i) {
    const std::int64_t begin = packing.begin[i], tokens = packing.tokens(i), past = packing.past_tokens(i);
    const auto heads_first = [&](const at::Tensor& x) {
      return x.narrow(0, begin, tokens).transpose(0, 1).unsqueeze(0);
    };
    const Heads heads = sequence_heads(tape.qkv, packing, i, shape);
    const auto mask = blocked_mask(past, tokens, layer.window, d_out);
    const at::Tensor lse = tape.lse.narrow(0, begin * shape.heads, tokens * shape.heads);
    const auto [d_q, d_k, d_v] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        heads_first(d_heads), heads.q, heads.k, heads.v, heads_first(tape.out), lse.view({1, shape.heads, tokens}),
        /*dropout_p=*/0.0, /*is_causal=*/!mask.has_value(), mask);
    const auto rows_first = [](const at::Tensor& x) { return x.squeeze(0).transpose(0, 1); };
    const at::Tensor keys = rows_first(d_k), values = rows_first(d_v);
    const Heads to = heads_of(d_qkv.narrow(0, begin, tokens), shape);
    rotate(rows_first(d_q), 1, layer, {true, past, -1}, to.q);
    rotate(keys.narrow(0, past, tokens), group, layer, {true, past, -1}, to.k);
    rotate(values.narrow(0, past, tokens), group, layer, {}, to.v);
    std::int64_t position = 0;
    for (const Packing::Range& range : packing.past[i]) {
      const Heads sum = heads_of(d_qkv.narrow(0, range.begin, range.tokens), shape);
      at::Tensor added = at::empty({range.tokens, shape.kv_heads, shape.head_dim}, d_qkv.options());
      rotate(keys.narrow(0, position, range.tokens), group, layer, {true, position, -1}, added);
      sum.k.add_(added);
      rotate(values.narrow(0, position, range.tokens), group, layer, {}, added);
      sum.v.add_(added);
      position += range.tokens;
    }
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

std::int64_t Packing::past_tokens(std::size_t i) const {
  std::int64_t tokens = 0;
  for (const Range& range : past[i]) tokens += range.tokens;
  return tokens;
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
  if (runs_own(tape.qkv, layer)) return own_attention_backward(tape, d_out, packing, layer);
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
