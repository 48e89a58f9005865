#include "core/text/bpe.h"

namespace ipr::text {

Bpe::Bpe(const std::array<std::int32_t, 256>& byte_ids, const std::vector<RankedMerge>& merges,
         const std::vector<std::string>& tokens, bool ignore_merges, UnknownByte unknown)
    : byte_ids_(byte_ids), unknown_(unknown), merges_(merges.size()) {
  for (const RankedMerge& ranked : merges) merges_.add(ranked.merge, ranked.rank);
  std::vector<std::int32_t> ids;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    if (tokens[id].empty() || (!ignore_merges && tokens[id].size() > kLongestWord)) continue;
    ids.clear();
    if (!ignore_merges) encode(tokens[id], ids);
    const bool reached = ids.size() == 1 && ids[0] == static_cast<std::int32_t>(id);
    if (ignore_merges || reached) whole_.emplace(tokens[id], static_cast<std::int32_t>(id));
  }
}

void Bpe::encode(std::string_view piece, std::vector<std::int32_t>& ids) const {
  if (const auto known = whole_.find(piece); known != whole_.end()) {
    ids.push_back(known->second);
    return;
  }
  std::vector<std::int32_t> symbols = byte_symbols(piece);
  merges_.apply(symbols);
  ids.insert(ids.end(), symbols.begin(), symbols.end());
}

std::vector<std::int32_t> Bpe::byte_symbols(std::string_view piece) const {
  std::vector<std::int32_t> symbols;
  symbols.reserve(piece.size());
  bool after_unknown = false;
  for (const char byte : piece) {
    const std::int32_t id = byte_ids_[static_cast<unsigned char>(byte)];
    const bool fused = after_unknown && unknown_.fuse;
    if (id >= 0) {
      symbols.push_back(id);
    } else if (unknown_.id >= 0 && !fused) {
      symbols.push_back(unknown_.id);
    }
    after_unknown = id < 0;
  }
  return symbols;
}

}  // namespace ipr::text
