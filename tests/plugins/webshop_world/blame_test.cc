#include "blame.h"

#include <algorithm>

#include "tests/support/catch.h"

using namespace webshop;

namespace {

constexpr std::uint64_t kPriceSeed = 20240615;

// A visit of a goal of the credit world, with the words of its actions.
struct Visit {
  explicit Visit(const Shop& shop, std::uint32_t number) : session(shop, TaskRef{Mode::kHuman, number}) {
    const auto& products = shop.products();
    wanted = &*std::find_if(products.begin(), products.end(),
                            [&](const Product& product) { return product.asin == session.goal().asin; });
  }

  bool harms(const std::string& action) {
    const Session before = session;
    const StepResult result = session.act(action);
    return is_harmful(before, action, session, result);
  }
  [[nodiscard]] std::string search() const {
    return "search[a " + session.goal().attributes[0] + " " + session.goal().attributes[1] + "]";
  }
  // The click on the value of `option` that is wished, or on another one.
  [[nodiscard]] std::string value(std::size_t option, bool right) const {
    const auto& wish = session.goal().options[option].second;
    for (const Option& o : wanted->options) {
      const bool ours =
          std::any_of(o.values.begin(), o.values.end(), [&](const std::string& v) { return v.ends_with(" " + wish); });
      if (!ours) continue;
      for (const std::string& v : o.values) {
        if (v.ends_with(" " + wish) == right) return "click[" + v + "]";
      }
    }
    return "";
  }

  Session session;
  const Product* wanted = nullptr;
};

}  // namespace

TEST_CASE("a perfect visit does no harm, in any order of options and with detours", "[webshop][blame]") {
  const Shop shop(1, WorldSize::kNormal, kPriceSeed, WorldKind::kCredit);
  for (std::uint32_t number = 0; number < 50; ++number) {
    CAPTURE(number);
    Visit visit(shop, number);
    CHECK_FALSE(visit.harms(visit.search()));
    CHECK_FALSE(visit.harms("click[" + visit.wanted->asin + "]"));
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK_FALSE(visit.harms(visit.value((i + number) % 4, true)));
      CHECK_FALSE(visit.harms("click[features]"));
      CHECK_FALSE(visit.harms("click[< prev]"));
    }
    CHECK_FALSE(visit.harms("click[buy now]"));
    CHECK(visit.session.paid() == 1.0);
  }
}

TEST_CASE("a wrong value, another product, a bad search, an early purchase and nonsense do harm", "[webshop][blame]") {
  const Shop shop(1, WorldSize::kNormal, kPriceSeed, WorldKind::kCredit);
  for (std::uint32_t number = 0; number < 50; ++number) {
    CAPTURE(number);
    Visit visit(shop, number);
    CHECK(visit.harms("search[nonsense]"));
    CHECK_FALSE(visit.harms(visit.search()));
    CHECK(visit.harms("click[no such thing]"));
    for (const std::uint32_t other : visit.session.shown()) {
      if (&shop.products()[other] == visit.wanted) continue;
      CHECK(visit.harms("click[" + shop.products()[other].asin + "]"));
      CHECK_FALSE(visit.harms("click[< prev]"));
      break;
    }
    CHECK_FALSE(visit.harms("click[" + visit.wanted->asin + "]"));
    CHECK(visit.harms(visit.value(2, false)));
    CHECK_FALSE(visit.harms(visit.value(2, true)));  // mended
    CHECK(visit.harms("click[buy now]"));
  }
}
