// The Llama forward pass as plainly as it can be written, in f64: what the engine is checked against.
#pragma once

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
      run_layer("model.layers." + std::to_string(layer) + ".", x);
    const Vector last = norm(x.back(), values("model.norm.weight"));
    return multiply(values(config_.tie_word_embeddings ? "model.embed_tokens.weight" : "lm_head.weight"), last);
  }

 private:
  using Vector = std::vector<double>;

  [[nodiscard]] const std::vector<float>& values(const std::string& name) const {
    return weights_.tensors.at(name).values;
  }

  static Vector multiply(const std::vector<float>& matrix, const Vector& x) {
    Vector y(matrix.size() / x.size());
    for (std::size_t r = 0; r < y.size(); ++r) {
      for (std::size_t i = 0; i < x.size(); ++i) y[r] += static_cast<double>(matrix[r * x.size() + i]) * x[i];
    }
    return y;
  }

  [[nodiscard]] Vector norm(const Vector& x, const std::vector<float>& weight) const {
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
        const double angle =
            static_cast<double>(position) /
            std::pow(config_.rope_theta, 2.0 * static_cast<double>(i) / static_cast<double>(config_.head_dim));
        double& a = heads[first + static_cast<std::size_t>(i)];
        double& b = heads[first + static_cast<std::size_t>(i + half)];
        const Vector old = {a, b};
        a = old[0] * std::cos(angle) - old[1] * std::sin(angle);
        b = old[1] * std::cos(angle) + old[0] * std::sin(angle);
      }
    }
  }

  void run_layer(const std::string& prefix, std::vector<Vector>& x) const {
    std::vector<Vector> q, k, v;
    for (std::size_t p = 0; p < x.size(); ++p) {
      const Vector normed = norm(x[p], values(prefix + "input_layernorm.weight"));
      q.push_back(multiply(values(prefix + "self_attn.q_proj.weight"), normed));
      k.push_back(multiply(values(prefix + "self_attn.k_proj.weight"), normed));
      v.push_back(multiply(values(prefix + "self_attn.v_proj.weight"), normed));
      rotate(q.back(), p);
      rotate(k.back(), p);
    }
    for (std::size_t p = 0; p < x.size(); ++p) {
      add(x[p], multiply(values(prefix + "self_attn.o_proj.weight"), attend(q[p], k, v, p)));
      const Vector normed = norm(x[p], values(prefix + "post_attention_layernorm.weight"));
      Vector inner = multiply(values(prefix + "mlp.gate_proj.weight"), normed);
      const Vector up = multiply(values(prefix + "mlp.up_proj.weight"), normed);
      for (std::size_t i = 0; i < inner.size(); ++i) inner[i] = inner[i] / (1 + std::exp(-inner[i])) * up[i];
      add(x[p], multiply(values(prefix + "mlp.down_proj.weight"), inner));
    }
  }

  [[nodiscard]] Vector attend(const Vector& q, const std::vector<Vector>& k, const std::vector<Vector>& v,
                              std::size_t last) const {
    const auto dim = static_cast<std::size_t>(config_.head_dim);
    const auto group = static_cast<std::size_t>(config_.num_heads / config_.num_kv_heads);
    Vector out(q.size());
    for (std::size_t head = 0; head * dim < q.size(); ++head) {
      const std::size_t shared = head / group * dim;
      Vector weight(last + 1);
      double sum = 0;
      for (std::size_t p = 0; p <= last; ++p) {
        double score = 0;
        for (std::size_t i = 0; i < dim; ++i) score += q[head * dim + i] * k[p][shared + i];
        sum += weight[p] = std::exp(score / std::sqrt(static_cast<double>(dim)));
      }
      for (std::size_t p = 0; p <= last; ++p) {
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
