#include "tests/plugins/webshop_world/shop_walk.h"

#include <algorithm>
#include <stdexcept>

#include "python_text.h"
#include "tests/support/catch.h"

namespace webshop::test {
namespace {

constexpr std::size_t kHitsPerPage = 10;

std::vector<Product> priced(std::vector<Product> products, std::uint64_t price_seed) {
  draw_prices(products, price_seed);
  return products;
}

class Walk {
 public:
  Walk(const TestShop& shop, std::size_t goal) : shop_(shop), goal_(goal) {}

  [[nodiscard]] View view() const {
    View view;
    view.page = page_;
    view.keywords = keywords_;
    view.page_number = static_cast<int>(number_);
    if (page_ == View::Page::kResults) view.shown = shown();
    view.product = product_;
    view.selected = selected_;
    return view;
  }

  // False: the page does not offer the action.
  bool step(const std::string& action, Played& played) {
    const auto open = action.find('[');
    if (open == std::string::npos || action.back() != ']') return false;
    const std::string name = action.substr(0, open);
    const std::string argument = lower(action.substr(open + 1, action.size() - open - 2));
    if (name == "search") return search(argument, played);
    if (name != "click") return false;
    if (page_ == View::Page::kResults) return click_result(argument);
    if (page_ == View::Page::kItem) return click_item(argument, played);
    return false;
  }

 private:
  [[nodiscard]] std::vector<const Product*> shown() const {
    std::vector<const Product*> out;
    const auto hits = shop_.index.search(keywords_);
    for (std::size_t i = (number_ - 1) * kHitsPerPage; i < std::min(hits.size(), number_ * kHitsPerPage); ++i) {
      out.push_back(&shop_.products[hits[i].document]);
    }
    return out;
  }
  bool search(const std::string& words, Played& played) {
    keywords_ = words;
    number_ = 1;
    page_ = View::Page::kResults;
    played.hits = shop_.index.search(words).size();
    return true;
  }
  bool click_result(const std::string& argument) {
    if (argument == "next >") {
      ++number_;
      return true;
    }
    for (const Product* product : shown()) {
      if (lower(product->asin) != argument) continue;
      product_ = product;
      selected_.clear();
      page_ = View::Page::kItem;
      return true;
    }
    return false;
  }
  bool click_item(const std::string& argument, Played& played) {
    if (argument == "buy now") {
      played.outcome = shop_.scorers.of(goal_).purchase(*product_, selected_, product_->effective_price).reward;
      played.bought = true;
      page_ = View::Page::kDone;
      return true;
    }
    std::string option;
    for (const Option& candidate : product_->options) {
      if (std::find(candidate.values.begin(), candidate.values.end(), argument) != candidate.values.end()) option = candidate.name;
    }
    if (option.empty()) return false;
    const auto chosen = std::find_if(selected_.begin(), selected_.end(), [&](const auto& s) { return s.first == option; });
    if (chosen == selected_.end()) {
      selected_.emplace_back(option, argument);
    } else {
      chosen->second = argument;
    }
    played.clicked_options = selected_.size();
    return true;
  }

  const TestShop& shop_;
  std::size_t goal_, number_ = 1;
  View::Page page_ = View::Page::kIndex;
  std::string keywords_;
  const Product* product_ = nullptr;
  ChosenOptions selected_;
};

}  // namespace

TestShop::TestShop(const Documents& documents, Mode mode, std::uint64_t price_seed)
    : products(priced(load_catalog(documents).products, price_seed)),
      goals(make_goals(load_catalog(documents), mode, price_seed)),
      index(products),
      scorers(goals) {}

const Product& TestShop::product(const std::string& asin) const {
  for (const Product& product : products) {
    if (product.asin == asin) return product;
  }
  throw std::out_of_range("no product " + asin);
}

Documents documents_of(const World& world) {
  return {{"items_shuffle.json", world.items_shuffle},
          Document{"items_ins_v2.json", world.items_ins_v2},
          Document{"items_human_ins.json", world.items_human_ins}};
}

Played play(const TestShop& shop, std::size_t g, const Expert& expert) {
  Walk walk(shop, g);
  Played played;
  while (played.turns.size() < 10) {
    const auto advice = expert(walk.view(), shop.goals[g]);
    if (!advice) break;
    played.turns.push_back(*advice);
    CAPTURE(g, advice->action);
    REQUIRE(walk.step(advice->action, played));
    if (played.bought) break;
  }
  return played;
}

}  // namespace webshop::test
