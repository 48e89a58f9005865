#include "world.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "analyzer.h"
#include "fuzzy.h"
#include "ipr/plugin.h"
#include "nouns.h"
#include "shop.h"
#include "tests/support/catch.h"

using namespace webshop;

namespace {

constexpr std::uint64_t kPriceSeed = 20240615;

const std::vector<Goal>& goals_of(const Shop& shop) {
  return shop.goals(Mode::kHuman);
}
const GoalScorer& scorer_of(const Shop& shop, std::size_t g) {
  return shop.scorer({Mode::kHuman, static_cast<std::uint32_t>(g)});
}

const Product& product_of(const Shop& shop, const Goal& goal) {
  const auto& products = shop.products();
  return *std::find_if(products.begin(), products.end(), [&](const Product& p) { return p.asin == goal.asin; });
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What a careful buyer chooses: the page's value that ends with the wished word.
ChosenOptions perfect_options(const Product& product, const Goal& goal) {
  ChosenOptions chosen;
  for (const Option& option : product.options) {
    for (const auto& [name, wish] : goal.options) {
      for (const std::string& value : option.values) {
        if (value.ends_with(" " + wish)) chosen.emplace_back(option.name, value);
      }
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

TEST_CASE("every product has its own id and loads by the official rules", "[webshop][world]") {
  for (const auto size : {WorldSize::kTiny, WorldSize::kNormal}) {
    const Shop shop(3, size, kPriceSeed);
    std::set<std::string> ids;
    for (const Product& product : shop.products()) {
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
      const Shop shop(seed, size, kPriceSeed);
      const auto splits = assign_splits(goals_of(shop), seed, size);
      std::map<std::uint32_t, std::size_t> count;
      std::map<std::string, std::uint32_t> key_split;
      for (std::size_t i = 0; i < splits.size(); ++i) {
        ++count[splits[i]];
        CHECK(key_split.emplace(leak_key(goals_of(shop)[i]), splits[i]).first->second == splits[i]);
      }
      CHECK(key_split.size() == goals_of(shop).size());  // no wish is there twice
      CHECK(count[IPR_SPLIT_TRAIN] == split_sizes(size).train);
      CHECK(count[IPR_SPLIT_DEV] == split_sizes(size).dev);
      CHECK(count[IPR_SPLIT_TEST] == split_sizes(size).test);
    }
  }
}

TEST_CASE("the credit world has four options for every goal and splits of the same size", "[webshop][world]") {
  CHECK(generate_world(1, WorldSize::kNormal, WorldKind::kCredit).items_shuffle !=
        generate_world(1, WorldSize::kNormal).items_shuffle);
  for (const auto size : {WorldSize::kTiny, WorldSize::kNormal}) {
    const Shop shop(2, size, kPriceSeed, WorldKind::kCredit);
    std::set<std::string> keys;
    for (const Goal& goal : goals_of(shop)) {
      CHECK(goal.options.size() == 4);
      CHECK(keys.insert(leak_key(goal)).second);
    }
    CHECK(shop.split(IPR_SPLIT_TRAIN).size() == split_sizes(size).train);
    CHECK(shop.split(IPR_SPLIT_TEST).size() == split_sizes(size).test);
  }
}

TEST_CASE("further train goals leave the splits alone, are in none of them, and can be fulfilled", "[webshop][world]") {
  for (const auto& [kind, more] : {std::pair(WorldKind::kDefault, 60), std::pair(WorldKind::kCredit, 400)}) {
    const Shop plain(1, WorldSize::kNormal, kPriceSeed, kind);
    const Shop shop(1, WorldSize::kNormal, kPriceSeed, kind, static_cast<std::size_t>(more));
    CHECK(plain.more_train().empty());
    REQUIRE(shop.more_train().size() == static_cast<std::size_t>(more));
    std::set<std::string> keys;
    for (const std::uint32_t role : {IPR_SPLIT_TRAIN, IPR_SPLIT_DEV, IPR_SPLIT_TEST}) {
      CHECK(shop.split(role) == plain.split(role));
      for (const std::uint32_t session : shop.split(role)) {
        CHECK(goals_of(shop)[session].instruction == goals_of(plain)[session].instruction);
        keys.insert(leak_key(goals_of(shop)[session]));
      }
    }
    for (const std::uint32_t session : shop.more_train()) {
      const Goal& goal = goals_of(shop)[session];
      CHECK(keys.insert(leak_key(goal)).second);
      const Product& wanted = product_of(shop, goal);
      CHECK(wanted.effective_price <= goal.price_upper);
      CHECK(scorer_of(shop, session).purchase(wanted, perfect_options(wanted, goal), wanted.effective_price).reward ==
            1.0);
    }
  }
  CHECK_THROWS_WITH(Shop(1, WorldSize::kNormal, kPriceSeed, WorldKind::kDefault, 65),
                    "webshop: more_train=65: the products of this world hold 64 more goals; give at most so many, or "
                    "world=credit, which has room for more");
}

TEST_CASE("goals with one leak key stay together, whatever their order", "[webshop][world]") {
  const Shop shop(1, WorldSize::kTiny, kPriceSeed);
  std::vector<Goal> goals = goals_of(shop);
  goals.insert(goals.end(), goals_of(shop).rbegin(), goals_of(shop).rend());
  for (std::size_t i = 0; i < goals.size() / 2; ++i) {
    std::reverse(goals[i].attributes.begin(), goals[i].attributes.end());
    goals[i].asin = "BXXX";
  }
  const auto splits = assign_splits(goals, 1, WorldSize::kTiny);
  for (std::size_t i = 0; i < goals.size(); ++i) CHECK(splits[i] == splits[goals.size() - 1 - i]);
}

TEST_CASE("buying the wanted product with its options pays 1, anything less pays less", "[webshop][world]") {
  for (const WorldKind kind : {WorldKind::kDefault, WorldKind::kCredit}) {
    const Shop shop(3, WorldSize::kNormal, kPriceSeed, kind);
    for (std::size_t g = 0; g < goals_of(shop).size(); ++g) {
      const Goal& goal = goals_of(shop)[g];
      CAPTURE(goal.instruction);
      const Product& wanted = product_of(shop, goal);
      const ChosenOptions options = perfect_options(wanted, goal);
      REQUIRE(options.size() == goal.options.size());
      const auto paid = scorer_of(shop, g).purchase(wanted, options, wanted.effective_price);
      CHECK(paid.reward == 1.0);
      CHECK(paid.r_type == 1.0);
      for (const Option& option : wanted.options) {  // every other value misses the wish
        for (const std::string& value : option.values) {
          ChosenOptions other = options;
          for (auto& [name, chosen] : other) chosen = name == option.name ? value : chosen;
          const double reward = scorer_of(shop, g).purchase(wanted, other, wanted.effective_price).reward;
          CHECK((reward == 1.0) == (other == options));
        }
      }
    }
  }
}

TEST_CASE("another product of the category misses a wanted word, another category pays 0", "[webshop][world]") {
  const Shop shop(1, WorldSize::kNormal, kPriceSeed);
  for (std::size_t g = 0; g < 100; ++g) {
    const Goal& goal = goals_of(shop)[g];
    for (const Product& other : shop.products()) {
      const auto paid = scorer_of(shop, g).purchase(other, perfect_options(other, goal), other.effective_price);
      if (other.query != goal.query) {
        CHECK(paid.reward == 0.0);
      } else {
        CHECK(paid.r_type == 1.0);
        CHECK((paid.r_att == 1.0) == (other.asin == goal.asin));
      }
    }
  }
}

TEST_CASE("category names are nouns, attribute words are not, and no rule takes one word for another",
          "[webshop][world]") {
  const Shop shop(1, WorldSize::kNormal, kPriceSeed, GENERATE(WorldKind::kDefault, WorldKind::kCredit));
  std::set<std::string> attributes, stems, option_terms;
  for (const Product& product : shop.products()) {
    CHECK(noun_filter_v1(product.title) == std::vector<std::string>{product.query});
    attributes.insert(product.attributes.begin(), product.attributes.end());
    for (const Option& option : product.options) {
      for (const std::string& value : option.values) {
        for (const std::string& term : analyze(value)) option_terms.insert(term);
      }
    }
    for (const Product& other : shop.products()) {  // no attribute word hides in another product's texts
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
    CHECK(option_terms.count(terms[0]) == 0);
    for (const std::string& other : attributes) {
      if (word != other) CHECK(token_set_ratio(token_set(word), token_set(other)) <= 85);
    }
  }
}

TEST_CASE("a search for both words shows the wanted product first, one for the first word shows why",
          "[webshop][world]") {
  const Shop shop(1, WorldSize::kNormal, kPriceSeed, GENERATE(WorldKind::kDefault, WorldKind::kCredit));
  for (const Goal& goal : goals_of(shop)) {
    CAPTURE(goal.instruction);
    REQUIRE(goal.attributes.size() == 2);
    const auto both = shop.index().search("a " + goal.attributes[0] + " " + goal.attributes[1]);
    REQUIRE(both.size() == 5);
    CHECK(shop.products()[both[0].document].asin == goal.asin);
    const auto one = shop.index().search("a " + goal.attributes[0]);
    REQUIRE(one.size() == 3);
    for (const auto& hit : one) {
      const Product& product = shop.products()[hit.document];
      CHECK((product.title.find(goal.attributes[1]) != std::string::npos) == (product.asin == goal.asin));
    }
  }
}
