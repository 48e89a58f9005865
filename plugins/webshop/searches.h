// Searching as the shop's search bar does it: special words, BM25, and a bounded memory of earlier answers.
//
// Rollouts of one task repeat the same queries, so answers are kept; each is immutable and shared by the episodes that
// stand on its pages and by the memory itself (shared_ptr). Thread-safe. webshop.md sections 3 and 4.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog.h"
#include "search_index.h"

namespace webshop {

// The answer to one query.
struct Hits {
  std::string keywords;                 // the query, lower case, words joined by single blanks as typed
  std::vector<std::uint32_t> products;  // positions in the catalog, best first
};

class Searches {
 public:
  // Keeps references to both. `random_seed` fixes what `<r>` shows.
  Searches(const std::vector<Product>& products, const SearchIndex& index, std::uint64_t random_seed);

  // `<c> category` and `<q> query` list what equals them, `<a>` nothing, `<r>` 50 random products: another draw for
  // each
  // (`session`, `draw`). Everything else is ranked by BM25, at most 50.
  [[nodiscard]] std::shared_ptr<const Hits> find(std::string_view keywords, std::uint64_t session,
                                                 std::uint64_t draw) const;

  // Does this query draw at random, so that the same words give other products the next time?
  [[nodiscard]] static bool is_random(std::string_view keywords);

 private:
  [[nodiscard]] std::shared_ptr<const Hits> compute(std::string_view keywords) const;
  [[nodiscard]] std::vector<std::uint32_t> random_products(std::uint64_t session, std::uint64_t draw) const;

  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string_view, std::shared_ptr<const Hits>> answers;  // keys live in the answers
  };

  const std::vector<Product>& products_;
  const SearchIndex& index_;
  std::uint64_t random_seed_;
  mutable std::array<Shard, 16> shards_;
};

}  // namespace webshop
