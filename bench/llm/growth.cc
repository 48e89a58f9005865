#include <algorithm>
#include <thread>

#include "bench/llm/cases.h"
#include "bench/llm/decoding.h"

namespace ipr::bench {
namespace {

constexpr int kContext = 128;

std::string named(const std::string& what, int count) {
  return what + std::to_string(count);
}

// 1, 2, 4, … and the number of cores itself.
std::vector<int> thread_counts() {
  const int all = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::vector<int> counts;
  for (int count = 1; count < all; count *= 2) counts.push_back(count);
  counts.push_back(all);
  return counts;
}

}  // namespace

std::vector<Case> growth_cases() {
  std::vector<Case> cases;
  for (const int batch : {1, 2, 4, 8, 16, 32, 64})
    cases.push_back(decode_case("growth-batch", named("decode b", batch), batch, kContext));
  for (const int context : {128, 512, 1024, 2048, 4096, 8192}) {
    // The longest ends where the model does.
    cases.push_back(decode_case("growth-context", named("decode b1 at context ", context), 1, context - kNewTokens));
    cases.push_back(prefill_case("growth-context", named("prefill ", context), context));
  }
  for (const int samples : {1, 2, 4, 8, 16, 32}) {
    cases.push_back(
        samples_case("growth-samples", named("samples of one prompt: ", samples), samples, Prompts::kShared));
  }
  for (const int threads : thread_counts()) {
    cases.push_back(decode_case("growth-threads", "decode b1", 1, kContext, threads));
    cases.push_back(decode_case("growth-threads", "decode b16", 16, kContext, threads));
    cases.push_back(prefill_case("growth-threads", "prefill 512", 512, threads));
  }
  return cases;
}

}  // namespace ipr::bench
