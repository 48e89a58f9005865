#include "expert.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>

#include "ipr/plugin.h"
#include "pages.h"
#include "tests/plugins/webshop_world/expert_play.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace webshop;
using namespace webshop::test;

namespace {

constexpr std::uint64_t kPriceSeed = 20240615;

TaskRef human(std::uint32_t session) {
  return {Mode::kHuman, session};
}

Played play_scripted(const Shop& shop, std::uint32_t session, std::uint64_t seed, const Habits& habits = {}) {
  const Draws draws(seed, std::to_string(session));
  return play(shop, human(session),
              [&](const View& view, const Goal& goal) { return scripted_expert(view, goal, draws, habits); });
}

Played play_record(const Shop& shop, TaskRef task) {
  return play(shop, task, [&](const View& view, const Goal& goal) {
    return record_expert(view, goal, shop.products(), shop.index());
  });
}

// Sums over many plays.
struct Tally {
  std::size_t plays = 0, kept = 0, perfect = 0;
  double outcome = 0, kept_outcome = 0, kept_messages = 0, messages = 0, hits = 0;

  void add(const Played& played) {
    ++plays;
    outcome += played.outcome;
    messages += static_cast<double>(played.turns.size());
    hits += static_cast<double>(played.hits);
    perfect += played.outcome == 1.0;
    if (played.outcome <= 0.7) return;
    ++kept;
    kept_outcome += played.outcome;
    kept_messages += static_cast<double>(played.turns.size());
  }
  [[nodiscard]] double share_kept() const { return static_cast<double>(kept) / static_cast<double>(plays); }
  [[nodiscard]] double mean(double sum) const { return sum / static_cast<double>(plays); }
  [[nodiscard]] double kept_mean(double sum) const { return sum / static_cast<double>(kept); }
};

std::size_t words_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) + 1;
}

}  // namespace

TEST_CASE("the scripted expert is as imperfect as a human, and four of five plays are kept", "[webshop][expert]") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) {
    const Shop shop(seed, WorldSize::kNormal, kPriceSeed);
    Tally tally;
    for (const std::uint32_t session : shop.split(IPR_SPLIT_TRAIN)) {
      const Played played = play_scripted(shop, session, seed);
      CHECK(played.bought);
      CHECK(played.turns.size() <= 5);
      tally.add(played);
    }
    std::printf("world %d: expert mean %.3f, kept %zu of %zu (%.2f) with mean %.3f and %.2f messages, %.2f hits\n",
                static_cast<int>(seed), tally.mean(tally.outcome), tally.kept, tally.plays, tally.share_kept(),
                tally.kept_mean(tally.kept_outcome), tally.kept_mean(tally.kept_messages), tally.mean(tally.hits));
    CHECK(tally.kept >= 400);
    CHECK(tally.mean(tally.outcome) == Approx(0.81).margin(0.04));
    CHECK(tally.share_kept() == Approx(0.78).margin(0.06));
    CHECK(tally.kept_mean(tally.kept_outcome) == Approx(0.89).margin(0.03));
    CHECK(tally.kept_mean(tally.kept_messages) < 4.8);
    CHECK(tally.mean(tally.hits) <= 5);
  }
}

TEST_CASE("without its habits the scripted expert earns 1 everywhere", "[webshop][expert]") {
  const Shop shop(1, WorldSize::kNormal, kPriceSeed);
  const Habits perfect{0.5, 0, 1, 1};
  for (std::uint32_t session = 0; session < shop.goals(Mode::kHuman).size(); ++session) {
    CAPTURE(session);
    CHECK(play_scripted(shop, session, 1, perfect).outcome == 1.0);
  }
}

TEST_CASE("the scripted expert speaks in short copies of what is wanted", "[webshop][expert]") {
  const Shop shop(1, WorldSize::kTiny, kPriceSeed);
  const Goal& goal = shop.goal(human(0));
  const Played played = play_scripted(shop, 0, 1, {0, 0, 1, 1});
  REQUIRE(played.turns.size() == 3 + goal.options.size());
  CHECK(played.turns[0].thought == "i need " + goal.attributes[0] + " and " + goal.attributes[1] + ".");
  CHECK(played.turns[0].action == "search[a " + goal.attributes[0] + " " + goal.attributes[1] + "]");
  CHECK(played.turns[1].action == "click[" + goal.asin + "]");
  CHECK(played.turns[2].thought.ends_with(" " + goal.options[0].second + "."));
  CHECK(played.turns[2].action.ends_with(" " + goal.options[0].second + "]"));
  CHECK(played.turns.back().action == "click[Buy Now]");
  for (const Advice& turn : played.turns) CHECK(words_of(turn.thought) <= 5);
}

