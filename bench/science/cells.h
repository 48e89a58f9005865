// Running cells: one ipr-host after the other, each in a folder of its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/science/arms.h"
#include "core/base/status.h"

namespace ipr::bench {

// Where cells lie and how they are run.
struct Workshop {
  std::string out;      // <out>/<world>/seed-<s>/<arm>/ is a run's folder; beside it <arm>.txt, what it printed
  std::string program;  // ipr-host
  bool tiny = false;
  [[nodiscard]] std::string folder(const Cell& cell) const;
};

// Runs the cells in order, each after the IPR cell of its world and seed. A finished folder costs a second: ipr-host
// itself sees that it is finished and that it is of the same config. Progress and ETA go to standard error. A cell that
// fails ends the work with its last line as the message; the same call goes on from there.
[[nodiscard]] Status run_cells(const Workshop& workshop, const std::vector<Cell>& cells);

}  // namespace ipr::bench
