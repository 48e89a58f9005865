#include "core/host/compute.h"

#include "core/model/checkpoint.h"
#include "core/model/kernels.h"

namespace ipr::host {
namespace {

bool is_device(const std::string& name) {
  if (name == "cpu" || name == "cuda") return true;
  return name.size() > 5 && name.starts_with("cuda:") && name.find_first_not_of("0123456789", 5) == std::string::npos;
}

std::string dtype_for(const std::string& device, ModelOrigin origin, const std::string& file) {
  const bool cpu = device == "cpu";
  const bool multiplies = !cpu || model::multiplies_bf16();
  if (origin == ModelOrigin::kMadeHere) return cpu && multiplies ? "bf32" : "fp32";
  return origin == ModelOrigin::kFile && multiplies && model::is_stored_narrow(file) ? "bf16" : "fp32";
}

}  // namespace

Result<loop::Compute> compute_of(const Options& options, ModelOrigin origin, const std::string& file) {
  if (!is_device(options.device)) return usage("unknown device \"" + options.device + "\"; use cpu, cuda or cuda:N");
  if (options.dtype != "auto" && options.dtype != "fp32" && options.dtype != "bf32" && options.dtype != "bf16")
    return usage("unknown dtype \"" + options.dtype + "\"; use auto, fp32, bf32 or bf16");
  if (options.dtype == "bf32" && options.device != "cpu")
    return usage("--dtype bf32 is for the CPU; use auto, fp32 or bf16 with --device " + options.device);
  if (options.model_threads < 1)
    return usage("--model-threads " + std::to_string(options.model_threads) + ": give at least 1");
  if (options.lora < 0) return usage("--lora " + std::to_string(options.lora) + ": give a rank, or 0 for all weights");
  return loop::Compute{options.device,
                       options.dtype == "auto" ? dtype_for(options.device, origin, file) : options.dtype,
                       options.model_threads};
}

}  // namespace ipr::host
