#include <cstdio>
#include <string>

#include "ipr/plugin.h"
#include "tests/plugins/webshop_world/shop_walk.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace webshop;
using namespace webshop::test;

namespace {

constexpr std::uint64_t kPriceSeed = 20240615;

Played play_scripted(const TestShop& shop, std::size_t g, std::uint64_t seed, const Habits& habits = {}) {
  const Draws draws(seed, std::to_string(g));
  return play(shop, g, [&](const View& view, const Goal& goal) { return scripted_expert(view, goal, draws, habits); });
}

std::size_t words_of(const std::string& text) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) + 1; }

}  // namespace

TEST_CASE("the scripted expert is as imperfect as a human, and four of five plays are kept", "[webshop][expert]") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const TestShop shop(documents_of(generate_world(seed, WorldSize::kNormal)), Mode::kHuman, kPriceSeed);
    const auto splits = assign_splits(shop.goals, seed, WorldSize::kNormal);
    double all = 0, kept_sum = 0, turns = 0, hits = 0;
    std::size_t n = 0, kept = 0;
    for (std::size_t g = 0; g < shop.goals.size(); ++g) {
      if (splits[g] != IPR_SPLIT_TRAIN) continue;
      const Played played = play_scripted(shop, g, seed);
      CHECK(played.bought);
      CHECK(played.turns.size() <= 5);
      ++n;
      all += played.outcome;
      hits += static_cast<double>(played.hits);
      if (played.outcome <= 0.7) continue;
      ++kept;
      kept_sum += played.outcome;
      turns += static_cast<double>(played.turns.size());
    }
    const double share = static_cast<double>(kept) / static_cast<double>(n);
    std::printf("world %d: expert mean %.3f, kept %zu of %zu (%.2f), kept mean %.3f, %.2f messages, %.2f hits\n",
                static_cast<int>(seed), all / static_cast<double>(n), kept, n, share, kept_sum / static_cast<double>(kept),
                turns / static_cast<double>(kept), hits / static_cast<double>(n));
    CHECK(kept >= 400);
    CHECK(share == Approx(0.8).margin(0.06));
    CHECK(kept_sum / static_cast<double>(kept) == Approx(0.88).margin(0.03));
    CHECK(turns / static_cast<double>(kept) < 4.8);
    CHECK(hits / static_cast<double>(n) <= 6);
  }
}

TEST_CASE("without its habits the scripted expert earns 1 everywhere", "[webshop][expert]") {
  const TestShop shop(documents_of(generate_world(1, WorldSize::kNormal)), Mode::kHuman, kPriceSeed);
  const Habits perfect{0.5, 0, 1, 1};
  for (std::size_t g = 0; g < shop.goals.size(); ++g) {
    const Played played = play_scripted(shop, g, 1, perfect);
    CAPTURE(g, shop.goals[g].instruction);
    CHECK(played.outcome == 1.0);
  }
}

TEST_CASE("the scripted expert speaks in short copies of what is wanted", "[webshop][expert]") {
  const TestShop shop(documents_of(generate_world(1, WorldSize::kTiny)), Mode::kHuman, kPriceSeed);
  const Goal& goal = shop.goals[0];
  const Played played = play_scripted(shop, 0, 1, {0, 0, 1, 1});
  REQUIRE(played.turns.size() == 3 + goal.options.size());
  CHECK(played.turns[0].thought == "i need " + goal.attributes[0] + " and " + goal.attributes[1] + ".");
  CHECK(played.turns[0].action == "search[a " + goal.attributes[0] + " " + goal.attributes[1] + "]");
  CHECK(played.turns[1].action == "click[" + goal.asin + "]");
  CHECK(played.turns[2].action == "click[" + goal.options[0].second + "]");
  CHECK(played.turns.back().action == "click[Buy Now]");
  for (const Advice& turn : played.turns) CHECK(words_of(turn.thought) <= 5);
}

TEST_CASE("the scripted expert finds back from anywhere", "[webshop][expert]") {
  const TestShop shop(documents_of(generate_world(1, WorldSize::kNormal)), Mode::kHuman, kPriceSeed);
  const Draws draws(1, "0");
  for (std::size_t g = 0; g < 50; ++g) {
    const Goal& goal = shop.goals[g];
    View view;
    view.page = View::Page::kResults;  // of a search that found nothing
    view.keywords = "nonsense";
    CHECK(scripted_expert(view, goal, draws)->action.starts_with("search[a " + goal.attributes[0]));
    view.page = View::Page::kItem;  // a product of another category
    for (const Product& product : shop.products) {
      if (product.query == goal.query) continue;
      view.product = &product;
      CHECK(scripted_expert(view, goal, draws)->action.starts_with("search[a " + goal.attributes[0]));
    }
    view.page = View::Page::kSubPage;
    CHECK(scripted_expert(view, goal, draws)->action == "click[< Prev]");
    view.page = View::Page::kDone;
    CHECK_FALSE(scripted_expert(view, goal, draws).has_value());
  }
}

TEST_CASE("the expert of the goal record buys the wanted product in the official shop", "[webshop][expert]") {
  const auto items = ipr::test::shared_file("data/webshop/items_shuffle_1000.json");
  if (items.empty()) return;
  const auto documents = read_documents(items.substr(0, items.rfind('/')));
  for (const auto mode : {Mode::kSynthetic, Mode::kHuman}) {
    const TestShop shop(documents, mode, kPriceSeed);
    std::size_t n = 0, good = 0, perfect = 0;
    double sum = 0, turns = 0;
    const std::size_t step = std::max<std::size_t>(1, shop.goals.size() / 300);
    for (std::size_t g = 0; g < shop.goals.size(); g += step) {
      const Played played = play(
          shop, g, [&](const View& view, const Goal& goal) { return record_expert(view, goal, shop.products, shop.index); });
      ++n;
      good += played.outcome > 0.7;
      perfect += played.outcome == 1.0;
      sum += played.outcome;
      turns += static_cast<double>(played.turns.size());
    }
    std::printf("official, %zu goals: record expert mean %.3f, above 0.7 %.3f, exactly 1 %.3f, %.2f messages\n", n,
                sum / static_cast<double>(n), static_cast<double>(good) / static_cast<double>(n),
                static_cast<double>(perfect) / static_cast<double>(n), turns / static_cast<double>(n));
    CHECK(static_cast<double>(good) >= 0.9 * static_cast<double>(n));
  }
}
