// certificate.json: hashes by which a run can be checked and compared (product.md section 3).
#pragma once

#include <string>

#include "core/base/json.h"
#include "core/env/environment.h"
#include "core/store/run_store.h"

namespace ipr::loop {

// Content hash of a task: what panel.json and run.db keep of it.
[[nodiscard]] std::string task_hash(const env::Task& task);

// What a second run of the same config must repeat bit by bit: evaluated messages, rewards, outcome and exit status;
// pairs; checkpoint hashes. Canonical: sorted by iteration, split, task and sample, and free of times, costs, unused
// scores, paths and the record's own ids.
[[nodiscard]] Result<Json> result_facts(store::RunStore& record);

// SHA-256 of result_facts in canonical JSON: `results` of the certificate.
[[nodiscard]] Result<std::string> results_hash(store::RunStore& record);

}  // namespace ipr::loop
