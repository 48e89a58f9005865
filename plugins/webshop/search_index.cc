#include "search_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "analyzer.h"
#include "python_text.h"

namespace webshop {
namespace {

constexpr float kK1 = 0.9f;
constexpr float kB = 0.4f;
constexpr std::uint32_t kExactLengths = 24;  // lengths below are stored as they are

// Lucene's one-byte length: below 24 exact, above a float with four significant bits.
std::uint8_t encode_length(std::uint32_t length) {
  if (length < kExactLengths) return static_cast<std::uint8_t>(length);
  const std::uint32_t rest = length - kExactLengths;
  const int bits = std::bit_width(rest);
  if (bits < 4) return static_cast<std::uint8_t>(kExactLengths + rest);
  const int shift = bits - 4;
  return static_cast<std::uint8_t>(kExactLengths +
                                   (((rest >> shift) & 7u) | (static_cast<std::uint32_t>(shift + 1) << 3)));
}

std::uint64_t decode_length(std::uint32_t code) {
  if (code < kExactLengths) return code;
  const std::uint32_t rest = code - kExactLengths;
  const std::uint32_t exponent = rest >> 3;
  if (exponent == 0) return kExactLengths + rest;
  return kExactLengths + (static_cast<std::uint64_t>((rest & 7u) | 8u) << (exponent - 1));
}

// A term of the query on its way through its postings.
template <typename Posting>
struct TermCursor {
  const Posting* at;
  const Posting* end;
  float weight;  // query frequency * idf
};

struct Candidate {
  float score;
  std::uint32_t rank;
  // True if this one is shown before the other.
  bool operator<(const Candidate& other) const {
    return score != other.score ? score > other.score : rank < other.rank;
  }
};

// The k first of a stream of candidates.
class Best {
 public:
  explicit Best(std::size_t k) : k_(k) {}
  // Only a score above this can change the k first, if candidates come by ascending rank.
  [[nodiscard]] double floor() const { return heap_.empty() || heap_.size() < k_ ? 0 : heap_.front().score; }
  void add(Candidate candidate) {
    if (heap_.size() == k_) {
      if (k_ == 0 || !(candidate < heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.pop_back();
    }
    heap_.push_back(candidate);
    std::push_heap(heap_.begin(), heap_.end());
  }
  std::vector<Candidate> take() {
    std::sort_heap(heap_.begin(), heap_.end());
    return std::move(heap_);
  }

 private:
  std::size_t k_;
  std::vector<Candidate> heap_;  // the last to be shown on top
};

}  // namespace

std::string index_contents(const Product& product) {
  std::string text = product.title + " " + product.description + " ";
  if (!product.bullets.empty()) text += product.bullets.front();
  text += ' ';
  for (std::size_t i = 0; i < product.options.size(); ++i) {
    const Option& option = product.options[i];
    if (i > 0) text += ", and ";
    text += option.name + ": ";
    for (std::size_t j = 0; j < option.values.size(); ++j) {
      if (j > 0) text += ", ";
      text += option.values[j];
    }
  }
  return lower(text);
}

SearchIndex::SearchIndex(const std::vector<Product>& products)
    : SearchIndex(products.size(), [&products](std::size_t i) {
        return Document{products[i].asin, index_contents(products[i])};
      }) {}

SearchIndex::SearchIndex(std::size_t count, const std::function<Document(std::size_t)>& document) {
  std::vector<std::string> ids;
  std::vector<std::uint32_t> lengths;
  struct Count {
    std::uint32_t document, frequency;
  };
  std::vector<std::vector<Count>> lists;  // per term number
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> numbers;
  std::uint64_t tokens = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Document next = document(i);
    ids.push_back(std::move(next.id));
    const std::vector<std::string> terms = analyze(next.contents);
    for (const std::string& term : terms) {
      const std::size_t number = numbers.try_emplace(term, lists.size()).first->second;
      if (number == lists.size()) lists.emplace_back();
      std::vector<Count>& list = lists[number];
      if (list.empty() || list.back().document != i) list.push_back({static_cast<std::uint32_t>(i), 0});
      ++list.back().frequency;
    }
    lengths.push_back(static_cast<std::uint32_t>(terms.size()));
    tokens += terms.size();
  }

