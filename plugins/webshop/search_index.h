// The shop's search: BM25 over one text per product, with Lucene 8's arithmetic (k1 = 0.9, b = 0.4).
//
// Rankings must equal those of the official index, so scores follow Lucene to the last float: document lengths are
// quantised to one byte, each term's score is a float, and sums are made in double and cast back. Immutable after
// construction and thread-safe. Memory is 8 bytes per (term, document) pair plus the term texts. webshop.md section 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog.h"

namespace webshop {

// The text a product is found by: lower(Title Description first bullet options).
[[nodiscard]] std::string index_contents(const Product& product);

class SearchIndex {
 public:
  struct Document {
    std::string id;  // breaks ties of the score, in byte order
    std::string contents;
  };
  struct Hit {
    std::uint32_t document;  // its number at construction
    float score;
  };

  // `document(i)` is called once for each i < count, in order: contents need not be in memory together.
  SearchIndex(std::size_t count, const std::function<Document(std::size_t)>& document);
  // The index of a catalog: hit numbers are positions in `products`.
  explicit SearchIndex(const std::vector<Product>& products);

  // The best k documents that share a term with the query, by score descending, then id ascending. A repeated query
  // word counts as often as it stands there. Empty if the analyzed query is.
  [[nodiscard]] std::vector<Hit> search(std::string_view query, std::size_t k = 50) const;

  [[nodiscard]] std::size_t size() const { return document_.size(); }

 private:
  struct Posting {
    std::uint32_t rank;  // position of the document in id order: comparing ranks compares ids
    float divisor;       // 1 + frequency / (k1 * ((1 - b) + b * length / average))
  };
  struct TermRange {
    std::size_t begin, end;  // in postings_
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::vector<std::uint32_t> document_;  // rank -> document number
  std::vector<Posting> postings_;        // grouped by term, ranks ascending
  std::unordered_map<std::string, TermRange, TextHash, std::equal_to<>> terms_;
};

}  // namespace webshop
