// What computes a run beside its config: the plugins' libraries and the kernels' family.
//
// It is recorded when a run begins. One that goes on with something else (another build, another machine) says so and
// keeps it in its certificate: its results may then differ from those of a run that was not disturbed.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/loop/run.h"

namespace ipr::loop {

// {"plugins": {"scorer:mc": SHA-256 of its file, …}, "kernel_family": "avx2"}.
[[nodiscard]] Result<Json> software_of(const RunConfig& config);

// A phrase for each difference: "plugin scorer:mc", "kernels avx512 before, avx2 now".
[[nodiscard]] std::vector<std::string> software_changes(const Json& before, const Json& now);

}  // namespace ipr::loop
