#include "core/model/engine.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <vector>

#include "core/model/packed_model.h"
#include "core/model/rope.h"
#include "core/model/thread_pool.h"

namespace ipr::model {
namespace {

// A layer whose packed weights fit the second-level cache is run row-wise; see CpuEngine::Impl.
constexpr std::size_t kRowWiseLayerBytes = std::size_t{2} << 20;

// KV heads that a row-wise task attends with before it goes on to its next rows.
constexpr int kAttendHeads = 2;

int round_up(int value, int unit) {
  return (value + unit - 1) / unit * unit;
}

// Activations of the running step, [rows][stride] each; grown, never shrunk.
struct Scratch {
  AlignedFloats x, normed, qkv, attended, gate_up, inner, last, logits;

  static float* need(AlignedFloats& buffer, std::size_t size) {
    if (buffer.size() < size) buffer = AlignedFloats(size);
    return buffer.data();
  }
};

}  // namespace

// Two ways to share the work, equal in every bit. Row-wise: a task takes some rows through a whole layer, one region
// per layer; the weights are read again for each task, so only where a layer fits the cache (the small default model,
// where the cost of a region would decide). Column-wise: a task takes some columns of one product for all rows.
class CpuEngine::Impl {
 public:
  Impl(const Weights& weights, int threads, const Kernels& kernels)
      : config_(weights.config), kernels_(kernels), model_(weights), pool_(std::max(1, threads)), rope_(config_) {
    row_wise_ = model_.layer_bytes() <= kRowWiseLayerBytes;
  }

  void step(std::span<const Row> rows, float* logits) {
    const std::lock_guard lock(mutex_);
    if (rows.empty()) return;
    prepare(rows, logits);
    row_wise_ ? step_by_rows() : step_by_columns();
  }

  void parallel(int tasks, const std::function<void(int task, int thread)>& body) {
    if (tasks == 0) return;
    const std::lock_guard lock(mutex_);
    pool_.run(tasks, body);
  }

  [[nodiscard]] const LlamaConfig& config() const { return config_; }
  [[nodiscard]] const Kernels& kernels() const { return kernels_; }
  [[nodiscard]] int threads() const { return pool_.threads(); }
  [[nodiscard]] std::size_t block_floats() const { return layers_.size() * shape_.layer_block(); }

 private:
  void prepare(std::span<const Row> rows, float* logits) {
    rows_ = rows;
    logits_ = logits;
    const auto count = static_cast<int>(rows.size());
    logit_index_.resize(rows.size() + 1);
    logit_index_[0] = 0;
    int longest = 0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      logit_index_[r + 1] = logit_index_[r] + (rows[r].want_logits ? 1 : 0);
      longest = std::max(longest, rows[r].position + 1);
    }
    need_positions(longest);
    x_ = Scratch::need(scratch_.x, product(count, shape_.hidden_stride));
    normed_ = Scratch::need(scratch_.normed, product(count, shape_.hidden_stride));
    qkv_ = Scratch::need(scratch_.qkv, product(count, shape_.qkv_width));
    attended_ = Scratch::need(scratch_.attended, product(count, shape_.query_width));
    gate_up_ = Scratch::need(scratch_.gate_up, product(count, 2 * shape_.inner_stride));
    inner_ = Scratch::need(scratch_.inner, product(count, shape_.inner_stride));
    last_ = Scratch::need(scratch_.last, product(logit_index_.back(), shape_.hidden_stride));
    logits_stride_ = shape_.vocab;
    head_out_ = logits;
    if (shape_.vocab % kLane != 0) {  // kernels write whole blocks of 16 columns
      logits_stride_ = padded(shape_.vocab);
      head_out_ = Scratch::need(scratch_.logits, product(logit_index_.back(), logits_stride_));
    }
  }

  // What grows with the longest sequence: it is made for those that come, not for what the model could hold.
  void need_positions(int longest) {
    rope_.reserve(longest);
    const std::size_t needed = attention_scratch(shape_.heads, shape_.head_stride, longest);
    if (needed <= attention_stride_) return;
    attention_stride_ = attention_scratch(shape_.heads, shape_.head_stride, std::max(256, longest + longest / 2));
    attention_ = AlignedFloats(attention_stride_ * static_cast<std::size_t>(pool_.threads()));
  }

