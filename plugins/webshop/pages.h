// What a session's page shows: observation, address and clickable texts, byte for byte as the original renders them
// (webshop.md sections 5 and 7).
//
// Pure functions of the session; texts are appended to `out`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expert.h"
#include "session.h"

namespace webshop {

enum class ObservationMode { kText, kTextRich, kUrl };

void append_observation(const Session& session, ObservationMode mode, std::string& out);

// The address behind the host name.
void append_url(const Session& session, std::string& out);

// What a click may name, in page order, lower case, each text once; `search` of the index page does nothing.
[[nodiscard]] std::vector<std::string> clickables(const Session& session);

// Only the index page has one; searching works everywhere.
[[nodiscard]] inline bool has_search_bar(const Session& session) {
  return session.page() == Page::kIndex;
}

// The page as the experts see it. Lives as long as the session stays where it is.
[[nodiscard]] View expert_view(const Session& session);

}  // namespace webshop
