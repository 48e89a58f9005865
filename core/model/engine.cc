#include "core/model/engine.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "core/model/forward.h"
#include "core/model/thread_pool.h"

namespace ipr::model {
namespace {

// A layer whose packed weights fit the second-level cache is run row-wise; see CpuEngine::Impl.
constexpr std::size_t kRowWiseLayerBytes = std::size_t{2} << 20;

// KV heads that a row-wise task attends with before it goes on to its next rows.
constexpr int kAttendHeads = 4;

int round_up(int value, int unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

// Two ways to share the work, equal in every bit. Row-wise: a task takes some rows through a whole layer, one region
// per layer; the weights are read again for each task, so only where a layer fits the cache (the small default model,
// where the cost of a region would decide). Column-wise: a task takes some columns of one product for all rows.
class CpuEngine::Impl {
 public:
  Impl(const Weights& weights, int threads, const Kernels& kernels)
      : pool_(std::max(1, threads)),
        forward_(weights, pool_.threads(), kernels),
        row_wise_(forward_.base().layer_bytes() <= kRowWiseLayerBytes) {}

  void step(std::span<const Row> rows, float* logits) {
    const std::lock_guard lock(mutex_);
    if (rows.empty()) return;
    count_ = static_cast<int>(rows.size());
    forward_.begin_step(rows, logits, row_wise_);
    row_wise_ ? step_by_rows() : step_by_columns();
  }

  void parallel(int tasks, const std::function<void(int task, int thread)>& body) {
    if (tasks == 0) return;
    const std::lock_guard lock(mutex_);
    pool_.run(tasks, body);
  }

  [[nodiscard]] const Forward& forward() const { return forward_; }
  [[nodiscard]] int threads() const { return pool_.threads(); }

 private:
  [[nodiscard]] int layers() const { return static_cast<int>(base_.layers.size()); }

  void step_by_rows() {
    // About two chunks per thread, in whole register tiles, and not so many rows that activations leave the cache.
    const int chunk = std::clamp(round_up((count_ + 2 * pool_.threads() - 1) / (2 * pool_.threads()), 6), 6, 48);
    const int chunks = (count_ + chunk - 1) / chunk;
    const auto over_chunks = [&](const auto& body) {
      pool_.run(chunks,
                [&](int task, int thread) { body(task * chunk, std::min(count_, (task + 1) * chunk), thread); });
    };
    over_chunks([&](int begin, int end, int) {
      forward_.embed(begin, end);
      project_qkv(0, begin, end);
    });
    // A region ends where rows meet: the keys and values of a layer must all be written before any row attends.
    for (int l = 0; l < layers(); ++l) {
      over_chunks([&](int begin, int end, int thread) {
        // Some heads at a time over all rows: rows of one prompt then find its keys and values in the cache.
        const int heads = base_.shape.kv_heads;
        for (int head = 0; head < heads; head += kAttendHeads) {
          forward_.attend(l, begin, end, head, std::min(head + kAttendHeads, heads), thread);
        }
        finish_layer(l, begin, end);
        if (l + 1 < layers()) {
          project_qkv(l + 1, begin, end);
        } else {
          forward_.last_norm(begin, end);
          const int first = forward_.logits_before(begin), last = forward_.logits_before(end);
          forward_.head(first, last, 0, base_.head.blocks);
          forward_.copy_logits(first, last);
        }
      });
    }
  }

  void project_qkv(int l, int begin, int end) {
    forward_.attention_input(l, begin, end);
    forward_.qkv(l, begin, end, 0, layer(l).qkv.blocks);
    forward_.write_keys_values(l, begin, end);
  }

  void finish_layer(int l, int begin, int end) {
    forward_.output_input(l, begin, end);
    forward_.output(l, begin, end, 0, layer(l).output.blocks);
    forward_.mlp_input(l, begin, end);
    forward_.gate_up(l, begin, end, 0, layer(l).gate_up.blocks / 2);
    forward_.down_input(l, begin, end);
    forward_.down(l, begin, end, 0, layer(l).down.blocks);
  }

  void step_by_columns() {
    over_rows([&](int begin, int end) { forward_.embed(begin, end); });
    for (int l = 0; l < layers(); ++l) {
      over_rows([&](int begin, int end) { forward_.attention_input(l, begin, end); });
      over_blocks(layer(l).qkv.blocks, [&](int first, int last) { forward_.qkv(l, 0, count_, first, last); });
      over_rows([&](int begin, int end) { forward_.write_keys_values(l, begin, end); });
      attend_all(l);
      if (!forward_.change(l).output.parts.empty())
        over_rows([&](int begin, int end) { forward_.output_input(l, begin, end); });
      over_blocks(layer(l).output.blocks, [&](int first, int last) { forward_.output(l, 0, count_, first, last); });
      over_rows([&](int begin, int end) { forward_.mlp_input(l, begin, end); });
      over_blocks(layer(l).gate_up.blocks / 2,
                  [&](int first, int last) { forward_.gate_up(l, 0, count_, first, last); });
      if (!forward_.change(l).down.parts.empty())
        over_rows([&](int begin, int end) { forward_.down_input(l, begin, end); });
      over_blocks(layer(l).down.blocks, [&](int first, int last) { forward_.down(l, 0, count_, first, last); });
    }
    const int asked = forward_.logits_before(count_);
    if (asked == 0) return;
    over_rows([&](int begin, int end) { forward_.last_norm(begin, end); });
    over_blocks(base_.head.blocks, [&](int first, int last) { forward_.head(0, asked, first, last); });
    forward_.copy_logits(0, asked);
  }

  template <typename Body>
  void over_rows(const Body& body) {
    const int chunk = std::max(4, (count_ + pool_.threads() - 1) / pool_.threads());
    pool_.run((count_ + chunk - 1) / chunk,
              [&](int task, int) { body(task * chunk, std::min(count_, (task + 1) * chunk)); });
  }

  // Several tasks per thread, so that a thread without a core is no brake; whole register tiles.
  template <typename Body>
  void over_blocks(int blocks, const Body& body) {
    const int grain = round_up((blocks + 4 * pool_.threads() - 1) / (4 * pool_.threads()), 4);
    pool_.run((blocks + grain - 1) / grain,
              [&](int task, int) { body(task * grain, std::min(blocks, (task + 1) * grain)); });
  }

  // Kv head outer, row inner: a shared prefix's keys and values of one head stay in the cache while its rows pass. Few
  // rows make as many tasks as leave those together that gain from each other.
  void attend_all(int l) {
    const int even = (count_ + 4 * pool_.threads() - 1) / (4 * pool_.threads());
    const int chunk = std::max(even, std::min(forward_.rows_together(), (count_ + 1) / 2));
    const int chunks = (count_ + chunk - 1) / chunk;
    pool_.run(base_.shape.kv_heads * chunks, [&](int task, int thread) {
      const int begin = task % chunks * chunk, head = task / chunks;
      forward_.attend(l, begin, std::min(count_, begin + chunk), head, head + 1, thread);
    });
  }

  [[nodiscard]] const Layer& layer(int index) const { return base_.layers[static_cast<std::size_t>(index)]; }

  std::mutex mutex_;  // guards everything below
  ThreadPool pool_;
  Forward forward_;
  const PackedModel& base_ = forward_.base();
  const bool row_wise_;
  int count_ = 0;  // rows of the running step
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
  return impl_->forward().config();
}
int CpuEngine::threads() const {
  return impl_->threads();
}
const char* CpuEngine::kernel_family() const {
  return impl_->forward().kernels().family;
}
const Kernels& CpuEngine::kernels() const {
  return impl_->forward().kernels();
}
std::size_t CpuEngine::block_floats() const {
  const PackedModel& base = impl_->forward().base();
  return base.layers.size() * base.shape.layer_block();
}
bool CpuEngine::shares_base_with(const CpuEngine& other) const {
  return &impl_->forward().base() == &other.impl_->forward().base();
}
std::size_t CpuEngine::base_bytes(const LlamaConfig& config, Width width) {
  return packed_bytes(config, width);
}
std::size_t CpuEngine::change_bytes(const LlamaConfig& config, std::int64_t rank, Width width) {
  return packed_lora_bytes(config, static_cast<int>(rank), width);
}
void CpuEngine::step(std::span<const Row> rows, float* logits) const {
  impl_->step(rows, logits);
}
void CpuEngine::parallel(int tasks, const std::function<void(int task, int thread)>& body) const {
  impl_->parallel(tasks, body);
}

}  // namespace ipr::model
