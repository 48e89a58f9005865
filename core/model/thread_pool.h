// A few persistent threads for the engine's parallel regions, which are as short as ten microseconds.
//
// Tasks of a region are handed out from an atomic counter. A region ends when its tasks are done, not when every thread
// has looked at it: on a busy machine a thread that gets no core delays nobody (llm-runtime.md section 7). Threads spin
// briefly for the next region, then sleep. Never more runnable threads than asked for.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace ipr::model {

class ThreadPool {
 public:
  // `threads` >= 1, the caller of run() included.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(task, thread) for each task in [0, tasks), thread in [0, threads()), and returns when all are done.
  // One caller at a time. The body must not throw. tasks < 65536.
  template <typename Body>
  void run(int tasks, const Body& body) {
    if (tasks == 1 || workers_.empty()) {
      for (int task = 0; task < tasks; ++task) body(task, 0);
      return;
    }
    run_region(tasks, &body,
               [](const void* context, int task, int thread) { (*static_cast<const Body*>(context))(task, thread); });
  }

 private:
  using Call = void (*)(const void* context, int task, int thread);

  void run_region(int tasks, const void* context, Call call);
  void worker(int thread);
  // Takes tasks of region `epoch` until none is left.
  void take_tasks(std::uint32_t epoch, int thread);

  // The region's number, task count and next task in one word, so that a claim can never hit a later region:
  // epoch << 32 | tasks << 16 | next.
  alignas(64) std::atomic<std::uint64_t> state_{0};
  alignas(64) std::atomic<int> done_{0};
  alignas(64) std::atomic<std::uint32_t> epoch_{0};  // what sleeping threads wait on
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
  // Written before a region starts; read by threads that have claimed one of its tasks.
  const void* context_ = nullptr;
  Call call_ = nullptr;
  std::vector<std::thread> workers_;
};

}  // namespace ipr::model
