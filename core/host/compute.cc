#include "core/host/compute.h"

namespace ipr::host {
namespace {

bool is_device(const std::string& name) {
  if (name == "cpu" || name == "cuda") return true;
  return name.size() > 5 && name.starts_with("cuda:") && name.find_first_not_of("0123456789", 5) == std::string::npos;
}

}  // namespace

Result<loop::Compute> compute_of(const Options& options) {
  if (!is_device(options.device)) return usage("unknown device \"" + options.device + "\"; use cpu, cuda or cuda:N");
  if (options.dtype != "fp32" && options.dtype != "bf16")
    return usage("unknown dtype \"" + options.dtype + "\"; use fp32 or bf16");
  if (options.model_threads < 1)
    return usage("--model-threads " + std::to_string(options.model_threads) + ": give at least 1");
  if (options.lora < 0) return usage("--lora " + std::to_string(options.lora) + ": give a rank, or 0 for all weights");
  return loop::Compute{options.device, options.dtype, options.model_threads};
}

}  // namespace ipr::host
