#include "environment/observation.h"

#include <algorithm>

namespace intercodesql {

void append_text(const Observation& observation, std::string& out, std::size_t most) {
  if (observation.kind == Observation::Kind::kNone) out += "None";
  if (observation.kind == Observation::Kind::kError) out += observation.error;
  if (observation.kind != Observation::Kind::kRows) return;
  out += '[';
  const std::size_t shown = std::min(most, observation.rows.size());
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += ", ";
    out += observation.rows[i];
  }
  out += ']';
}

std::string text_of(const Observation& observation) {
  std::string text;
  append_text(observation, text);
  return text;
}

}  // namespace intercodesql
