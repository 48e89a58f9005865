#include "core/train/torch/operators.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_fused_rms_norm.h>
#include <ATen/ops/_fused_rms_norm_backward.h>
#include <ATen/ops/add.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/silu_backward.h>
#include <ATen/ops/square.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "core/train/torch/row_parts.h"

namespace ipr::train {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& w, double eps, bool own) {
  const at::Tensor input = x.to(at::kFloat), weight = w.to(at::kFloat);
  if (x.is_cuda()) return std::get<0>(at::_fused_rms_norm(input, w.sizes(), weight, eps)).to(w.scalar_type());
  if (!own) return (input * at::rsqrt(at::mean(input * input, -1, true) + eps) * weight).to(w.scalar_type());
  at::Tensor y = at::empty(input.sizes(), w.options());
  const std::int64_t size = input.size(1);
  with_kernels(y, [&](auto number, const auto& kernels) {
    using Number = decltype(number);
    const float *const from = floats(input), *const scales = floats(weight);
    Number* const to = numbers_of<Number>(y);
    each_part(input.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
      kernels.rms_norm(from + first * size, scales, static_cast<float>(eps), last - first, size, to + first * size);
    });
  });
  return y;
}

void rms_norm_backward(const at::Tensor& x, const at::Tensor& w, double eps, const at::Tensor& gy, bool own,
                       at::Tensor& gx, at::Tensor& gw) {
  const at::Tensor input = x.to(at::kFloat), weight = w.to(at::kFloat);
  if (x.is_cuda()) {
    const at::Tensor upstream = gy.to(at::kFloat);
    const at::Tensor scale = std::get<1>(at::_fused_rms_norm(input, w.sizes(), weight, eps));
    const auto [d_x, d_w] =
        at::_fused_rms_norm_backward(upstream, input, w.sizes(), scale, weight, {true, gw.defined()});
    gx.add_(d_x);
    if (gw.defined()) gw.add_(d_w);
    return;
  }
  if (!own) {
    const at::Tensor upstream = gy.to(at::kFloat);
    const at::Tensor scale = at::rsqrt(at::mean(input * input, -1, true) + eps);
    const at::Tensor pulled = upstream * weight;
    gx.add_(pulled * scale - input * scale.pow(3) * at::mean(pulled * input, -1, true));
    if (gw.defined()) gw.add_(at::sum(upstream * input * scale, 0));
    return;
  }
  const std::int64_t size = input.size(1), parts = gw.defined() ? parts_of(input.size(0)) : 0;
  at::Tensor partial = at::zeros({parts, size}, input.options());
  with_kernels(gy, [&](auto number, const auto& kernels) {
    using Number = decltype(number);
    const float *const from = floats(input), *const scales = floats(weight);
    const Number* const upstream = numbers_of<Number>(gy);
    float *const d_x = floats(gx), *const d_w = floats(partial);
    each_part(input.size(0), [&](std::int64_t part, std::int64_t first, std::int64_t last) {
      kernels.rms_norm_backward(from + first * size, scales, static_cast<float>(eps), upstream + first * size,
                                last - first, size, d_x + first * size, parts == 0 ? nullptr : d_w + part * size);
    });
  });
  for (std::int64_t part = 0; part < parts; ++part) gw.add_(partial[part]);
}

at::Tensor swiglu(const at::Tensor& gate_up, bool own) {
  const std::int64_t size = gate_up.size(1) / 2;
  if (!own) return at::silu(gate_up.narrow(1, 0, size)) * gate_up.narrow(1, size, size);
  at::Tensor y = at::empty({gate_up.size(0), size}, gate_up.options());
  with_kernels(gate_up, [&](auto number, const auto& kernels) {
    using Number = decltype(number);
    const Number* const from = numbers_of<Number>(gate_up);
    Number* const to = numbers_of<Number>(y);
    each_part(gate_up.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
      kernels.swiglu(from + first * 2 * size, last - first, size, to + first * size);
    });
  });
  return y;
}

at::Tensor swiglu_backward(at::Tensor& gate_up, const at::Tensor& gy, bool own) {
  const std::int64_t size = gate_up.size(1) / 2;
  if (!own) {
    at::Tensor gate = gate_up.narrow(1, 0, size), up = gate_up.narrow(1, size, size);
    const at::Tensor silu = at::silu(gate);
    at::Tensor y = silu * up;
    at::silu_backward_out(gate, gy * up, gate);
    at::mul_out(up, gy, silu);
    return y;
  }
  at::Tensor y = at::empty({gate_up.size(0), size}, gate_up.options());
  with_kernels(gate_up, [&](auto number, const auto& kernels) {
    using Number = decltype(number);
    Number *const from = numbers_of<Number>(gate_up), *const to = numbers_of<Number>(y);
    const Number* const upstream = numbers_of<Number>(gy);
    each_part(gate_up.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
      kernels.swiglu_backward(from + first * 2 * size, upstream + first * size, last - first, size, to + first * size);
    });
  });
  return y;
}

