#include "core/train/torch/operators.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/square.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <utility>

#include "core/train/torch/kernels.h"

namespace ipr::train {
namespace {

// Parts of `rows` that run side by side, the same for the same thread count. Inside a parallel region (one replica per
// thread) there is one.
std::int64_t parts_of(std::int64_t rows) {
  constexpr std::int64_t kRowsPerPart = 64;
  const std::int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads();
  return std::clamp<std::int64_t>(rows / kRowsPerPart, 1, threads);
}

// function(part, first, last) for each part of [0, rows).
template <typename Function>
void each_part(std::int64_t rows, const Function& function) {
  const std::int64_t parts = parts_of(rows);
  at::parallel_for(0, parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) function(part, part * rows / parts, (part + 1) * rows / parts);
  });
}

float* floats(at::Tensor& tensor) {
  return tensor.mutable_data_ptr<float>();
}
const float* floats(const at::Tensor& tensor) {
  return tensor.const_data_ptr<float>();
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& w, double eps, bool own) {
  if (!own) return x * at::rsqrt(at::mean(x * x, -1, true) + eps) * w;
  at::Tensor y = at::empty_like(x);
  const std::int64_t size = x.size(1);
  const float *from = floats(x), *weight = floats(w);
  float* const to = floats(y);
  each_part(x.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
    best_kernels().rms_norm(from + first * size, weight, static_cast<float>(eps), last - first, size,
                            to + first * size);
  });
  return y;
}

void rms_norm_backward(const at::Tensor& x, const at::Tensor& w, double eps, const at::Tensor& gy, bool own,
                       at::Tensor& gx, at::Tensor& gw) {
  if (!own) {
    const at::Tensor scale = at::rsqrt(at::mean(x * x, -1, true) + eps);
    const at::Tensor pulled = gy * w;
    gx.add_(pulled * scale - x * scale.pow(3) * at::mean(pulled * x, -1, true));
    gw.add_(at::sum(gy * x * scale, 0));
    return;
  }
  const std::int64_t size = x.size(1), parts = parts_of(x.size(0));
  at::Tensor partial = at::zeros({parts, size}, x.options());
  const float *from = floats(x), *weight = floats(w), *upstream = floats(gy);
  float *const d_x = floats(gx), *const d_w = floats(partial);
  each_part(x.size(0), [&](std::int64_t part, std::int64_t first, std::int64_t last) {
    best_kernels().rms_norm_backward(from + first * size, weight, static_cast<float>(eps), upstream + first * size,
                                     last - first, size, d_x + first * size, d_w + part * size);
  });
  for (std::int64_t part = 0; part < parts; ++part) gw.add_(partial[part]);
}

at::Tensor swiglu(const at::Tensor& gate_up, bool own) {
  const std::int64_t size = gate_up.size(1) / 2;
  if (!own) return at::silu(gate_up.narrow(1, 0, size)) * gate_up.narrow(1, size, size);
  at::Tensor y = at::empty({gate_up.size(0), size}, gate_up.options());
  const float* const from = floats(gate_up);
  float* const to = floats(y);
  each_part(gate_up.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
    best_kernels().swiglu(from + first * 2 * size, last - first, size, to + first * size);
  });
  return y;
}

at::Tensor swiglu_backward(at::Tensor& gate_up, const at::Tensor& gy, bool own) {
  const std::int64_t size = gate_up.size(1) / 2;
  if (!own) {
    at::Tensor gate = gate_up.narrow(1, 0, size), up = gate_up.narrow(1, size, size);
    const at::Tensor s = at::sigmoid(gate), silu = gate * s;
    at::Tensor y = silu * up;
    gate.copy_(gy * up * s * (1 + gate * (1 - s)));
    up.copy_(gy * silu);
    return y;
  }
  at::Tensor y = at::empty({gate_up.size(0), size}, gate_up.options());
  float *const from = floats(gate_up), *const to = floats(y);
  const float* const upstream = floats(gy);
  each_part(gate_up.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
    best_kernels().swiglu_backward(from + first * 2 * size, upstream + first * size, last - first, size,
                                   to + first * size);
  });
  return y;
}