TEST_CASE("the scripted expert finds back from anywhere", "[webshop][expert]") {
  const Shop shop(1, WorldSize::kNormal, kPriceSeed);
  const Habits perfect{0.5, 0, 1, 1};
  for (std::uint32_t number = 0; number < 50; ++number) {
    const Draws draws(1, std::to_string(number));
    for (const char* start : {"search[nonsense]", "search[a scarf lamp mug chair knife]", "search[plain]"}) {
      Session session(shop, human(number));
      session.act(start);
      const auto shown = session.shown();  // of a search it would not have made: open a hit and look at its description
      if (!shown.empty()) {
        session.act("click[" + shop.products()[shown[0]].asin + "]");
        session.act("click[description]");
      }
      for (int turn = 0; turn < 8 && !session.bought(); ++turn) {
        REQUIRE(session.act(scripted_expert(expert_view(session), session.goal(), draws, perfect)->action).valid);
      }
      CHECK(session.paid() == 1.0);
      CHECK_FALSE(scripted_expert(expert_view(session), session.goal(), draws, perfect).has_value());
    }
  }
}

TEST_CASE("the credit world's expert takes 7 to 11 turns mostly, in free order, and earns 0.6 to 0.8",
          "[webshop][expert]") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Shop shop(seed, WorldSize::kNormal, kPriceSeed, WorldKind::kCredit);
    Tally tally;
    std::size_t in_range = 0, looked = 0;
    std::set<std::string> first_options, thoughts;
    for (const std::uint32_t session : shop.split(IPR_SPLIT_TRAIN)) {
      const Played played = play_scripted(shop, session, seed, credit_habits(seed));
      CHECK(played.bought);
      CHECK(played.turns.size() <= 12);
      in_range += played.turns.size() >= 7 && played.turns.size() <= 11;
      tally.add(played);
      for (const Advice& turn : played.turns) {
        looked += turn.action == "click[< Prev]";
        thoughts.insert(turn.thought.substr(0, turn.thought.find(' ')));
      }
      first_options.insert(played.turns[2].thought.substr(played.turns[2].thought.rfind(' ')));
    }
    CHECK(in_range > tally.plays * 3 / 4);
    CHECK(tally.mean(tally.messages) == Approx(8.5).margin(1));
    CHECK(tally.mean(tally.outcome) == Approx(0.7).margin(0.1));
    CHECK(looked > tally.plays / 2);
    CHECK(first_options.size() >= 4);
    CHECK(thoughts == std::set<std::string>{"i", "it", "now"});
  }
}

TEST_CASE("without its flaws the credit world's expert earns 1, detours and all, from anywhere", "[webshop][expert]") {
  const Shop shop(1, WorldSize::kNormal, kPriceSeed, WorldKind::kCredit);
  Habits perfect = credit_habits(1);
  perfect.first_hit = perfect.confusable = 0;
  perfect.weak_option = perfect.strong_option = 1;
  for (std::uint32_t number = 0; number < 300; ++number) {
    CAPTURE(number);
    CHECK(play_scripted(shop, number, 1, perfect).outcome == 1.0);
    Session session(shop, human(number));
    for (const char* detour : {"search[nonsense]", "search[plain]"}) session.act(detour);
    const Draws draws(1, std::to_string(number));
    for (int turn = 0; turn < 15 && !session.bought(); ++turn)
      session.act(scripted_expert(expert_view(session), session.goal(), draws, perfect)->action);
    CHECK(session.paid() == 1.0);
  }
}

TEST_CASE("the same state gets the same advice", "[webshop][expert]") {
  const Shop shop(1, WorldSize::kTiny, kPriceSeed);
  for (std::uint32_t session = 0; session < 10; ++session) {
    const Played one = play_scripted(shop, session, 1), again = play_scripted(shop, session, 1);
    REQUIRE(one.turns.size() == again.turns.size());
    for (std::size_t i = 0; i < one.turns.size(); ++i) {
      CHECK(one.turns[i].action == again.turns[i].action);
      CHECK(one.turns[i].thought == again.turns[i].thought);
    }
  }
}

TEST_CASE("the expert of the goal record buys the wanted product in the official shop", "[webshop][expert]") {
  const auto items = ipr::test::shared_file("data/webshop/items_shuffle_1000.json");
  if (items.empty()) return;
  const Shop shop(read_documents(items.substr(0, items.rfind('/'))), kPriceSeed);
  for (const auto mode : {Mode::kSynthetic, Mode::kHuman}) {
    const auto count = static_cast<std::uint32_t>(shop.goals(mode).size());
    Tally tally;
    for (std::uint32_t session = 0; session < count; session += std::max(1U, count / 300)) {
      tally.add(play_record(shop, {mode, session}));
    }
    std::printf("official, %zu goals: record expert mean %.3f, above 0.7 %.3f, exactly 1 %.3f, %.2f messages\n",
                tally.plays, tally.mean(tally.outcome), tally.share_kept(),
                tally.mean(static_cast<double>(tally.perfect)), tally.mean(tally.messages));
    CHECK(tally.share_kept() >= 0.98);
    CHECK(tally.mean(tally.outcome) >= 0.97);
  }
}
