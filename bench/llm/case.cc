#include "bench/llm/case.h"

#include <cstdio>
#include <cstdlib>

#include "bench/support/own_process.h"
#include "core/base/json.h"

namespace ipr::bench {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;

double load_average() {
  double load = 0;
  return ::getloadavg(&load, 1) == 1 ? load : 0;
}

}  // namespace

Reading run_case(const Case& work, const Setup& setup) {
  const auto in_child = [&] {
    Result<Reading> reading = work.measure(setup);
    if (!reading.ok()) {
      std::fprintf(stderr, "bench: %s, %s: %s\n", work.shape.c_str(), setup.width.c_str(),
                   reading.status().message().c_str());
      return Reading{};
    }
    reading->peak_bytes = peak_memory();
    reading->done = true;
    return *reading;
  };
  return in_own_process(in_child).value_or(Reading{});
}

void print_heading(bool json) {
  if (!json) std::printf("%-34s %5s %7s %10s %-6s %9s  %s\n", "", "width", "threads", "", "", "peak MiB", "kernels");
}

void print_reading(const Case& work, const Setup& setup, const Reading& reading, bool json) {
  const double peak = static_cast<double>(reading.peak_bytes) / kMiB;
  if (json) {
    Json line = {{"who", "ipr-host"},        {"section", work.section}, {"shape", work.shape},
                 {"width", setup.width},     {"unit", work.unit},       {"value", reading.value},
                 {"threads", setup.threads}, {"peak_mib", peak},        {"kernels", reading.kernels},
                 {"load", load_average()}};
    if (!work.check.empty()) line[work.check] = reading.check;
    std::printf("%s\n", dump_line(line).c_str());
  } else {
    std::printf("%-34s %5s %7d %10.4g %-6s %9.0f  %s", work.shape.c_str(), setup.width.c_str(), setup.threads,
                reading.value, work.unit.c_str(), peak, reading.kernels);
    if (!work.check.empty()) std::printf("  (%s %.8g)", work.check.c_str(), reading.check);
    std::printf("\n");
  }
  std::fflush(stdout);
}

}  // namespace ipr::bench
