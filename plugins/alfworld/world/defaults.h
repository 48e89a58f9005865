// What a run on generated games begins with.
#pragma once

#include <string>

#include "world/world.h"

namespace alfworld {

// Members of the environment's defaults_json, without braces: the names a tokenizer should keep whole, and values for a
// model trained from scratch.
[[nodiscard]] std::string generated_defaults(WorldSize size);

}  // namespace alfworld