  void step_by_rows() {
    const auto count = static_cast<int>(rows_.size());
    // About two chunks per thread, in whole register tiles, and not so many rows that activations leave the cache.
    const int chunk = std::clamp(round_up((count + 2 * pool_.threads() - 1) / (2 * pool_.threads()), 6), 6, 48);
    const int chunks = (count + chunk - 1) / chunk;
    const auto layers = static_cast<int>(layers_.size());
    const auto over_chunks = [&](const auto& body) {
      pool_.run(chunks, [&](int task, int thread) { body(task * chunk, std::min(count, (task + 1) * chunk), thread); });
    };
    over_chunks([&](int begin, int end, int) {
      embed(begin, end);
      project_qkv(0, begin, end);
    });
    // A region ends where rows meet: the keys and values of a layer must all be written before any row attends.
    for (int l = 0; l < layers; ++l) {
      over_chunks([&](int begin, int end, int thread) {
        // Some heads at a time over all rows: rows of one prompt then find its keys and values in the cache.
        for (int head = 0; head < shape_.kv_heads; head += kAttendHeads) {
          for (int r = begin; r < end; ++r) attend(l, r, head, std::min(head + kAttendHeads, shape_.kv_heads), thread);
        }
        finish_layer(l, begin, end);
        if (l + 1 < layers) {
          project_qkv(l + 1, begin, end);
        } else {
          last_norm(begin, end);
          head(logit_index_[begin], logit_index_[end], 0, model_.head.blocks);
          copy_logits(logit_index_[begin], logit_index_[end]);
        }
      });
    }
  }

  void project_qkv(int l, int begin, int end) {
    norm(layers_[l].input_norm, begin, end);
    multiply(normed_, shape_.hidden_stride, layers_[l].qkv, qkv_, shape_.qkv_width, begin, end, 0,
             layers_[l].qkv.blocks, false);
    write_keys_values(l, begin, end);
  }

  void finish_layer(int l, int begin, int end) {
    const Layer& layer = layers_[l];
    multiply(attended_, shape_.query_width, layer.output, x_, shape_.hidden_stride, begin, end, 0, layer.output.blocks,
             true);
    norm(layer.attention_norm, begin, end);
    gate_up(l, begin, end, 0, layer.gate_up.blocks / 2);
    multiply(inner_, shape_.inner_stride, layer.down, x_, shape_.hidden_stride, begin, end, 0, layer.down.blocks, true);
  }

  void step_by_columns() {
    const auto count = static_cast<int>(rows_.size());
    const auto over_rows = [&](const auto& body) {
      const int chunk = std::max(4, (count + pool_.threads() - 1) / pool_.threads());
      pool_.run((count + chunk - 1) / chunk,
                [&](int task, int) { body(task * chunk, std::min(count, (task + 1) * chunk)); });
    };
    // Several tasks per thread, so that a thread without a core is no brake; whole register tiles.
    const auto over_blocks = [&](int blocks, const auto& body) {
      const int grain = round_up((blocks + 4 * pool_.threads() - 1) / (4 * pool_.threads()), 4);
      pool_.run((blocks + grain - 1) / grain,
                [&](int task, int) { body(task * grain, std::min(blocks, (task + 1) * grain)); });
    };
    over_rows([&](int begin, int end) { embed(begin, end); });
    for (int l = 0; l < static_cast<int>(layers_.size()); ++l) {
      const Layer& layer = layers_[l];
      over_rows([&](int begin, int end) { norm(layer.input_norm, begin, end); });
      over_blocks(layer.qkv.blocks, [&](int first, int last) {
        multiply(normed_, shape_.hidden_stride, layer.qkv, qkv_, shape_.qkv_width, 0, count, first, last, false);
      });
      over_rows([&](int begin, int end) { write_keys_values(l, begin, end); });
      attend_all(l);
      over_blocks(layer.output.blocks, [&](int first, int last) {
        multiply(attended_, shape_.query_width, layer.output, x_, shape_.hidden_stride, 0, count, first, last, true);
      });
      over_rows([&](int begin, int end) { norm(layer.attention_norm, begin, end); });
      over_blocks(layer.gate_up.blocks / 2, [&](int first, int last) { gate_up(l, 0, count, first, last); });
      over_blocks(layer.down.blocks, [&](int first, int last) {
        multiply(inner_, shape_.inner_stride, layer.down, x_, shape_.hidden_stride, 0, count, first, last, true);
      });
    }
    if (logit_index_.back() == 0) return;
    over_rows([&](int begin, int end) { last_norm(begin, end); });
    over_blocks(model_.head.blocks, [&](int first, int last) { head(0, logit_index_.back(), first, last); });
    copy_logits(0, logit_index_.back());
  }

