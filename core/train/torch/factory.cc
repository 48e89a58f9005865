#include "core/train/torch/factory.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <malloc.h>

#include <mutex>

#include "core/train/torch/backend_torch.h"
#include "core/train/torch/engine_torch.h"

namespace ipr::train {
namespace {

// Training frees and asks for the same large blocks in every step: glibc shall keep them instead of returning them to
// the system, which costs a page fault per 4 KiB each time.
void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
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

Status check_dtype(const std::string& dtype) {
  if (dtype == "fp32" || dtype == "bf16") return {};
  return usage("dtype \"" + dtype + "\" is unknown; use fp32 or bf16");
}

Result<std::unique_ptr<Backend>> make_backend(const BackendOptions& options) {
  IPR_ASSIGN(const at::Device device, device_of(options.device));
  IPR_TRY(check_dtype(options.dtype));
  if (options.threads < 1 || options.tokens_per_pass < 1) {
    return usage("trainer: threads and tokens_per_pass must be at least 1");
  }
  return make_torch_backend(options, device);
}

Result<std::unique_ptr<model::Engine>> make_engine(const EngineOptions& options, const model::Weights& weights) {
  IPR_ASSIGN(const at::Device device, device_of(options.device));
  IPR_TRY(check_dtype(options.dtype));
  if (options.threads < 1) return usage("engine: threads must be at least 1");
  IPR_TRY(model::check_weights(weights, "engine"));
  const at::ScalarType type = options.dtype == "bf16" ? at::kBFloat16 : at::kFloat;
  return std::unique_ptr<model::Engine>(std::make_unique<TorchEngine>(weights, options, device, type));
}

void set_up_process() {
  static std::once_flag once;
  std::call_once(once, [] {
    keep_freed_memory();
    at::set_num_interop_threads(1);
  });
}

// What `make` makes, for a caller that takes a pointer and a Status.
template <typename Make>
auto made(const char* what, Status& status, const Make& make) -> decltype(make()->release()) {
  try {
    set_up_process();
    auto result = make();
    if (result.ok()) return result->release();
    status = result.status();
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
  return ipr::train::made("trainer", status, [&] { return ipr::train::make_backend(options); });
}

extern "C" __attribute__((visibility("default"))) ipr::model::Engine* ipr_engine_create(
    const ipr::train::EngineOptions& options, const ipr::model::Weights& weights, ipr::Status& status) {
  return ipr::train::made("engine", status, [&] { return ipr::train::make_engine(options, weights); });
}
