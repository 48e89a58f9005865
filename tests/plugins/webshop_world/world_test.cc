#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "analyzer.h"
#include "fuzzy.h"
#include "colors.h"
#include "ipr/plugin.h"
#include "nouns.h"
#include "tests/plugins/webshop_world/shop_walk.h"
#include "tests/support/catch.h"

using namespace webshop;
using namespace webshop::test;

namespace {

constexpr std::uint64_t kPriceSeed = 20240615;

TestShop make_shop(std::uint64_t seed, WorldSize size = WorldSize::kNormal) {
  return TestShop(documents_of(generate_world(seed, size)), Mode::kHuman, kPriceSeed);
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The goal's own values, as a buyer would choose them on the product's page.
ChosenOptions perfect_options(const Product& product, const Goal& goal) {
  ChosenOptions chosen;
  for (const Option& option : product.options) {
    for (const auto& [name, value] : goal.options) {
      if (has(option.values, value)) chosen.emplace_back(option.name, value);
    }
  }
  return chosen;
}

}  // namespace

TEST_CASE("a seed names one world", "[webshop][world]") {
  const World one = generate_world(1, WorldSize::kNormal), again = generate_world(1, WorldSize::kNormal);
  CHECK(one.items_shuffle == again.items_shuffle);
  CHECK(one.items_ins_v2 == again.items_ins_v2);
  CHECK(one.items_human_ins == again.items_human_ins);
  CHECK(one.items_shuffle != generate_world(2, WorldSize::kNormal).items_shuffle);
}

TEST_CASE("draws are the same numbers on every machine", "[webshop][world]") {
  const Draws draws(1, "7");
  CHECK(draws.bits("first hit") == draws.bits("first hit", 0));
  CHECK(draws.bits("first hit") != draws.bits("first hit", 1));
  CHECK(draws.bits("first hit") != Draws(1, "8").bits("first hit"));
  CHECK(draws.bits("first hit") == UINT64_C(0));
  CHECK(draws.uniform("first hit") == Approx(0));
}

TEST_CASE("every product has its own id and loads by the official rules", "[webshop][world]") {
  for (const auto size : {WorldSize::kTiny, WorldSize::kNormal}) {
    const auto shop = make_shop(3, size);
    std::set<std::string> ids;
    for (const Product& product : shop.products) {
      CHECK(ids.insert(product.asin).second);
      CHECK(product.asin.size() == 4);
      CHECK(product.asin[0] == 'B');
      CHECK(product.asin.find_first_of("AEIOUY0123456789") == std::string::npos);
      CHECK(product.attributes.size() == 3);
      CHECK(product.pricing.size() == 1);
    }
    CHECK(ids.size() == (size == WorldSize::kTiny ? 12 : 56));
  }
}

TEST_CASE("the splits have their sizes, and no wish stands in two of them", "[webshop][world]") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    for (const auto size : {WorldSize::kTiny, WorldSize::kNormal}) {
      const auto shop = make_shop(seed, size);
      const auto splits = assign_splits(shop.goals, seed, size);
      std::map<std::uint32_t, std::size_t> count;
      std::map<std::string, std::uint32_t> key_split;
      for (std::size_t i = 0; i < splits.size(); ++i) {
        ++count[splits[i]];
        CHECK(key_split.emplace(leak_key(shop.goals[i]), splits[i]).first->second == splits[i]);
      }
      CHECK(key_split.size() == shop.goals.size());  // no wish is there twice
      CHECK(count[IPR_SPLIT_TRAIN] == split_sizes(size).train);
      CHECK(count[IPR_SPLIT_DEV] == split_sizes(size).dev);
      CHECK(count[IPR_SPLIT_TEST] == split_sizes(size).test);
    }
  }
}

TEST_CASE("goals with one leak key stay together, whatever their order", "[webshop][world]") {
  const auto shop = make_shop(1, WorldSize::kTiny);
  std::vector<Goal> goals = shop.goals;
  goals.insert(goals.end(), shop.goals.rbegin(), shop.goals.rend());
  for (std::size_t i = 0; i < shop.goals.size(); ++i) {
    std::reverse(goals[i].attributes.begin(), goals[i].attributes.end());
    goals[i].asin = "BXXX";
  }
  const auto splits = assign_splits(goals, 1, WorldSize::kTiny);
  for (std::size_t i = 0; i < goals.size(); ++i) CHECK(splits[i] == splits[goals.size() - 1 - i]);
}

TEST_CASE("buying the goal's product with its options pays 1, another category pays 0", "[webshop][world]") {
  const auto shop = make_shop(1);
  for (std::size_t g = 0; g < shop.goals.size(); ++g) {
    CAPTURE(g, shop.goals[g].instruction);
    const Product& wanted = shop.product(shop.goals[g].asin);
    const auto paid = shop.scorers.of(g).purchase(wanted, perfect_options(wanted, shop.goals[g]), wanted.effective_price);
    CHECK(paid.reward == 1.0);
    CHECK(paid.r_type == 1.0);
    CHECK(shop.scorers.of(g).purchase(wanted, {}, wanted.effective_price).reward <= 0.75);
  }
  for (const Product& other : shop.products) {
    const auto paid = shop.scorers.of(0).purchase(other, perfect_options(other, shop.goals[0]), other.effective_price);
    if (other.query == shop.goals[0].query) {
      CHECK(paid.r_type == 1.0);
      CHECK((paid.r_att == 1.0) == (other.asin == shop.goals[0].asin));
    } else {
      CHECK(paid.reward == 0.0);
    }
  }
}

TEST_CASE("category names are nouns, attribute words are not, and no rule takes one word for another", "[webshop][world]") {
  const auto shop = make_shop(1);
  std::set<std::string> attributes, stems, values;
  for (const Product& product : shop.products) {
    CHECK(noun_filter_v1(product.title) == std::vector<std::string>{product.query});
    attributes.insert(product.attributes.begin(), product.attributes.end());
    for (const Option& option : product.options) values.insert(option.values.begin(), option.values.end());
    for (const Product& other : shop.products) {  // no attribute word hides in another product's texts
      for (const std::string& word : other.attributes) {
        std::string text = product.title + " " + product.description;
        for (const std::string& bullet : product.bullets) text += " " + bullet;
        CHECK((text.find(word) != std::string::npos) == has(product.attributes, word));
      }
    }
  }
  CHECK(attributes.size() == 56);
  for (const std::string& word : attributes) {
    CAPTURE(word);
    const auto terms = analyze(word);
    REQUIRE(terms.size() == 1);
    CHECK(stems.insert(terms[0]).second);
    CHECK(values.count(word) == 0);
    for (const std::string& other : attributes) {
      if (word != other) CHECK(token_set_ratio(token_set(word), token_set(other)) <= 85);
    }
  }
  for (const std::string& value : values) CHECK(normalize_color(value) == value);
}

TEST_CASE("a search for both words shows the wanted product first, one for the first word shows why", "[webshop][world]") {
  const auto shop = make_shop(1);
  for (const Goal& goal : shop.goals) {
    CAPTURE(goal.instruction);
    REQUIRE(goal.attributes.size() == 2);
    const auto both = shop.index.search("a " + goal.attributes[0] + " " + goal.attributes[1]);
    REQUIRE(both.size() == 5);
    CHECK(shop.products[both[0].document].asin == goal.asin);
    const auto one = shop.index.search("a " + goal.attributes[0]);
    REQUIRE(one.size() == 3);
    for (const auto& hit : one) {
      const Product& product = shop.products[hit.document];
      CHECK((product.title.find(goal.attributes[1]) != std::string::npos) == (product.asin == goal.asin));
    }
  }
}
