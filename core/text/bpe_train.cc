#include "core/text/bpe_train.h"

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <unordered_set>

namespace ipr::text {
namespace {

constexpr std::int64_t kLeastCount = 2;

using Pair = std::pair<std::int32_t, std::int32_t>;

struct PairHash {
  std::size_t operator()(const Pair& pair) const {
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(pair.first)) << 32 |
            static_cast<std::uint32_t>(pair.second)) *
               0x9E3779B97F4A7C15ull >>
           17;
  }
};

struct Word {
  std::vector<std::int32_t> symbols;
  std::int64_t count;
};

struct PairUse {
  std::int64_t count = 0;
  std::vector<std::uint32_t> words;  // where it occurs or once did, with repetitions
};

struct Candidate {
  std::int64_t count;
  Pair pair;
  bool operator<(const Candidate& other) const {  // std::priority_queue keeps the largest on top
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

class Learner {
 public:
  Learner(const std::map<std::string, std::int64_t>& pieces, const std::array<std::int32_t, 256>& byte_ids,
          const std::set<std::string>& forbidden)
      : forbidden_(forbidden) {
    for (std::size_t byte = 0; byte < 256; ++byte) bytes_[byte_ids[byte]] = std::string(1, static_cast<char>(byte));
    for (const auto& [text, count] : pieces) {
      Word word{{}, count};
      for (const char byte : text) word.symbols.push_back(byte_ids[static_cast<unsigned char>(byte)]);
      words_.push_back(std::move(word));
    }
    for (std::uint32_t i = 0; i < words_.size(); ++i) count_pairs(i, +1);
    for (const auto& [pair, use] : uses_) queue_.push({use.count, pair});
    changed_.clear();
  }

  std::vector<Merge> learn(std::int32_t first_id, std::int32_t count) {
    std::vector<Merge> merges;
    std::int32_t next_id = first_id;
    while (next_id < first_id + count && !queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      const std::int64_t now = uses_[best.pair].count;
      if (best.count != now) continue;  // an entry with the count of today is in the queue, too
      if (now < kLeastCount) break;
      std::string bytes = bytes_[best.pair.first] + bytes_[best.pair.second];
      if (forbidden_.contains(bytes)) continue;
      const auto [token, fresh] = ids_.try_emplace(bytes, next_id);
      if (fresh) ++next_id;
      const Merge merge{best.pair.first, best.pair.second, token->second};
      bytes_[merge.merged] = std::move(bytes);
      // A pair comes back when one of its tokens is made a second way; its rule is there already and keeps its rank.
      if (learned_.insert(best.pair).second) merges.push_back(merge);
      apply(merge);
    }
    return merges;
  }

 private:
  void count_pairs(std::uint32_t index, int sign) {
    const Word& word = words_[index];
    for (std::size_t i = 0; i + 1 < word.symbols.size(); ++i) {
      const Pair pair{word.symbols[i], word.symbols[i + 1]};
      PairUse& use = uses_[pair];
      use.count += sign * word.count;
      if (sign > 0 && (use.words.empty() || use.words.back() != index)) use.words.push_back(index);
      changed_.push_back(pair);
    }
  }

  void apply(const Merge& merge) {
    std::vector<std::uint32_t> touched = std::move(uses_[{merge.left, merge.right}].words);
    uses_[{merge.left, merge.right}].words.clear();
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const std::uint32_t index : touched) {
      count_pairs(index, -1);
      rewrite(words_[index].symbols, merge);
      count_pairs(index, +1);
    }
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    for (const Pair& pair : changed_) {
      if (const std::int64_t count = uses_[pair].count; count > 0) queue_.push({count, pair});
    }
    changed_.clear();
  }

  static void rewrite(std::vector<std::int32_t>& symbols, const Merge& merge) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < symbols.size(); ++kept) {
      const bool here = i + 1 < symbols.size() && symbols[i] == merge.left && symbols[i + 1] == merge.right;
      symbols[kept] = here ? merge.merged : symbols[i];
      i += here ? 2 : 1;
    }
    symbols.resize(kept);
  }

  const std::set<std::string>& forbidden_;
  std::vector<Word> words_;
  std::unordered_map<Pair, PairUse, PairHash> uses_;
  std::priority_queue<Candidate> queue_;
  std::unordered_set<Pair, PairHash> learned_;
  std::vector<Pair> changed_;                            // by the merge being applied
  std::unordered_map<std::int32_t, std::string> bytes_;  // of each token
  std::unordered_map<std::string, std::int32_t> ids_;    // of each token that is no single byte
};

}  // namespace

std::vector<Merge> learn_merges(const std::map<std::string, std::int64_t>& pieces,
                                const std::array<std::int32_t, 256>& byte_ids, const std::set<std::string>& forbidden,
                                std::int32_t first_id, std::int32_t count) {
  return Learner(pieces, byte_ids, forbidden).learn(first_id, count);
}

}  // namespace ipr::text
