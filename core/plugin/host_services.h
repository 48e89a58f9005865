// What a plugin instance gets from the host, and the C tables it sees (ipr_host and its services).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "ipr/plugin.h"

namespace ipr::plugin {

// A queue of rollouts as `ipr.host.rollouts/1` offers it; implemented by core/rollout, by a fake in tests. A queue
// belongs to one thread.
class RolloutQueue {
 public:
  virtual ~RolloutQueue() = default;  // cancels what is open
  // Copies the request. False: full, wait first.
  virtual Result<bool> submit(const ipr_rollout_req& request) = 0;
  // Blocks until at least one result is there or the time is over; fills results[0..n). Their trajectories are valid
  // until the next call.
  virtual Result<std::size_t> wait(std::span<ipr_rollout_res* const> results, std::uint64_t timeout_ns) = 0;
};

// A model with a scalar head as `ipr.host.model/1` offers it; implemented by core/loop, by a fake in tests. One thread.
class StepModel {
 public:
  virtual ~StepModel() = default;
  // One value for each query, in their order.
  virtual Result<std::vector<double>> values(std::span<const ipr_query* const> queries) = 0;
};

// Everything that varies between instances. Callbacks may come from any thread.
struct HostServices {
  std::string data_folder;   // --data, or empty
  std::string cache_folder;  // of this plugin, or empty
  std::string share_folder;  // of this plugin, or empty
  int threads = 1;           // for parallel_for
  std::function<void(int level, std::string_view line)> log;
  std::function<void(std::string_view name, double value)> metric;
  std::function<Result<std::unique_ptr<RolloutQueue>>()> open_rollouts;  // empty: no such service
  // From now on rollouts are played by the checkpoint in a folder. Empty: they have one policy only.
  std::function<Status(std::string_view folder)> use_model;
  // Opens what a spec (JSON, plugin.h) names. Empty: no such service.
  std::function<Result<std::unique_ptr<StepModel>>(std::string_view spec)> open_model;
};

// Owns the tables; must outlive the instance that was given `table()`.
class HostTable {
 public:
  explicit HostTable(HostServices services);
  HostTable(const HostTable&) = delete;
  HostTable& operator=(const HostTable&) = delete;
  [[nodiscard]] const ipr_host* table() const { return &host_; }
  [[nodiscard]] const HostServices& services() const { return services_; }

 private:
  HostServices services_;
  ipr_host host_{};
};

// A call context with a seed and an optional cancellation flag.
class Context {
 public:
  explicit Context(std::uint64_t seed = 0, std::function<bool()> cancelled = {});
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  [[nodiscard]] const ipr_ctx* get() const { return &ctx_; }

 private:
  std::function<bool()> cancelled_;
  ipr_ctx ctx_{};
};

// An error struct ready to be passed, and its Status.
class ErrorSlot {
 public:
  ErrorSlot() {  // leaves the message's kilobyte alone: this stands on the path of every step
    error_.struct_size = sizeof error_;
    error_.code = IPR_OK;
    error_.message[0] = '\0';
  }
  [[nodiscard]] ipr_error* get() { return &error_; }
  // `status` of a call on `subject`, with the plugin's message. IPR_DATA_LOSS is Code::kData, IPR_INVALID_ARGUMENT
  // Code::kUsage, IPR_CANCELLED Code::kInterrupted, anything else `otherwise`.
  [[nodiscard]] Status status(ipr_status status, const std::string& subject, Code otherwise = Code::kFailed) const;

 private:
  ipr_error error_;
};

inline ipr_str view(std::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view text(ipr_str s) {
  return s.data == nullptr ? std::string_view() : std::string_view(s.data, s.size);
}

}  // namespace ipr::plugin
