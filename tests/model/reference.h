// The forward pass of all families as plainly as it can be written, in f64: what the engine is checked against.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/model/weights.h"

namespace ipr::test {

class Reference {
 public:
  explicit Reference(const model::Weights& weights) : weights_(weights), config_(weights.config) {}

  // Logits at the last of `ids`.
  [[nodiscard]] std::vector<double> last_logits(const std::vector<std::int32_t>& ids) const {
    std::vector<Vector> x;
    const auto& embedding = values("model.embed_tokens.weight");
    for (const std::int32_t id : ids) {
      x.emplace_back(embedding.begin() + id * config_.hidden_size, embedding.begin() + (id + 1) * config_.hidden_size);
    }
    for (std::int64_t layer = 0; layer < config_.num_layers; ++layer)
      run_layer("model.layers." + std::to_string(layer) + ".", static_cast<std::size_t>(config_.window(layer)), x);
    const Vector last = norm(x.back(), values("model.norm.weight"));
    return multiply(values(config_.tie_word_embeddings ? "model.embed_tokens.weight" : "lm_head.weight"), last);
  }

 private:
  using Vector = std::vector<double>;

  [[nodiscard]] const model::Values& values(const std::string& name) const { return weights_.tensors.at(name).values; }

  static Vector multiply(const model::Values& matrix, const Vector& x) {
    Vector y(matrix.size() / x.size());
    for (std::size_t r = 0; r < y.size(); ++r) {
      for (std::size_t i = 0; i < x.size(); ++i) y[r] += static_cast<double>(matrix[r * x.size() + i]) * x[i];
    }
    return y;
  }

  // A product with its bias, where there is one.
  [[nodiscard]] Vector project(const std::string& name, const Vector& x) const {
    Vector y = multiply(values(name + ".weight"), x);
    const auto bias = weights_.tensors.find(name + ".bias");
    for (std::size_t i = 0; bias != weights_.tensors.end() && i < y.size(); ++i)
      y[i] += static_cast<double>(bias->second.values[i]);
    return y;
  }

  void norm_heads(Vector& heads, const model::Values& weight) const {
    for (auto head = heads.begin(); head != heads.end(); head += config_.head_dim) {
      const Vector normed = norm(Vector(head, head + config_.head_dim), weight);
      std::copy(normed.begin(), normed.end(), head);
    }
  }

  // Radians per position.
  [[nodiscard]] double frequency(std::int64_t pair) const {
    const double plain =
        std::pow(config_.rope_theta, -2.0 * static_cast<double>(pair) / static_cast<double>(config_.head_dim));
    const model::RopeScaling& scaling = config_.rope_scaling;
    if (scaling.kind == model::RopeScaling::Kind::kLinear) return plain / scaling.factor;
    if (scaling.kind != model::RopeScaling::Kind::kLlama3) return plain;
    // Turns within the original length, from `low` (all scaled) to `high` (none).
    const double turns = static_cast<double>(scaling.original_positions) * plain / (2 * std::acos(-1.0));
    const double kept = std::clamp(
        (turns - scaling.low_frequency_factor) / (scaling.high_frequency_factor - scaling.low_frequency_factor), 0.0,
        1.0);
    return plain * (kept + (1 - kept) / scaling.factor);
  }

  [[nodiscard]] Vector norm(const Vector& x, const model::Values& weight) const {
    double square = 0;
    for (const double value : x) square += value * value;
    Vector y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      y[i] = x[i] / std::sqrt(square / static_cast<double>(x.size()) + config_.rms_norm_eps) *
             static_cast<double>(weight[i]);
    }
    return y;
  }

  void rotate(Vector& heads, std::size_t position) const {
    const std::int64_t half = config_.head_dim / 2;
    for (std::size_t first = 0; first < heads.size(); first += static_cast<std::size_t>(config_.head_dim)) {
      for (std::int64_t i = 0; i < half; ++i) {
        const double angle = static_cast<double>(position) * frequency(i);
        double& a = heads[first + static_cast<std::size_t>(i)];
        double& b = heads[first + static_cast<std::size_t>(i + half)];
        const Vector old = {a, b};
        a = old[0] * std::cos(angle) - old[1] * std::sin(angle);
        b = old[1] * std::cos(angle) + old[0] * std::sin(angle);
      }
    }
  }

  void run_layer(const std::string& prefix, std::size_t window, std::vector<Vector>& x) const {
    std::vector<Vector> q, k, v;
    for (std::size_t p = 0; p < x.size(); ++p) {
      const Vector normed = norm(x[p], values(prefix + "input_layernorm.weight"));
      q.push_back(project(prefix + "self_attn.q_proj", normed));
      k.push_back(project(prefix + "self_attn.k_proj", normed));
      v.push_back(project(prefix + "self_attn.v_proj", normed));
      if (config_.qk_norm) {
        norm_heads(q.back(), values(prefix + "self_attn.q_norm.weight"));
        norm_heads(k.back(), values(prefix + "self_attn.k_norm.weight"));
      }
      rotate(q.back(), p);
      rotate(k.back(), p);
    }
    for (std::size_t p = 0; p < x.size(); ++p) {
      const std::size_t first = window > 0 && p + 1 > window ? p + 1 - window : 0;
      add(x[p], project(prefix + "self_attn.o_proj", attend(q[p], k, v, first, p)));
      const Vector normed = norm(x[p], values(prefix + "post_attention_layernorm.weight"));
      Vector inner = project(prefix + "mlp.gate_proj", normed);
      const Vector up = project(prefix + "mlp.up_proj", normed);
      for (std::size_t i = 0; i < inner.size(); ++i) inner[i] = inner[i] / (1 + std::exp(-inner[i])) * up[i];
      add(x[p], project(prefix + "mlp.down_proj", inner));
    }
  }

  [[nodiscard]] Vector attend(const Vector& q, const std::vector<Vector>& k, const std::vector<Vector>& v,
                              std::size_t first, std::size_t last) const {
    const auto dim = static_cast<std::size_t>(config_.head_dim);
    const auto group = static_cast<std::size_t>(config_.num_heads / config_.num_kv_heads);
    Vector out(q.size());
    for (std::size_t head = 0; head * dim < q.size(); ++head) {
      const std::size_t shared = head / group * dim;
      Vector weight(last + 1);
      double sum = 0;
      for (std::size_t p = first; p <= last; ++p) {
        double score = 0;
        for (std::size_t i = 0; i < dim; ++i) score += q[head * dim + i] * k[p][shared + i];
        sum += weight[p] = std::exp(score / std::sqrt(static_cast<double>(dim)));
      }
      for (std::size_t p = first; p <= last; ++p) {
        for (std::size_t i = 0; i < dim; ++i) out[head * dim + i] += weight[p] / sum * v[p][shared + i];
      }
    }
    return out;
  }

  static void add(Vector& x, const Vector& y) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  }

  const model::Weights& weights_;
  const model::LlamaConfig& config_;
};

}  // namespace ipr::test