  document_.resize(count);
  std::iota(document_.begin(), document_.end(), 0u);
  std::stable_sort(document_.begin(), document_.end(), [&](auto a, auto b) { return ids[a] < ids[b]; });
  std::vector<std::uint32_t> rank(count);  // by document
  for (std::uint32_t i = 0; i < count; ++i) rank[document_[i]] = i;
  const auto average = static_cast<float>(static_cast<double>(tokens) / static_cast<double>(count));
  std::vector<float> inverse_norm;  // by document
  for (const std::uint32_t length : lengths) {
    const auto quantized = static_cast<float>(decode_length(encode_length(length)));
    inverse_norm.push_back(1.0f / (kK1 * ((1.0f - kB) + kB * quantized / average)));
  }
  for (auto& [term, number] : numbers) {
    const std::size_t begin = postings_.size();
    for (const Count& found : lists[number]) {
      const float divisor = 1.0f + static_cast<float>(found.frequency) * inverse_norm[found.document];
      postings_.push_back({rank[found.document], divisor});
    }
    std::sort(postings_.begin() + static_cast<std::ptrdiff_t>(begin), postings_.end(),
              [](const Posting& a, const Posting& b) { return a.rank < b.rank; });
    terms_.emplace(term, TermRange{begin, postings_.size()});
    std::vector<Count>().swap(lists[number]);
  }
}

std::vector<SearchIndex::Hit> SearchIndex::search(std::string_view query, std::size_t k) const {
  std::vector<std::string> words = analyze(query);
  std::sort(words.begin(), words.end());
  std::vector<TermCursor<Posting>> cursors;
  for (std::size_t i = 0; i < words.size();) {
    std::size_t next = i;
    while (next < words.size() && words[next] == words[i]) ++next;
    if (const auto found = terms_.find(words[i]); found != terms_.end()) {
      const auto documents = static_cast<double>(size());
      const auto frequency = static_cast<double>(found->second.end - found->second.begin);
      const auto idf = static_cast<float>(std::log(1 + (documents - frequency + 0.5) / (frequency + 0.5)));
      cursors.push_back({postings_.data() + found->second.begin, postings_.data() + found->second.end,
                         static_cast<float>(next - i) * idf});
    }
    i = next;
  }

  // Ranks are visited in windows: the sums stay in the cache, and no memory is needed per document.
  constexpr std::uint32_t kWindow = 2048;
  std::array<double, kWindow> sums{};
  Best best(k);
  for (;;) {
    std::uint32_t first = static_cast<std::uint32_t>(size());
    for (const auto& cursor : cursors) {
      if (cursor.at != cursor.end) first = std::min(first, cursor.at->rank);
    }
    if (first == size()) break;
    std::uint32_t past = first;
    for (auto& cursor : cursors) {
      for (; cursor.at != cursor.end && cursor.at->rank - first < kWindow; ++cursor.at) {
        sums[cursor.at->rank - first] += cursor.weight - cursor.weight / cursor.at->divisor;
        past = std::max(past, cursor.at->rank + 1);
      }
    }
    double floor = best.floor();
    for (std::uint32_t rank = first; rank < past; ++rank) {
      double& sum = sums[rank - first];
      if (sum > floor) {
        best.add({static_cast<float>(sum), rank});
        floor = best.floor();
      }
      sum = 0;
    }
  }

  std::vector<Hit> hits;
  for (const Candidate& candidate : best.take()) hits.push_back({document_[candidate.rank], candidate.score});
  return hits;
}

}  // namespace webshop
