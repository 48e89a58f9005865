#include "bench/llm/cases.h"
#include "bench/llm/decoding.h"
#include "bench/llm/make_engine.h"
#include "bench/support/figures.h"
#include "core/train/backend.h"

namespace ipr::bench {

Case sync_case(std::string section, std::string shape) {
  const auto measure = [](const Setup& setup) -> Result<Reading> {
    const std::string dtype = setup.width == "f32" ? "fp32" : setup.width;
    IPR_ASSIGN(const auto backend, train::load_backend({.dtype = dtype, .threads = setup.threads}));
    IPR_TRY(backend->set_weights(setup.weights));
    std::vector<double> seconds;
    Reading reading;
    for (int repeat = 0; repeat < setup.repeats; ++repeat) {
      const double began = wall_seconds();
      IPR_ASSIGN(const model::Weights trained, backend->weights());
      IPR_ASSIGN(const auto engine, make_engine(trained, setup.threads, setup.width));
      seconds.push_back(wall_seconds() - began);
      reading = reading_of(0, *engine);
    }
    reading.value = median(seconds);
    return reading;
  };
  return {std::move(section), std::move(shape), "s", "", measure};
}

}  // namespace ipr::bench
