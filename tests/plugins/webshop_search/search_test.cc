#include "search_index.h"

#include "analyzer.h"
#include "tests/support/catch.h"

using namespace webshop;

namespace {

SearchIndex index_of(const std::vector<SearchIndex::Document>& documents) {
  return SearchIndex(documents.size(), [&](std::size_t i) { return documents[i]; });
}

std::vector<std::uint32_t> found(const SearchIndex& index, std::string_view query, std::size_t k = 50) {
  std::vector<std::uint32_t> documents;
  for (const auto& hit : index.search(query, k)) documents.push_back(hit.document);
  return documents;
}

using Documents = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("queries pass through stop words, possessives and stemming", "[webshop][search]") {
  CHECK(analyze("The Women's shoes, running’s and THIS") == std::vector<std::string>{"women", "shoe", "run"});
  CHECK(analyze("if it is not").empty());
}

TEST_CASE("the better match comes first, and equal ones by id", "[webshop][search]") {
  const auto index = index_of({{"B3", "red shoe"}, {"B1", "red shoe"}, {"B2", "red red shoe"}, {"B0", "blue hat"}});
  CHECK(found(index, "red shoe") == Documents{2, 1, 0});
  CHECK(found(index, "shoes", 1) == Documents{1});
  CHECK(found(index, "hat") == Documents{3});
  const auto hits = index.search("blue");
  REQUIRE(hits.size() == 1);
  // idf = ln(1 + (4 - 1 + 0.5) / 1.5), length 2 of 9/4 on average
  CHECK(hits[0].score == Approx(1.2039728 * (1 - 1 / (1 + 1 / (0.9 * (0.6 + 0.4 * 2 / 2.25))))).epsilon(1e-6));
}

TEST_CASE("a repeated query word counts again", "[webshop][search]") {
  const auto index = index_of({{"A", "tea pot"}, {"B", "coffee pot"}});
  const auto once = index.search("tea");
  const auto twice = index.search("tea tea");
  REQUIRE(once.size() == 1);
  CHECK(twice[0].score == Approx(2 * once[0].score));
}

TEST_CASE("nothing is found by stop words, unknown words, or in an empty index", "[webshop][search]") {
  const auto index = index_of({{"A", "tea pot"}});
  CHECK(index.search("the").empty());
  CHECK(index.search("").empty());
  CHECK(index.search("zebra").empty());
  CHECK(index.search("tea", 0).empty());
  CHECK(index_of({}).search("tea").empty());
}

TEST_CASE("a large index answers as many small windows do", "[webshop][search]") {
  std::vector<SearchIndex::Document> documents;
  for (int i = 0; i < 9000; ++i) {
    const std::string id = std::to_string(100000 + i);
    documents.push_back({id, i % 3000 == 7 ? "needle hay" : i % 2 == 0 ? "hay" : "hay stack"});
  }
  const auto index = index_of(documents);
  CHECK(found(index, "needle") == Documents{7, 3007, 6007});
  CHECK(found(index, "hay needle", 4) == Documents{7, 3007, 6007, 0});
  CHECK(found(index, "hay").size() == 50);
}

TEST_CASE("a product is found by title, description, first bullet and options", "[webshop][search]") {
  Product product;
  product.title = "Big Lamp";
  product.description = "A Light";
  product.bullets = {"First", "Second"};
  product.options = {{"color", {"red", "blue"}}, {"size", {"xl"}}};
  CHECK(index_contents(product) == "big lamp a light first color: red, blue, and size: xl");
}
