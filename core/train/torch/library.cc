// The entry points of the trainer library: from names of devices and types to LibTorch's, and its exceptions to a
// Status.
#include "core/train/torch/library.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <malloc.h>

#include <mutex>

#include "core/train/torch/factory.h"

namespace ipr::train {
namespace {

// Training frees and asks for the same large blocks in every step: glibc shall keep them instead of returning them to
// the system, which costs a page fault per 4 KiB each time.
void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

// The process's settings, made once.
void settle_process() {
  static std::once_flag once;
  std::call_once(once, [] {
    keep_freed_memory();
    at::set_num_interop_threads(1);
  });
}

Result<at::Device> device_of(const std::string& name) {
  if (name == "cpu") return at::Device(at::kCPU);
  int index = 0;
  if (name != "cuda") {
    const std::string digits = name.starts_with("cuda:") ? name.substr(5) : std::string();
    if (digits.empty() || digits.size() > 3 || digits.find_first_not_of("0123456789") != std::string::npos) {
      return usage("device \"" + name + "\" is unknown; use cpu, cuda or cuda:N");
    }
    index = std::stoi(digits);
  }
  if (!at::hasCUDA()) {
#if defined(IPR_CUDA)
    return failed("device " + name + ": LibTorch sees no GPU; check the driver, or use --device cpu");
#else
    return failed("device " + name + ": this build has no CUDA; configure with -DIPR_CUDA=ON, or use --device cpu");
#endif
  }
  const auto count = static_cast<int>(at::getNumGPUs());
  if (index >= count)
    return failed("device " + name + ": there are " + std::to_string(count) + " GPUs, counted from 0");
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

// What both need; then `make(device)`, or null with the reason in `status`.
template <typename Options, typename Make>
auto make_on_device(const char* what, const Options& options, Status& status, const Make& make)
    -> decltype(make(at::Device(at::kCPU))) {
  try {
    const Result<at::Device> device = device_of(options.device);
    if (!device.ok()) {
      status = device.status();
    } else if (options.threads < 1) {
      status = usage(std::string(what) + ": threads must be at least 1");
    } else if (options.dtype == "bf32" && !device->is_cpu()) {
      status = usage(std::string(what) + ": dtype bf32 is for the CPU; use fp32 or bf16 on " + options.device);
    } else if (options.dtype != "fp32" && options.dtype != "bf32" && options.dtype != "bf16") {
      status = usage(std::string(what) + ": dtype \"" + options.dtype + "\" is unknown; use fp32, bf32 or bf16");
    } else {
      settle_process();
      return make(*device);
    }
  } catch (const c10::Error& error) {
    status = failed(std::string(what) + ": " + error.what_without_backtrace());
  } catch (const std::exception& problem) {
    status = failed(std::string(what) + ": " + problem.what());
  }
  return nullptr;
}

}  // namespace
}  // namespace ipr::train

extern "C" __attribute__((visibility("default"))) ipr::train::Backend* ipr_trainer_create(
    const ipr::train::BackendOptions& options, ipr::Status& status) {
  using namespace ipr::train;
  if (options.tokens_per_pass < 1) {
    status = ipr::usage("trainer: tokens_per_pass must be at least 1");
    return nullptr;
  }
  return make_on_device("trainer", options, status,
                        [&](at::Device device) { return make_torch_backend(options, device); });
}

extern "C" __attribute__((visibility("default"))) ipr::model::Engine* ipr_engine_create(
    const ipr::train::EngineOptions& options, const ipr::model::Weights& weights, ipr::Status& status) {
  using namespace ipr::train;
  status = ipr::model::check_weights(weights, "engine");
  if (!status.ok()) return nullptr;
  return make_on_device("engine", options, status,
                        [&](at::Device device) { return make_torch_engine(options, weights, device); });
}
