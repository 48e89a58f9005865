// Learns byte-pair merges from counted pieces of text (Sennrich et al. 2016).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/text/merges.h"

namespace ipr::text {

// Merges in the order learned, each pair the most frequent one of its time; ties go to the smaller pair of ids (left
// first), so the result is a function of the arguments alone. Ends after `count` new tokens or when no pair occurs
// twice: a pair seen once compresses nothing. Two merges may make equal bytes; they share one id and do not count as a
// new token.
//
// pieces: bytes and how often they occur. byte_ids: the token of each byte, all below `first_id`, the id of the first
// new token. forbidden: bytes that no merge may make, because their written form is the text of an added token. Counts
// are updated piece by piece as merges change them, so the time is about linear in the text.
[[nodiscard]] std::vector<Merge> learn_merges(const std::map<std::string, std::int64_t>& pieces,
                                              const std::array<std::int32_t, 256>& byte_ids,
                                              const std::set<std::string>& forbidden, std::int32_t first_id,
                                              std::int32_t count);

}  // namespace ipr::text
