// Files of records, as trajectories and training rows come: JSON Lines, or one JSON array.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/text/chat.h"

namespace ipr::loop {

// Calls `take(record, where)` for each record in order, `where` being "file: line 3" or "file: record 3" (from 0).
// Code::kData for what is no JSON object; the first error of `take` ends it. Blank lines are left out.
[[nodiscard]] Status each_record(const std::string& path,
                                 const std::function<Status(const Json& record, const std::string& where)>& take);

// A list of chat messages, {"role","content"} or ShareGPT's {"from","value"}. Code::kData, begun by `where`.
[[nodiscard]] Result<std::vector<text::Message>> messages_from_json(const Json& list, const std::string& where);

}  // namespace ipr::loop
