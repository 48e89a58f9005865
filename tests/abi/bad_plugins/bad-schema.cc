// Its schema's own default is not of the schema's type.
#include "counter.h"

namespace {
constexpr ipr::sdk::Info kInfo = counter::info(
    "bad-schema",
    R"({"type": "object", "additionalProperties": false, "properties": {"size": {"type": "integer", "default": "big"}}})");
}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::environment<counter::Counter>(kInfo))
