// The host's queue of rollouts, closed, and so cancelled, whatever happens.
#pragma once

#include <string>

#include "ipr/plugin.hpp"

namespace mc {

class Queue {
 public:
  Queue(const ipr::sdk::Host& host, const ipr_ctx* ctx) : service_(host.rollouts()) {
    if (service_ == nullptr) {
      throw ipr::sdk::Failure(IPR_FAILED_PRECONDITION,
                              "mc: the host offers no rollouts here; Monte Carlo scoring needs a policy");
    }
    if (const ipr_status status = service_->open(host.raw(), ctx, &queue_, &error_); status != IPR_OK) fail(status);
  }
  ~Queue() { service_->close(queue_); }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // All rollouts are played by the checkpoint in this folder.
  static void use(const ipr::sdk::Host& host, const std::string& checkpoint) {
    const ipr_host_rollouts_v1* service = host.rollouts();
    if (!IPR_HAS(service, ipr_host_rollouts_v1, use)) {
      throw ipr::sdk::Failure(IPR_UNIMPLEMENTED,
                              "mc: this host lets only the SFT agent play rollouts; leave out policy");
    }
    ipr_error error{sizeof(ipr_error), IPR_OK, {}};
    const ipr_status status = service->use(host.raw(), ipr::sdk::view(checkpoint), &error);
    if (status != IPR_OK) throw ipr::sdk::Failure(status, "mc: policy: " + std::string(error.message));
  }

  // False: the queue is full, collect first.
  bool submit(const ipr_rollout_req& request) {
    const ipr_status status = service_->submit(queue_, &request, &error_);
    if (status != IPR_OK && status != IPR_RESOURCE_EXHAUSTED) fail(status);
    return status == IPR_OK;
  }

  // Calls `take(result)` for what has arrived, after at most 20 ms: the caller polls for cancellation in between.
  template <typename Take>
  void collect(Take&& take) {
    constexpr std::uint64_t kPause = 20'000'000;  // ns
    ipr_rollout_res* slots[kWidth];
    for (std::size_t i = 0; i < kWidth; ++i) {
      results_[i] = {};
      results_[i].struct_size = sizeof(ipr_rollout_res);
      slots[i] = &results_[i];
    }
    std::size_t arrived = 0;
    const ipr_status status = service_->wait(queue_, slots, kWidth, &arrived, kPause, &error_);
    if (status != IPR_OK && status != IPR_DEADLINE_EXCEEDED) fail(status);
    for (std::size_t i = 0; i < arrived; ++i) take(results_[i]);
  }

 private:
  static constexpr std::size_t kWidth = 64;

  [[noreturn]] void fail(ipr_status status) const {
    throw ipr::sdk::Failure(status, std::string("mc: queue of rollouts: ") + error_.message);
  }

  const ipr_host_rollouts_v1* service_;
  ipr_queue* queue_ = nullptr;
  ipr_error error_{sizeof(ipr_error), IPR_OK, {}};
  ipr_rollout_res results_[kWidth] = {};
};

}  // namespace mc
