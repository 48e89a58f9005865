#include "goals.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "python_random.h"
#include "python_text.h"

namespace webshop {
namespace {

constexpr std::uint64_t kShuffleSeed = 233;
constexpr int kLowestBound = 10, kHighestBound = 990, kBoundStep = 10;
constexpr std::size_t kBoundCandidates = 4;

std::vector<double> draw_effective_prices(const std::vector<Product>& products, PythonRandom& random) {
  std::vector<double> prices;
  for (const Product& product : products) {
    prices.push_back(product.pricing.size() == 2 ? random.uniform(product.pricing[0], product.pricing[1])
                                                 : product.pricing[0]);
  }
  return prices;
}

struct PriceBound {
  double upper = 1000000;
  std::string text;
};

PriceBound draw_bound(double price, PythonRandom& random) {
  std::vector<int> candidates;
  for (int bound = kLowestBound; bound <= kHighestBound && candidates.size() < kBoundCandidates; bound += kBoundStep) {
    if (bound > price) candidates.push_back(bound);
  }
  if (candidates.size() < 2) return {};
  const auto two = random.sample(candidates.size(), 2);
  const int upper = candidates[std::max(two[0], two[1])];
  return {static_cast<double>(upper), ", and price lower than " + std::to_string(upper) + ".00 dollars"};
}

Goal goal_for(const Product& product) {
  Goal goal;
  goal.asin = product.asin;
  goal.category = product.category;
  goal.query = product.query;
  goal.name = product.name;
  goal.product_category = product.product_category;
  return goal;
}

// Every combination of the product's option values is a goal of its own; names ascending, the last one varies fastest.
void add_synthetic(const Product& product, const Instruction& instruction, const PriceBound& bound,
                   std::vector<Goal>& goals) {
  std::vector<const Option*> options;
  for (const Option& option : product.options) options.push_back(&option);
  std::sort(options.begin(), options.end(), [](const Option* a, const Option* b) { return a->name < b->name; });
  if (std::any_of(options.begin(), options.end(), [](const Option* option) { return option->values.empty(); })) return;

  std::vector<std::size_t> at(options.size(), 0);
  for (;;) {
    Goal goal = goal_for(product);
    goal.attributes = instruction.attributes;
    goal.options_named = true;
    goal.price_upper = bound.upper;
    goal.instruction = instruction.text;
    for (std::size_t i = 0; i < options.size(); ++i) {
      const std::string& value = options[i]->values[at[i]];
      goal.options.emplace_back(options[i]->name, value);
      goal.instruction.append(i == 0 ? " with " : ", and ").append(options[i]->name).append(": ").append(value);
    }
    goal.instruction += bound.text;
    goals.push_back(std::move(goal));

    std::size_t next = options.size();
    while (next > 0 && ++at[next - 1] == options[next - 1]->values.size()) at[--next] = 0;
    if (next == 0) return;
  }
}

// Rare attributes weigh more. Python sums the shares in order.
void set_weights(std::vector<Goal>& goals) {
  std::unordered_map<std::string, double> counts;
  for (const Goal& goal : goals) {
    for (const std::string& attribute : goal.attributes) ++counts[attribute];
  }
  for (Goal& goal : goals) {
    double sum = 0;
    for (const std::string& attribute : goal.attributes) sum += 1 / counts[attribute];
    goal.weight = sum / static_cast<double>(goal.attributes.size());
  }
}

std::vector<Goal> synthetic_goals(const Catalog& catalog, const std::vector<double>& prices, PythonRandom& random) {
  std::vector<Goal> goals;
  for (std::size_t i = 0; i < catalog.products.size(); ++i) {
    const auto& instruction = catalog.wishes[i].synthetic;
    if (instruction) add_synthetic(catalog.products[i], *instruction, draw_bound(prices[i], random), goals);
  }
  set_weights(goals);
  return goals;
}

std::vector<Goal> human_goals(const Catalog& catalog, const std::vector<double>& prices, PythonRandom& random) {
  std::vector<Goal> goals;
  for (std::size_t i = 0; i < catalog.products.size(); ++i) {
    for (const Instruction& instruction : catalog.wishes[i].human) {
      if (instruction.attributes.empty()) continue;
      const PriceBound bound = draw_bound(prices[i], random);
      Goal goal = goal_for(catalog.products[i]);
      goal.instruction = std::string(strip(instruction.text, ".")) + bound.text;
      goal.attributes = instruction.attributes;
      for (const std::string& value : instruction.options) goal.options.emplace_back("", value);
      goal.price_upper = bound.upper;
      goals.push_back(std::move(goal));
    }
  }
  return goals;
}

}  // namespace

void draw_prices(std::vector<Product>& products, std::uint64_t price_seed) {
  PythonRandom random(price_seed);
  const std::vector<double> prices = draw_effective_prices(products, random);
  for (std::size_t i = 0; i < products.size(); ++i) products[i].effective_price = prices[i];
}

std::vector<Goal> make_goals(const Catalog& catalog, Mode mode, std::uint64_t price_seed) {
  PythonRandom random(price_seed);
  const std::vector<double> prices = draw_effective_prices(catalog.products, random);
  std::vector<Goal> goals =
      mode == Mode::kHuman ? human_goals(catalog, prices, random) : synthetic_goals(catalog, prices, random);
  random.seed(kShuffleSeed);
  random.shuffle(goals);
  return goals;
}

}  // namespace webshop
