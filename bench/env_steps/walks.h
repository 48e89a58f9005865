// Recorded visits of the shop that touch every kind of page: half of them the expert's, half random.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/env/environment.h"

namespace ipr::bench {

struct Walk {
  std::string task_id;
  std::vector<std::string> actions;
};

struct Walks {
  std::vector<Walk> list;
  std::size_t steps = 0;
  std::map<std::string, std::size_t>
      by_page;  // steps by the page they led to: "index", "results", "item", "sub page", "done"
};

// At most `count` tasks, of all splits in turn. A random walk takes 15 steps or ends with a purchase; an expert's is at
// most as long.
[[nodiscard]] Result<Walks> record_walks(const env::Environment& environment, std::size_t count, std::uint64_t seed);

}  // namespace ipr::bench
