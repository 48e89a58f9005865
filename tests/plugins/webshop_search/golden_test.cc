#include <cmath>
#include <set>

#include "analyzer.h"
#include "colors.h"

#include "fuzzy.h"
#include "md5.h"
#include "nouns.h"
#include "official_catalog.h"
#include "python_random.h"
#include "reward.h"
#include "search_index.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace webshop;
using ipr::Json;
using ipr::test::load_json;
using ipr::test::shared_file;

namespace {

using Numbers = std::vector<std::size_t>;

std::vector<std::size_t> shuffled(std::uint64_t seed, std::size_t n) {
  Numbers items(n);
  for (std::size_t i = 0; i < n; ++i) items[i] = i;
  PythonRandom(seed).shuffle(items);
  return items;
}

Goal goal_of(const Json& golden, const Product& product) {
  Goal goal;
  goal.asin = product.asin;
  goal.query = product.query;
  goal.name = product.name;
  goal.category = product.category;
  goal.product_category = product.product_category;
  goal.attributes = golden.at("attributes").get<std::vector<std::string>>();
  goal.options_named = golden.at("goal_options").is_object();
  for (const auto& [name, value] : golden.at("goal_options").items()) {
    goal.options.emplace_back(goal.options_named ? name : "", value.get<std::string>());
  }
  goal.price_upper = golden.at("price_upper");
  return goal;
}

}  // namespace

TEST_CASE("Python's generator is reproduced draw by draw", "[webshop]") {
  const auto file = shared_file("golden/webshop/python_random_cases.json");
  if (file.empty()) return;
  for (const Json& golden : load_json(file)) {
    const std::uint64_t seed = golden.at("seed");
    CAPTURE(seed);
    PythonRandom random(seed);
    for (const double expected : golden.at("random")) CHECK(random.random() == expected);
    for (const std::uint64_t expected : golden.at("getrandbits32")) CHECK(random.getrandbits(32) == expected);
    for (const double expected : golden.at("uniform_3_10")) CHECK(random.uniform(3, 10) == expected);
    for (const Json& expected : golden.at("sample4_2")) {
      std::vector<double> drawn;
      for (const std::size_t i : random.sample(4, 2)) drawn.push_back(10.0 * static_cast<double>(i + 1));
      CHECK(drawn == expected.get<std::vector<double>>());
    }
    CHECK(random.sample(1000, 50) == golden.at("sample1000_50").get<Numbers>());
    std::string letters;
    for (const std::size_t i : random.choices(26, 10)) letters += static_cast<char>('a' + i);
    CHECK(letters == golden.at("choices_az_10").get<std::string>());
    for (const auto& [key, expected] : golden.items()) {
      if (key.rfind("shuffle_", 0) != 0) continue;
      const Numbers items = shuffled(seed, std::stoul(key.substr(8)));
      CAPTURE(key);
      if (key.ends_with("_first20")) {
        CHECK(Numbers(items.begin(), items.begin() + 20) == expected.get<Numbers>());
      } else if (key.ends_with("_md5")) {
        std::string text;
        for (const std::size_t i : items) {
          if (!text.empty()) text += ',';
          text += std::to_string(i);
        }
        CHECK(test::md5_hex(text) == expected.get<std::string>());
      } else {
        CHECK(items == expected.get<Numbers>());
      }
    }
  }
}

TEST_CASE("texts are analyzed as by the official index", "[webshop]") {
  const auto file = shared_file("golden/webshop/analyzer_cases.json");
  if (file.empty()) return;
  for (const Json& golden : load_json(file)) {
    CAPTURE(golden.at("text"));
    CHECK(analyze(golden.at("text").get<std::string>()) == golden.at("tokens").get<std::vector<std::string>>());
  }
}

TEST_CASE("every official document has the tokens of the official index", "[webshop]") {
  const auto file = shared_file("golden/webshop/analyzer_docs_1k.json");
  const auto products = test::official_products();
  if (file.empty() || products.empty()) return;
  const auto index = test::by_asin(products);
  const Json goldens = load_json(file);
  CHECK(goldens.size() == 1000);
  for (const Json& golden : goldens) {
    CAPTURE(golden.at("id"));
    const auto terms = analyze(index_contents(*index.at(golden.at("id"))));
    CHECK(terms.size() == golden.at("n").get<std::size_t>());
    std::string text;
    for (std::size_t i = 0; i < terms.size(); ++i) text += (i > 0 ? "\n" : "") + terms[i];
    CHECK(test::md5_hex(text) == golden.at("md5").get<std::string>());
  }
}

