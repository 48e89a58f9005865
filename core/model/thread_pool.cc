#include "core/model/thread_pool.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ipr::model {
namespace {

// About 20 to 40 microseconds: longer than the gap between two regions of a step, shorter than anyone else's patience.
constexpr int kSpins = 1000;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  for (int thread = 1; thread < threads; ++thread) workers_.emplace_back([this, thread] { worker(thread); });
}

ThreadPool::~ThreadPool() {
  stop_ = true;
  epoch_.fetch_add(1);
  epoch_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run_region(int tasks, const void* context, Call call) {
  context_ = context;
  call_ = call;
  done_.store(0, std::memory_order_relaxed);
  const std::uint32_t epoch = epoch_.load(std::memory_order_relaxed) + 1;
  state_.store(std::uint64_t{epoch} << 32 | static_cast<std::uint64_t>(tasks) << 16, std::memory_order_release);
  epoch_.store(epoch);
  if (sleepers_.load() > 0) epoch_.notify_all();  // both seq_cst: a thread going to sleep sees the new epoch or is seen
  take_tasks(epoch, 0);
  for (int spin = 0;; ++spin) {
    const int done = done_.load(std::memory_order_acquire);
    if (done == tasks) return;
    if (spin < kSpins) {
      pause();
    } else {
      done_.wait(done, std::memory_order_acquire);
    }
  }
}

void ThreadPool::take_tasks(std::uint32_t epoch, int thread) {
  std::uint64_t state = state_.load(std::memory_order_acquire);
  for (;;) {
    const std::uint64_t tasks = state >> 16 & 0xffff;
    const std::uint64_t next = state & 0xffff;
    if (state >> 32 != epoch || next >= tasks) return;
    if (!state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
    // The region cannot end, nor the next begin, before this task is counted: context_ and call_ are its own.
    call_(context_, static_cast<int>(next), thread);
    if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == static_cast<int>(tasks)) done_.notify_one();
    state = state_.load(std::memory_order_acquire);
  }
}

void ThreadPool::worker(int thread) {
  std::uint32_t seen = 0;
  for (;;) {
    for (int spin = 0; spin < kSpins && epoch_.load(std::memory_order_acquire) == seen; ++spin) pause();
    if (epoch_.load() == seen) {
      sleepers_.fetch_add(1);
      epoch_.wait(seen);
      sleepers_.fetch_sub(1);
    }
    if (stop_) return;
    seen = epoch_.load();
    take_tasks(seen, thread);
  }
}

}  // namespace ipr::model
