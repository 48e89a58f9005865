// One measurement: what is done on which shape, and the line that tells what came out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/weights.h"

namespace ipr::bench {

struct Setup {
  const model::Weights& weights;
  std::string width;  // f32 or bf16
  int threads = 2;
  int repeats = 1;  // the figure is the median over them
};

struct Reading {
  double value = 0;
  double check = 0;             // says that the work was the one meant (Case::check)
  char kernels[24] = "";        // the engine's family, cut where it is longer
  std::int64_t peak_bytes = 0;  // of the process; filled in by run_case
  bool done = false;            // the same
};

struct Case {
  std::string section, shape, unit;
  std::string check;  // what Reading::check is; empty: nothing
  std::function<Result<Reading>(const Setup&)> measure;
  int threads = 0;  // instead of the ones asked for; 0: those
};

// Runs the case in a process of its own. What goes wrong there is said on standard error.
[[nodiscard]] Reading run_case(const Case& work, const Setup& setup);

// The columns of the lines to come.
void print_heading(bool json);
// A line of JSON ({"who":"ipr-host","section","shape","width","threads","value","unit",…}) or of the table.
void print_reading(const Case& work, const Setup& setup, const Reading& reading, bool json);

}  // namespace ipr::bench