TEST_CASE("searches rank as the official index does", "[webshop]") {
  const auto file = shared_file("golden/webshop/bm25_cases.json");
  const auto products = test::official_products();
  if (file.empty() || products.empty()) return;
  const SearchIndex index(products);
  for (const Json& golden : load_json(file)) {
    const std::string query = golden.at("query");
    CAPTURE(query);
    CHECK(analyze(query) == golden.at("tokens").get<std::vector<std::string>>());
    const auto hits = index.search(query);
    std::vector<std::string> ids;
    std::vector<std::string> expected;
    for (const auto& hit : hits) ids.push_back(products[hit.document].asin);
    for (const Json& hit : golden.at("hits")) expected.push_back(hit.at(0));
    REQUIRE(ids == expected);
    double worst = 0;
    for (std::size_t i = 0; i < hits.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(hits[i].score) - golden.at("hits")[i].at(1).get<double>()));
    }
    CHECK(worst <= 1e-4);
  }
}

TEST_CASE("texts are as alike as thefuzz says", "[webshop]") {
  const auto file = shared_file("golden/webshop/fuzz_cases.json");
  if (file.empty()) return;
  for (const Json& golden : load_json(file)) {
    const auto a = token_set(golden.at("a").get<std::string>());
    const auto b = token_set(golden.at("b").get<std::string>());
    CAPTURE(golden);
    CHECK(token_set_ratio(a, b) == golden.at("token_set_ratio").get<int>());
    CHECK(is_same(a, b) == (golden.at("token_set_ratio").get<int>() > 85));
  }
}

TEST_CASE("colours are found as in the original", "[webshop]") {
  const auto file = shared_file("golden/webshop/color_cases.json");
  if (file.empty()) return;
  for (const Json& golden : load_json(file)) {
    const std::string value = golden.at("s");
    CHECK(normalize_color(value) == golden.at("normalized").get<std::string>());
  }
}

TEST_CASE("chosen options match the goal's as in the original", "[webshop]") {
  const auto file = shared_file("golden/webshop/option_cases.json");
  if (file.empty()) return;
  const ProductTexts texts;
  for (const Json& golden : load_json(file)) {
    CAPTURE(golden);
    Goal goal;
    goal.options_named = golden.contains("goal_dict");
    for (const auto& [name, value] : golden.at(goal.options_named ? "goal_dict" : "goal").items()) {
      goal.options.emplace_back(goal.options_named ? name : "", value.get<std::string>());
    }
    ChosenOptions chosen;
    for (const std::string value : golden.at("purchased")) chosen.emplace_back(std::to_string(chosen.size()), value);
    const Product product;
    const auto reward = GoalScorer(goal, texts).purchase(product, chosen, 1.0);
    REQUIRE(reward.r_option.has_value() == !golden.at("r_option").is_null());
    if (reward.r_option) CHECK(*reward.r_option == Approx(golden.at("r_option").get<double>()).margin(1e-12));
    CHECK(std::lround(reward.r_option.value_or(0) * static_cast<double>(goal.options.size())) ==
          golden.at("num").get<int>());
  }
}

TEST_CASE("purchases earn what they earn in the original", "[webshop]") {
  const auto file = shared_file("golden/webshop/reward_cases.json");
  const auto products = test::official_products();
  if (file.empty() || products.empty()) return;
  const auto index = test::by_asin(products);
  const ProductTexts texts;
  const auto near = [](double value) { return Approx(value).margin(1e-9).epsilon(0); };
  for (const Json& golden : load_json(file)) {
    CAPTURE(golden);
    const Product& product = *index.at(golden.at("purchased_asin"));
    const Product& wanted = *index.at(golden.at("goal").at("asin"));
    const Goal goal = goal_of(golden.at("goal"), wanted);
    ChosenOptions chosen;
    for (const auto& [name, value] : golden.at("options").items()) chosen.emplace_back(name, value);
    const auto reward = GoalScorer(goal, texts).purchase(product, chosen, golden.at("price"));
    const Json& info = golden.at("info");
    CHECK(reward.reward == near(golden.at("reward")));
    CHECK(reward.r_type == near(info.at("r_type")));
    CHECK(reward.r_att == near(info.at("r_att")));
    CHECK(reward.w_att == near(info.at("w_att")));
    CHECK(reward.query_match == info.at("query_match").get<bool>());
    CHECK(reward.category_match == info.at("category_match").get<bool>());
    CHECK(reward.title_score == near(info.at("title_score")));
    CHECK(reward.r_option.has_value() == info.contains("r_option"));
    if (reward.r_option && info.contains("r_option")) {
      CHECK(*reward.r_option == near(info.at("r_option")));
      CHECK(reward.w_option == near(info.at("w_option")));
    }
    CHECK(reward.r_price == info.at("r_price").get<bool>());
    CHECK(reward.w_price == near(info.at("w_price")));
    const auto nouns = noun_filter_v1(product.name);
    CHECK(std::set<std::string>(nouns.begin(), nouns.end()) ==
          golden.at("purchased_nouns").get<std::set<std::string>>());
    const auto goal_nouns = noun_filter_v1(wanted.name);
    CHECK(std::set<std::string>(goal_nouns.begin(), goal_nouns.end()) ==
          golden.at("goal_nouns").get<std::set<std::string>>());
  }
}