at::Tensor softmax_pick(at::Tensor& logits, const at::Tensor& target, bool own) {
  if (!own) {
    const at::Tensor logp = at::log_softmax(logits, -1);
    at::exp_out(logits, logp);
    return logp.gather(1, target.unsqueeze(1)).squeeze(1);
  }
  at::Tensor logp = at::empty({logits.size(0)}, logits.options());
  const std::int64_t vocab = logits.size(1);
  float *const rows = floats(logits), *const out = floats(logp);
  const std::int64_t* const wanted = target.const_data_ptr<std::int64_t>();
  each_part(logits.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
    best_kernels().softmax_pick(rows + first * vocab, wanted + first, last - first, vocab, out + first);
  });
  return logp;
}

void softmax_pick_backward(at::Tensor& probabilities, const at::Tensor& target, const at::Tensor& d_logp, bool own) {
  if (!own) {
    const at::Tensor g = d_logp.unsqueeze(1);
    probabilities.mul_(-g).scatter_add_(1, target.unsqueeze(1), g);
    return;
  }
  const std::int64_t vocab = probabilities.size(1);
  float* const rows = floats(probabilities);
  const float* const upstream = floats(d_logp);
  const std::int64_t* const wanted = target.const_data_ptr<std::int64_t>();
  each_part(probabilities.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
    best_kernels().softmax_pick_backward(rows + first * vocab, wanted + first, upstream + first, last - first, vocab);
  });
}

void add_rows(at::Tensor& out, const at::Tensor& index, const at::Tensor& rows, std::int64_t skip, bool own) {
  if (!own) {
    // Sorted by index inside: unlike index_add_, the same bits each time on a GPU.
    out.add_(at::embedding_dense_backward(rows, index, out.size(0), skip, false));
    return;
  }
  const std::int64_t size = out.size(1);
  const std::int64_t* const to = index.const_data_ptr<std::int64_t>();
  const float* from = floats(rows);
  float* const sum = floats(out);
  for (std::int64_t i = 0; i < index.size(0); ++i, from += size) {
    if (to[i] == skip) continue;
    float* const row = sum + to[i] * size;
    for (std::int64_t j = 0; j < size; ++j) row[j] += from[j];
  }
}

bool has_own_attention(const HeadShape& shape) {
  return shape.head_dim % 16 == 0 && shape.head_dim <= kMaxHeadDim;
}

namespace {

// Runs `kernel` for each (sequence, kv head); `fill` adds the pointers of the direction.
template <typename Fill>
void each_head(const Packing& packing, const HeadShape& shape, void (*kernel)(const AttentionTask&), const Fill& fill) {
  const std::int64_t sequences = static_cast<std::int64_t>(packing.begin.size()) - 1, dim = shape.head_dim;
  std::int64_t longest = 0;
  for (std::int64_t i = 0; i < sequences; ++i) longest = std::max(longest, packing.begin[i + 1] - packing.begin[i]);
  at::parallel_for(0, sequences * shape.kv_heads, 1, [&](std::int64_t first, std::int64_t last) {
    std::vector<float> scratch(static_cast<std::size_t>(attention_scratch(longest, dim)));
    for (std::int64_t item = first; item < last; ++item) {
      const std::int64_t sequence = item / shape.kv_heads, kv = item % shape.kv_heads;
      AttentionTask task;
      task.tokens = packing.begin[sequence + 1] - packing.begin[sequence];
      task.head_dim = dim;
      task.group = shape.heads / shape.kv_heads;
      task.qkv_stride = shape.qkv_size();
      task.q_offset = task.out_offset = kv * task.group * dim;
      task.k_offset = (shape.heads + kv) * dim;
      task.v_offset = (shape.heads + shape.kv_heads + kv) * dim;
      task.out_stride = shape.heads * dim;
      task.scratch = scratch.data();
      fill(task, packing.begin[sequence], kv * task.group);
      kernel(task);
    }
  });
}

at::Tensor rotated(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  const std::int64_t half = x.size(-1) / 2;
  const at::Tensor low = x.narrow(-1, 0, half), high = x.narrow(-1, half, half);
  return at::cat({low * cos - high * sin, high * cos + low * sin}, -1);
}

// [tokens, heads * dim] -> [1, heads, tokens, dim]
at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), heads, -1}).transpose(0, 1).unsqueeze(0);
}

