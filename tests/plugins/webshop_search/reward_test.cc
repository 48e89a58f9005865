#include "reward.h"

#include <thread>

#include "ipr/plugin.hpp"
#include "python_random.h"
#include "tests/support/catch.h"

using namespace webshop;

namespace {

const std::vector<std::string> kSizes = {"small", "medium", "large", "x-large", "red", "dark red", "blue", "one size"};

Product random_product(PythonRandom& random, int number) {
  Product product;
  product.asin = std::to_string(number);
  product.name = product.title = random.randbelow(2) == 0 ? "Cotton Shirt" : "Leather Shoe";
  product.query = random.randbelow(2) == 0 ? "shirts" : "shoes";
  product.product_category = "Clothing › Men › Shirts";
  product.pricing = {10.0 + static_cast<double>(random.randbelow(40)), 60.0};
  product.attributes = {"long sleeve", "cotton"};
  const std::size_t options = random.randbelow(4);
  for (std::size_t i = 0; i < options; ++i) {
    Option option{std::to_string(i), {}};
    for (std::size_t v = 1 + random.randbelow(4); v > 0; --v) {
      option.values.push_back(kSizes[random.randbelow(kSizes.size())]);
    }
    product.options.push_back(std::move(option));
  }
  return product;
}

Goal random_goal(PythonRandom& random) {
  Goal goal;
  goal.name = "Cotton Shirt";
  goal.query = "shirts";
  goal.product_category = "Clothing › Women › Shirts";
  goal.attributes = {"long sleeves", "machine wash"};
  goal.options_named = random.randbelow(2) == 0;
  for (std::size_t i = random.randbelow(4); i > 0; --i) {
    goal.options.emplace_back(goal.options_named ? "size" : "", kSizes[random.randbelow(kSizes.size())]);
  }
  goal.price_upper = 30;
  return goal;
}

// Every full combination, as a purchase would name it.
std::vector<ChosenOptions> combinations(const Product& product) {
  std::vector<ChosenOptions> all(1);
  for (const Option& option : product.options) {
    std::vector<ChosenOptions> longer;
    for (const ChosenOptions& before : all) {
      for (const std::string& value : option.values) {
        longer.push_back(before);
        longer.back().emplace_back(option.name, value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

bool holds(const ChosenOptions& combination, const ChosenOptions& selected) {
  for (const auto& wanted : selected) {
    bool found = false;
    for (const auto& chosen : combination) found = found || chosen.second == wanted.second;
    if (!found) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("page scores equal those of enumerating every combination", "[webshop][reward]") {
  PythonRandom random(3);
  const ProductTexts texts;
  std::vector<Product> products;
  for (int i = 0; i < 60; ++i) products.push_back(random_product(random, i));
  for (int round = 0; round < 20; ++round) {
    const Goal goal = random_goal(random);
    const GoalScorer scorer(goal, texts);
    double best_of_page = 0;
    std::vector<const Product*> shown;
    for (const Product& product : products) {
      ChosenOptions selected;
      for (const Option& option : product.options) {
        if (random.randbelow(2) == 0)
          selected.emplace_back(option.name, option.values[random.randbelow(option.values.size())]);
      }
      double sum = 0;
      double best = -1;
      const auto all = combinations(product);
      for (const ChosenOptions& combination : all) {
        const double reward = scorer.purchase(product, combination, product.pricing[0]).reward;
        sum += reward;
        if (holds(combination, selected)) best = std::max(best, reward);
      }
      const double mean = sum / static_cast<double>(all.size());
      const Product* const page[] = {&product};
      CHECK(scorer.results_page(page) == Approx(mean).margin(1e-12));
      CHECK(scorer.item_page(product, selected) == Approx(best).margin(1e-12));
      best_of_page = std::max(best_of_page, mean);
      shown.push_back(&product);
    }
    CHECK(scorer.results_page(shown) == Approx(best_of_page).margin(1e-12));
  }
}

TEST_CASE("an empty results page scores 0, an impossible selection -1", "[webshop][reward]") {
  PythonRandom random(4);
  const Goal goal = random_goal(random);
  const ProductTexts texts;
  const GoalScorer scorer(goal, texts);
  CHECK(scorer.results_page({}) == 0);
  CHECK(scorer.item_page(random_product(random, 0), {{"size", "not for sale"}}) == -1);
}

TEST_CASE("the kind of product decides before everything else", "[webshop][reward]") {
  Goal goal;
  goal.name = "Cotton Shirt";
  goal.query = "shirts";
  goal.product_category = "A › B › C";
  goal.attributes = {"soft"};
  Product product;
  product.pricing = {5};
  const auto buy = [&] { return GoalScorer(goal, ProductTexts()).purchase(product, {}, 5); };

  product.name = product.title = "Leather Shoe";
  product.query = "shirts";
  CHECK(buy().r_type == 0);  // a matching query does not save a title without common nouns
  product.name = product.title = "Cotton Shoe";
  CHECK(buy().r_type == 1);
  CHECK(buy().title_score == 0.5);
  goal.name = "Cotton N1 N2 N3 N4 N5 N6 N7 N8 N9";
  product.query = "shoes";
  CHECK(buy().title_score == Approx(0.1));
  CHECK(buy().r_type == 0.5);
  product.product_category = "C › X › A";
  CHECK(buy().category_match);
  CHECK(buy().r_type == 1);
  goal.name += " N10";
  CHECK(buy().r_type == 0.1);
  goal.name = "2 3";
  CHECK(buy().title_score == 0.2);
}

TEST_CASE("one scorer serves many threads with the same answers", "[webshop][reward]") {
  PythonRandom random(9);
  std::vector<Goal> goals;
  std::vector<Product> products;
  for (int i = 0; i < 8; ++i) goals.push_back(random_goal(random));
  for (int i = 0; i < 40; ++i) products.push_back(random_product(random, i));
  const auto score = [&](const GoalScorers& scorers) {
    double sum = 0;
    for (std::size_t g = 0; g < goals.size(); ++g) {
      for (const Product& product : products) {
        const Product* const page[] = {&product};
        sum += scorers.of(g).results_page(page) + scorers.of(g).item_page(product, {});
      }
    }
    return sum;
  };
  const GoalScorers shared(goals);
  std::array<double, 4> sums{};
  std::vector<std::thread> threads;
  for (double& sum : sums) threads.emplace_back([&] { sum = score(shared); });
  for (std::thread& thread : threads) thread.join();
  for (const double sum : sums) CHECK(sum == score(GoalScorers(goals)));
}

TEST_CASE("a goal with more options than a mask holds is refused", "[webshop][reward]") {
  Goal goal;
  goal.asin = "B000000000";
  goal.options.resize(65);
  const ProductTexts texts;
  CHECK_THROWS_AS(GoalScorer(goal, texts), ipr::sdk::Failure);
}
