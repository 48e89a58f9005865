#include "bench/llm/make_engine.h"

namespace ipr::bench {

Result<std::unique_ptr<model::Engine>> make_engine(const model::Weights& weights, int threads,
                                                   const std::string& width) {
  if (width != "f32" && width != "bf16") return usage("the engine does not compute in " + width);
  const model::Width of = width == "f32" ? model::Width::kF32 : model::Width::kBf16;
  std::unique_ptr<model::Engine> engine = std::make_unique<model::CpuEngine>(weights, threads, model::best_kernels(of));
  return engine;
}

}  // namespace ipr::bench
