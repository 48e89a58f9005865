// Where the time of a statement goes: InterCode's gold statements, stage by stage, through the engine's own functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/support/figures.h"

namespace ipr::bench {

// `golds`: database and statement. `path`: the dump, or Spider's folder.
void measure_stages(const std::string& path, const std::vector<std::pair<std::string, std::string>>& golds,
                    Figures& figures);

}  // namespace ipr::bench