  // Kv head outer, row inner: a shared prefix's keys and values of one head stay in the cache while its rows pass.
  void attend_all(int l) {
    const auto count = static_cast<int>(rows_.size());
    const int chunk = std::max(1, (count + 4 * pool_.threads() - 1) / (4 * pool_.threads()));
    const int chunks = (count + chunk - 1) / chunk;
    pool_.run(shape_.kv_heads * chunks, [&](int task, int thread) {
      const int begin = task % chunks * chunk;
      for (int r = begin; r < std::min(count, begin + chunk); ++r)
        attend(l, r, task / chunks, task / chunks + 1, thread);
    });
  }

  void embed(int begin, int end) {
    for (int r = begin; r < end; ++r) {
      std::copy_n(model_.embedding.data() + product(rows_[r].token, shape_.hidden_stride), shape_.hidden_stride,
                  x_ + product(r, shape_.hidden_stride));
    }
  }

  void norm(const AlignedFloats& weight, int begin, int end) {
    const auto eps = static_cast<float>(config_.rms_norm_eps);
    for (int r = begin; r < end; ++r) {
      kernels_.rms_norm(x_ + product(r, shape_.hidden_stride), weight.data(), shape_.hidden, eps,
                        normed_ + product(r, shape_.hidden_stride));
    }
  }

  void multiply(const float* x, int x_stride, const PackedMatrix& matrix, float* y, int y_stride, int begin, int end,
                int first_block, int last_block, bool accumulate) {
    kernels_.matmul(x + product(begin, x_stride), static_cast<std::size_t>(x_stride), end - begin,
                    matrix.block(first_block), matrix.k, last_block - first_block,
                    y + product(begin, y_stride) + product(first_block, kLane), static_cast<std::size_t>(y_stride),
                    accumulate);
    if (matrix.bias.size() == 0) return;
    for (int r = begin; r < end; ++r) {
      float* row = y + product(r, y_stride);
      for (int c = first_block * kLane; c < last_block * kLane; ++c) row[c] += matrix.bias.data()[c];
    }
  }

  void gate_up(int l, int begin, int end, int first_pair, int last_pair) {
    const int stride = 2 * shape_.inner_stride;
    multiply(normed_, shape_.hidden_stride, layers_[l].gate_up, gate_up_, stride, begin, end, 2 * first_pair,
             2 * last_pair, false);
    for (int r = begin; r < end; ++r) {
      kernels_.silu_mul(gate_up_ + product(r, stride) + product(first_pair, 2 * kLane), last_pair - first_pair,
                        inner_ + product(r, shape_.inner_stride) + product(first_pair, kLane));
    }
  }

  void norm_heads(const Layer& layer, float* heads) {
    const auto eps = static_cast<float>(config_.rms_norm_eps);
    for (int h = 0; h < shape_.heads + shape_.kv_heads; ++h) {
      const AlignedFloats& weight = h < shape_.heads ? layer.query_norm : layer.key_norm;
      float* head = heads + product(h, shape_.head_stride);
      kernels_.rms_norm(head, weight.data(), shape_.head_dim, eps, head);
    }
  }

  // Norms (where the model does) and rotates q and k, then files k (transposed) and v in the row's KV block.
  void write_keys_values(int l, int begin, int end) {
    for (int r = begin; r < end; ++r) {
      const int position = rows_[r].position;
      float* heads = qkv_ + product(r, shape_.qkv_width);
      if (config_.qk_norm) norm_heads(layers_[l], heads);
      kernels_.rope(heads, shape_.heads + shape_.kv_heads, shape_.head_stride, shape_.head_dim, rope_.cos(position),
                    rope_.sin(position));
      const auto slot = static_cast<std::size_t>(position % kBlockPositions);
      float* layer = rows_[r].blocks[position / kBlockPositions] + static_cast<std::size_t>(l) * shape_.layer_block();
      for (int h = 0; h < shape_.kv_heads; ++h) {
        float* keys = layer + product(h, 1) * shape_.head_block();
        float* values = keys + product(shape_.kv_heads, 1) * shape_.head_block();
        const float* key = heads + product(shape_.heads + h, shape_.head_stride);
        const float* value = key + product(shape_.kv_heads, shape_.head_stride);
        for (int d = 0; d < shape_.head_dim; ++d) keys[product(d, static_cast<int>(kBlockPositions)) + slot] = key[d];
        std::copy_n(value, shape_.head_stride, values + slot * static_cast<std::size_t>(shape_.head_stride));
      }
    }
  }

