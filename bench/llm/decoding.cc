#include "bench/llm/decoding.h"

#include <cstdio>

#include "bench/llm/cases.h"
#include "bench/llm/make_engine.h"
#include "bench/llm/sequences.h"
#include "bench/support/figures.h"

namespace ipr::bench {
namespace {

double prefill_rate(const model::Engine& engine, int tokens, int repeats) {
  Sequences sequence(engine, 1, tokens);
  if (tokens <= 1024) sequence.read_prompts(tokens);  // the first time pays for memory that is touched first
  std::vector<double> rates;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const double began = wall_seconds();
    sequence.read_prompts(tokens);
    rates.push_back(tokens / (wall_seconds() - began));
  }
  return median(rates);
}

}  // namespace

double decode_rate(const model::Engine& engine, int batch, int context, int repeats) {
  Sequences sequences(engine, batch, context + kNewTokens);
  std::vector<double> rates;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    sequences.read_prompts(context);
    std::vector<double> steps;
    for (int i = 0; i < kNewTokens; ++i) {
      const double began = wall_seconds();
      sequences.decode();
      steps.push_back(wall_seconds() - began);
    }
    rates.push_back(batch / median(steps));
  }
  return median(rates);
}

Reading reading_of(double value, const model::Engine& engine) {
  Reading reading;
  reading.value = value;
  std::snprintf(reading.kernels, sizeof reading.kernels, "%s", engine.kernel_family());
  return reading;
}

Case decode_case(std::string section, std::string shape, int batch, int context, int threads) {
  const auto measure = [=](const Setup& setup) -> Result<Reading> {
    IPR_ASSIGN(const auto engine, make_engine(setup.weights, setup.threads, setup.width));
    return reading_of(decode_rate(*engine, batch, context, setup.repeats), *engine);
  };
  return {std::move(section), std::move(shape), "tok/s", "", measure, threads};
}

Case prefill_case(std::string section, std::string shape, int tokens, int threads) {
  const auto measure = [=](const Setup& setup) -> Result<Reading> {
    IPR_ASSIGN(const auto engine, make_engine(setup.weights, setup.threads, setup.width));
    return reading_of(prefill_rate(*engine, tokens, setup.repeats), *engine);
  };
  return {std::move(section), std::move(shape), "tok/s", "", measure, threads};
}

}  // namespace ipr::bench