at::Tensor softmax_pick(at::Tensor& logits, const at::Tensor& target, bool own) {
  if (!own) {
    const at::Tensor logp = at::log_softmax(logits, -1);
    at::exp_out(logits, logp);
    return logp.gather(1, target.unsqueeze(1)).squeeze(1);
  }
  at::Tensor logp = at::empty({logits.size(0)}, logits.options().dtype(at::kFloat));
  const std::int64_t vocab = logits.size(1);
  const std::int64_t* const wanted = target.const_data_ptr<std::int64_t>();
  with_kernels(logits, [&](auto number, const auto& kernels) {
    using Number = decltype(number);
    const Number* const rows = numbers_of<Number>(std::as_const(logits));
    float* const out = floats(logp);
    each_part(logits.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
      kernels.softmax_pick(rows + first * vocab, wanted + first, last - first, vocab, out + first);
    });
  });
  return logp;
}

void softmax_pick_backward(at::Tensor& logits, const at::Tensor& target, const at::Tensor& logp,
                           const at::Tensor& d_logp, bool own) {
  if (!own) {
    const at::Tensor g = d_logp.unsqueeze(1);
    logits.mul_(-g).scatter_add_(1, target.unsqueeze(1), g);
    return;
  }
  const std::int64_t vocab = logits.size(1);
  const std::int64_t* const wanted = target.const_data_ptr<std::int64_t>();
  with_kernels(logits, [&](auto number, const auto& kernels) {
    using Number = decltype(number);
    Number* const rows = numbers_of<Number>(logits);
    const float *const picked = floats(logp), *const upstream = floats(d_logp);
    each_part(logits.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
      kernels.softmax_pick_backward(rows + first * vocab, wanted + first, picked + first, upstream + first,
                                    last - first, vocab);
    });
  });
}

namespace {

void add_own(const at::Tensor& a, const at::Tensor& b, at::Tensor& sum) {
  with_kernels(b, [&](auto number, const auto& kernels) {
    using Number = decltype(number);
    const std::int64_t size = a.size(1);
    const float* const left = floats(a);
    const Number* const right = numbers_of<Number>(b);
    float* const to = floats(sum);
    each_part(a.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
      kernels.add(left + first * size, right + first * size, (last - first) * size, to + first * size);
    });
  });
}

}  // namespace

at::Tensor add(const at::Tensor& a, const at::Tensor& b, bool own) {
  if (!own) return at::add(a, b);
  at::Tensor sum = at::empty_like(a);
  add_own(a, b, sum);
  return sum;
}

void add_to(at::Tensor& sum, const at::Tensor& b, bool own) {
  if (own) {
    add_own(sum, b, sum);
  } else {
    sum.add_(b);
  }
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

namespace {

// One group of heads: `count` of them from head `first` on, with one norm.
struct HeadGroup {
  std::int64_t first = 0, count = 0;
  const at::Tensor& norm;
};

// [n, count, head_dim]
at::Tensor group_of(const at::Tensor& qkv, const HeadGroup& group, std::int64_t head_dim) {
  return qkv.view({qkv.size(0), -1, head_dim}).narrow(1, group.first, group.count);
}

}  // namespace

at::Tensor norm_heads(const at::Tensor& qkv, const at::Tensor& q_norm, const at::Tensor& k_norm, const HeadShape& shape,
                      double eps, bool own) {
  at::Tensor y = qkv.clone();
  for (const HeadGroup& group : {HeadGroup{0, shape.heads, q_norm}, HeadGroup{shape.heads, shape.kv_heads, k_norm}}) {
    const at::Tensor rows = group_of(qkv, group, shape.head_dim).reshape({-1, shape.head_dim});
    at::Tensor to = group_of(y, group, shape.head_dim);
    to.copy_(rms_norm(rows, group.norm, eps, own).view(to.sizes()));
  }
  return y;
}

at::Tensor norm_heads_backward(const at::Tensor& qkv, const at::Tensor& q_norm, const at::Tensor& k_norm,
                               const HeadShape& shape, double eps, const at::Tensor& d_y, bool own,
                               at::Tensor& d_q_norm, at::Tensor& d_k_norm) {
  at::Tensor d_qkv = d_y.clone();
  const auto pull = [&](const HeadGroup& group, at::Tensor& d_norm) {
    const at::Tensor rows = group_of(qkv, group, shape.head_dim).reshape({-1, shape.head_dim});
    const at::Tensor upstream = group_of(d_y, group, shape.head_dim).reshape({-1, shape.head_dim});
    at::Tensor d_rows = at::zeros(rows.sizes(), rows.options().dtype(at::kFloat));
    rms_norm_backward(rows, group.norm, eps, upstream, own, d_rows, d_norm);
    at::Tensor to = group_of(d_qkv, group, shape.head_dim);
    to.copy_(d_rows.view(to.sizes()));
  };
  pull({0, shape.heads, q_norm}, d_q_norm);
  pull({shape.heads, shape.kv_heads, k_norm}, d_k_norm);
  return d_qkv;
}

double sum_of_squares(const at::Tensor& values, bool own) {
  if (!own) return at::sum(at::square(values.to(at::kDouble))).item<double>();
  return best_kernels().sum_of_squares(floats(values), values.numel());
}

}  // namespace ipr::train