  void attend(int l, int r, int first_kv_head, int last_kv_head, int thread) {
    AttentionArgs args;
    args.query = qkv_ + product(r, shape_.qkv_width);
    args.out = attended_ + product(r, shape_.query_width);
    args.kv_heads = shape_.kv_heads;
    args.first_kv_head = first_kv_head;
    args.last_kv_head = last_kv_head;
    args.group = shape_.heads / shape_.kv_heads;
    args.head_dim = shape_.head_dim;
    args.head_stride = shape_.head_stride;
    args.blocks = rows_[r].blocks;
    args.offset = static_cast<std::size_t>(l) * shape_.layer_block();
    args.positions = rows_[r].position + 1;
    if (const auto window = static_cast<int>(config_.window(l)); window > 0)
      args.first_position = std::max(0, args.positions - window);
    args.scale = 1.0f / std::sqrt(static_cast<float>(shape_.head_dim));
    args.scratch = attention_.data() + attention_stride_ * static_cast<std::size_t>(thread);
    kernels_.attend(args);
  }

  // The final norm of the rows that want logits, side by side in last_.
  void last_norm(int begin, int end) {
    const auto eps = static_cast<float>(config_.rms_norm_eps);
    for (int r = begin; r < end; ++r) {
      if (!rows_[r].want_logits) continue;
      kernels_.rms_norm(x_ + product(r, shape_.hidden_stride), model_.final_norm.data(), shape_.hidden, eps,
                        last_ + product(logit_index_[r], shape_.hidden_stride));
    }
  }

  void head(int begin, int end, int first_block, int last_block) {
    if (begin == end) return;
    multiply(last_, shape_.hidden_stride, model_.head, head_out_, logits_stride_, begin, end, first_block, last_block,
             false);
  }

  void copy_logits(int begin, int end) {
    if (head_out_ == logits_) return;
    for (int r = begin; r < end; ++r)
      std::copy_n(head_out_ + product(r, logits_stride_), shape_.vocab, logits_ + product(r, shape_.vocab));
  }

  const LlamaConfig config_;
  const Kernels& kernels_;
  const PackedModel model_;
  const Shape& shape_ = model_.shape;
  const std::vector<Layer>& layers_ = model_.layers;
  bool row_wise_ = false;

  std::mutex mutex_;  // guards everything below
  ThreadPool pool_;
  Scratch scratch_;
  RopeTable rope_;
  AlignedFloats attention_;  // [thread][attention_stride_]
  std::size_t attention_stride_ = 0;
  // The running step.
  std::span<const Row> rows_;
  std::vector<int> logit_index_;  // of row r, and of the row behind the last
  float *logits_ = nullptr, *head_out_ = nullptr;
  int logits_stride_ = 0;
  float *x_ = nullptr, *normed_ = nullptr, *qkv_ = nullptr, *attended_ = nullptr, *gate_up_ = nullptr,
        *inner_ = nullptr, *last_ = nullptr;
};

std::shared_ptr<float> Engine::allocate_blocks(std::size_t count) const {
  const auto memory = std::make_shared<AlignedFloats>(count * block_floats());
  return {memory, memory->data()};
}

void Engine::copy_block(const float* from, float* to) const {
  std::memcpy(to, from, block_floats() * sizeof(float));
}

CpuEngine::CpuEngine(const Weights& weights, int threads, const Kernels& kernels)
    : impl_(std::make_unique<Impl>(weights, threads, kernels)) {}
CpuEngine::~CpuEngine() = default;

const LlamaConfig& CpuEngine::config() const {
  return impl_->config();
}
int CpuEngine::threads() const {
  return impl_->threads();
}
const char* CpuEngine::kernel_family() const {
  return impl_->kernels().family;
}
const Kernels& CpuEngine::kernels() const {
  return impl_->kernels();
}
std::size_t CpuEngine::block_floats() const {
  return impl_->block_floats();
}
void CpuEngine::step(std::span<const Row> rows, float* logits) const {
  impl_->step(rows, logits);
}
void CpuEngine::parallel(int tasks, const std::function<void(int task, int thread)>& body) const {
  impl_->parallel(tasks, body);
}

}  // namespace ipr::model
