// The fixed token ids that we and the peers read.
#pragma once

#include <cstdint>
#include <vector>

namespace ipr::bench {

// The first `count` ids of sequence `sequence`: x <- (1103515245 x + 12345) mod 2^31 from x = 7 + sequence, and 17 + x
// mod (vocabulary - 17) for each x. No special token is among them. peers.py draws the same.
[[nodiscard]] std::vector<std::int32_t> token_ids(std::int64_t count, std::int64_t sequence, std::int64_t vocabulary);

}  // namespace ipr::bench