at::Tensor attention_by_torch(const at::Tensor& qkv, const Packing& packing, const HeadShape& shape,
                              const at::Tensor& cos, const at::Tensor& sin) {
  std::vector<at::Tensor> outs;
  for (std::size_t i = 0; i + 1 < packing.begin.size(); ++i) {
    const std::int64_t tokens = packing.begin[i + 1] - packing.begin[i], dim = shape.head_dim;
    const at::Tensor rows = qkv.narrow(0, packing.begin[i], tokens);
    const at::Tensor c = cos.narrow(0, 0, tokens), s = sin.narrow(0, 0, tokens);
    const at::Tensor q = rotated(split_heads(rows.narrow(1, 0, shape.heads * dim), shape.heads), c, s);
    const at::Tensor k =
        rotated(split_heads(rows.narrow(1, shape.heads * dim, shape.kv_heads * dim), shape.kv_heads), c, s);
    const at::Tensor v =
        split_heads(rows.narrow(1, (shape.heads + shape.kv_heads) * dim, shape.kv_heads * dim), shape.kv_heads);
    const at::Tensor out =
        at::scaled_dot_product_attention(q, k, v, {}, 0.0, true, std::nullopt, shape.heads != shape.kv_heads);
    outs.push_back(out.squeeze(0).transpose(0, 1).reshape({tokens, shape.heads * dim}));
  }
  return outs.size() == 1 ? outs[0] : at::cat(outs, 0);
}

}  // namespace

at::Tensor attention(const at::Tensor& qkv, const Packing& packing, const HeadShape& shape, const at::Tensor& cos,
                     const at::Tensor& sin, bool own, AttentionTape* tape) {
  if (!own || !has_own_attention(shape)) {
    if (tape == nullptr) return attention_by_torch(qkv, packing, shape, cos, sin);
    tape->qkv = qkv.detach().requires_grad_(true);
    tape->out = attention_by_torch(tape->qkv, packing, shape, cos, sin);
    return tape->out.detach();
  }
  at::Tensor out = at::empty({qkv.size(0), shape.heads * shape.head_dim}, qkv.options());
  at::Tensor lse = at::empty({qkv.size(0) * shape.heads}, qkv.options());
  each_head(packing, shape, best_kernels().attention, [&](AttentionTask& task, std::int64_t begin, std::int64_t head) {
    task.qkv = floats(std::as_const(qkv)) + begin * task.qkv_stride;
    task.cos = floats(std::as_const(cos));
    task.sin = floats(std::as_const(sin));
    task.out = floats(out) + begin * task.out_stride;
    task.lse = floats(lse) + begin * shape.heads + head * task.tokens;
  });
  if (tape != nullptr) *tape = {qkv, out, lse};
  return out;
}

at::Tensor attention_backward(const AttentionTape& tape, const at::Tensor& d_out, const Packing& packing,
                              const HeadShape& shape, const at::Tensor& cos, const at::Tensor& sin) {
  if (!tape.lse.defined()) {
    tape.out.backward(d_out);
    return tape.qkv.grad().contiguous();
  }
  at::Tensor d_qkv = at::empty_like(tape.qkv), out = tape.out, lse = tape.lse;
  each_head(packing, shape, best_kernels().attention_backward,
            [&](AttentionTask& task, std::int64_t begin, std::int64_t head) {
              task.qkv = floats(std::as_const(tape.qkv)) + begin * task.qkv_stride;
              task.cos = floats(std::as_const(cos));
              task.sin = floats(std::as_const(sin));
              task.out = floats(out) + begin * task.out_stride;
              task.lse = floats(lse) + begin * shape.heads + head * task.tokens;
              task.d_out = floats(std::as_const(d_out)) + begin * task.out_stride;
              task.d_qkv = floats(d_qkv) + begin * task.qkv_stride;
            });
  return d_qkv;
}

double sum_of_squares(const at::Tensor& values, bool own) {
  if (!own) return at::sum(at::square(values.to(at::kDouble))).item<double>();
  return best_kernels().sum_of_squares(floats(values), values.numel());
}

}  // namespace ipr::train
