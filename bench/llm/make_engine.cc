#include "bench/llm/make_engine.h"

namespace ipr::bench {

Result<std::unique_ptr<model::Engine>> make_engine(const model::Weights& weights, int threads,
                                                   const std::string& width) {
  std::unique_ptr<model::Engine> engine;
  if (width == "f32") engine = std::make_unique<model::CpuEngine>(weights, threads);
  if (engine == nullptr) return usage("the engine of this build does not compute in " + width);
  return engine;
}

}  // namespace ipr::bench
