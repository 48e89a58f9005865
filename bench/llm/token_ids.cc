#include "bench/llm/token_ids.h"

namespace ipr::bench {

std::vector<std::int32_t> token_ids(std::int64_t count, std::int64_t sequence, std::int64_t vocabulary) {
  constexpr std::int64_t kFirst = 17;
  std::vector<std::int32_t> ids;
  std::uint64_t x = 7 + static_cast<std::uint64_t>(sequence);
  for (std::int64_t i = 0; i < count; ++i) {
    x = (x * 1103515245 + 12345) & 0x7fffffff;
    ids.push_back(static_cast<std::int32_t>(kFirst + static_cast<std::int64_t>(x) % (vocabulary - kFirst)));
  }
  return ids;
}

}  // namespace ipr::bench
