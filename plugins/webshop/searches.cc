#include "searches.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "ipr/plugin.h"
#include "python_random.h"
#include "python_text.h"

namespace webshop {
namespace {

constexpr std::size_t kMostHits = 50;
// The memory's bound: 16 shards of 512 answers with keywords of at most 512 bytes, about 6 MiB.
constexpr std::size_t kAnswersPerShard = 512;
constexpr std::size_t kLongestKept = 512;

std::string_view first_word(std::string_view keywords) {
  return keywords.substr(0, keywords.find(' '));
}

std::string_view behind_first_word(std::string_view keywords) {
  const auto blank = keywords.find(' ');
  return blank == std::string_view::npos ? std::string_view() : keywords.substr(blank + 1);
}

template <typename Predicate>
std::vector<std::uint32_t> all_that(const std::vector<Product>& products, Predicate&& wanted) {
  std::vector<std::uint32_t> found;
  for (std::uint32_t i = 0; i < products.size(); ++i) {
    if (wanted(products[i])) found.push_back(i);
  }
  return found;
}

}  // namespace

Searches::Searches(const std::vector<Product>& products, const SearchIndex& index, std::uint64_t random_seed)
    : products_(products), index_(index), random_seed_(random_seed) {}

bool Searches::is_random(std::string_view keywords) {
  return first_word(keywords) == "<r>";
}

std::vector<std::uint32_t> Searches::random_products(std::uint64_t session, std::uint64_t draw) const {
  PythonRandom random(ipr_mix64(ipr_mix64(random_seed_, session), draw));
  const auto drawn = random.sample(products_.size(), std::min(kMostHits, products_.size()));
  return {drawn.begin(), drawn.end()};
}

std::shared_ptr<const Hits> Searches::compute(std::string_view keywords) const {
  auto hits = std::make_shared<Hits>();
  hits->keywords = keywords;
  const std::string_view word = first_word(keywords), rest = behind_first_word(keywords);
  if (word == "<a>") return hits;  // the original has no attribute index here and stops
  if (word == "<c>") {
    if (word.size() == keywords.size()) return hits;
    hits->products = all_that(products_, [&](const Product& p) { return p.category == strip(first_word(rest)); });
  } else if (word == "<q>") {
    hits->products = all_that(products_, [&](const Product& p) { return p.query == strip(rest); });
  } else {
    for (const auto& hit : index_.search(keywords, kMostHits)) hits->products.push_back(hit.document);
  }
  return hits;
}

std::shared_ptr<const Hits> Searches::find(std::string_view keywords, std::uint64_t session, std::uint64_t draw) const {
  if (is_random(keywords)) {
    auto hits = std::make_shared<Hits>();
    hits->keywords = keywords;
    hits->products = random_products(session, draw);
    return hits;
  }
  if (keywords.size() > kLongestKept) return compute(keywords);
  Shard& shard = shards_[std::hash<std::string_view>{}(keywords) % shards_.size()];
  {
    const std::lock_guard lock(shard.mutex);
    if (const auto found = shard.answers.find(keywords); found != shard.answers.end()) return found->second;
  }
  auto made = compute(keywords);
  const std::lock_guard lock(shard.mutex);
  if (shard.answers.size() >= kAnswersPerShard) shard.answers.clear();
  return shard.answers.try_emplace(made->keywords, made).first->second;
}

}  // namespace webshop
