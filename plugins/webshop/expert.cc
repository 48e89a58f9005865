#include "expert.h"

#include <algorithm>
#include <cstddef>

#include "colors.h"
#include "fuzzy.h"
#include "python_text.h"

namespace webshop {
namespace {

constexpr std::size_t kHitsPerPage = 10;

// A value to click, and what the goal calls it.
struct Choice {
  std::string_view option, value, wish;
};

// The option that a click on `value` sets: where several options hold it, the last one (webshop.md section 5).
std::string_view owner(const Product& product, std::string_view value) {
  std::string_view name;
  for (const Option& option : product.options) {
    if (std::find(option.values.begin(), option.values.end(), value) != option.values.end()) name = option.name;
  }
  return name;
}

// The action grammar is greedy: a value with an opening bracket or a line end cannot be clicked.
bool clickable(std::string_view value) {
  return !value.empty() && value.find_first_of("[\n") == std::string_view::npos;
}

// Do the official rules take `value` for what the goal wishes? webshop.md section 8.
bool fulfils(std::string_view value, std::string_view wish) {
  return is_same(token_set(normalize_color(value)), token_set(normalize_color(lower(wish))));
}

// The value of `option` for one of the goal's wishes: equal text first, then what the reward takes for the same.
std::optional<Choice> wanted_value(const Product& product, const Option& option, const Goal& goal, bool exact) {
  for (const auto& [name, wish] : goal.options) {
    if (!name.empty() && lower(name) != option.name) continue;
    for (const std::string& value : option.values) {
      if (exact ? value != lower(wish) : !fulfils(value, wish)) continue;
      if (clickable(value) && owner(product, value) == option.name) return Choice{option.name, value, wish};
    }
  }
  return std::nullopt;
}

// The goal's wishes that this product can fulfil, in page order, at most one per option.
std::vector<Choice> wanted_choices(const Product& product, const Goal& goal) {
  std::vector<Choice> choices;
  for (const Option& option : product.options) {
    auto choice = wanted_value(product, option, goal, true);
    if (!choice) choice = wanted_value(product, option, goal, false);
    if (choice) choices.push_back(*choice);
  }
  return choices;
}

bool is_selected(const ChosenOptions& selected, const Choice& choice) {
  return std::any_of(selected.begin(), selected.end(), [&](const auto& chosen) {
    return chosen.first == choice.option && chosen.second == choice.value;
  });
}

Advice search(const std::string& words, const std::string& thought) {
  return {"search[" + words + "]", thought};
}
Advice click(std::string_view text, const std::string& thought) {
  return {"click[" + std::string(text) + "]", thought};
}
Advice choose(const Choice& choice) {
  return click(choice.value, "i choose " + std::string(choice.option) + " " + std::string(choice.wish) + ".");
}
Advice buy() {
  return click("Buy Now", "i buy it now.");
}
Advice back() {
  return click("< Prev", "i go back.");
}

// ---------------------------------------------------------------------------------------- generated world

std::size_t matched(const Product& product, const Goal& goal) {
  return static_cast<std::size_t>(std::count_if(goal.attributes.begin(), goal.attributes.end(), [&](const auto& word) {
    return std::find(product.attributes.begin(), product.attributes.end(), word) != product.attributes.end();
  }));
}

std::string wish_thought(const Goal& goal) {
  std::string words;
  for (const std::string& word : goal.attributes) words += (words.empty() ? "" : " and ") + word;
  return "i need " + words + ".";
}

// The stop word keeps the blank before the first wanted word: a byte-level BPE then has one token for it, in the
// instruction, in titles and here.
Advice scripted_search(const Goal& goal, const Draws& draws, const Habits& habits) {
  std::string words = "a";
  const bool short_query = draws.uniform("one word") < habits.one_word;
  for (const std::string& word : goal.attributes) {
    words += " " + word;
    if (short_query) break;
  }
  return search(words, wish_thought(goal));
}

bool takes_first_hit(const Draws& draws, const Habits& habits) {
  return draws.uniform("first hit") < habits.first_hit;
}

Advice scripted_results(const View& view, const Goal& goal, const Draws& draws, const Habits& habits) {
  const Product* taken = nullptr;
  for (const Product* product : view.shown) {
    if (taken == nullptr || (!takes_first_hit(draws, habits) && matched(*product, goal) > matched(*taken, goal)))
      taken = product;
  }
  const bool own_search = scripted_search(goal, draws, habits).action == "search[" + std::string(view.keywords) + "]";
  if (taken == nullptr || (matched(*taken, goal) < goal.attributes.size() && !own_search)) {
    return scripted_search(goal, draws, habits);
  }
  return click(taken->asin, wish_thought(goal));
}

Advice scripted_item(const View& view, const Goal& goal, const Draws& draws, const Habits& habits) {
  const bool settles = takes_first_hit(draws, habits) && matched(*view.product, goal) > 0;
  if (!settles && matched(*view.product, goal) < goal.attributes.size()) return scripted_search(goal, draws, habits);
  for (const Choice& choice : wanted_choices(*view.product, goal)) {
    const auto& options = view.product->options;
    const auto at =
        std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == choice.option; });
    const bool first = at == options.begin();
    const bool remembered = draws.uniform(choice.option) < (first ? habits.first_option : habits.later_option);
    if (remembered && !is_selected(view.selected, choice)) return choose(choice);
  }
  return buy();
}

// -------------------------------------------------------------------------------------------- goal record

// Text that can stand inside `search[...]`.
std::string searchable(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '[' || c == ']' || c == '\n' || c == '\r' ? ' ' : c;
  const auto first = out.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

// The instruction without the loader's price bound.
std::string without_price(const std::string& instruction) {
  const auto at = instruction.rfind(", and price lower than ");
  return at == std::string::npos ? instruction : instruction.substr(0, at);
}

std::vector<std::string> wordings(const Goal& goal, const std::string& title) {
  std::string attributes, options;
  for (const std::string& attribute : goal.attributes) attributes += attribute + " ";
  for (const auto& [name, value] : goal.options) options += " " + value;
  return {searchable(attributes + goal.query), searchable(attributes + goal.query + options),
          searchable(without_price(goal.instruction)), searchable(goal.query + options), searchable(title)};
}

const Product* find_product(const std::vector<Product>& products, std::string_view asin) {
  const auto found = std::find_if(products.begin(), products.end(), [&](const Product& p) { return p.asin == asin; });
  return found == products.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Advice> scripted_expert(const View& view, const Goal& goal, const Draws& draws, const Habits& habits) {
  switch (view.page) {
    case View::Page::kIndex:
      return scripted_search(goal, draws, habits);
    case View::Page::kResults:
      return scripted_results(view, goal, draws, habits);
    case View::Page::kItem:
      return scripted_item(view, goal, draws, habits);
    case View::Page::kSubPage:
      return back();
    case View::Page::kDone:
      return std::nullopt;
  }
  return std::nullopt;
}

Query record_query(const Goal& goal, const std::vector<Product>& products, const SearchIndex& index) {
  const Product* product = find_product(products, goal.asin);
  if (product == nullptr) return {};
  Query best;
  for (const std::string& words : wordings(goal, product->title)) {
    if (words.empty()) continue;
    const auto hits = index.search(words);
    const auto at = std::find_if(hits.begin(), hits.end(),
                                 [&](const SearchIndex::Hit& hit) { return &products[hit.document] == product; });
    if (at == hits.end()) continue;
    const int page = 1 + static_cast<int>(static_cast<std::size_t>(at - hits.begin()) / kHitsPerPage);
    if (best.page == 0 || page < best.page) best = {words, page};
    if (best.page == 1) break;
  }
  return best;
}

std::optional<Advice> record_expert(const View& view, const Goal& goal, const std::vector<Product>& products,
                                    const SearchIndex& index) {
  if (view.page == View::Page::kDone) return std::nullopt;
  if (view.page == View::Page::kSubPage) return back();
  if (view.page == View::Page::kItem && view.product->asin == goal.asin) {
    for (const Choice& choice : wanted_choices(*view.product, goal)) {
      if (!is_selected(view.selected, choice)) return choose(choice);
    }
    return buy();
  }
  const Query query = record_query(goal, products, index);
  if (query.page == 0) return std::nullopt;
  const std::string thought = "i need " + (goal.query.empty() ? query.words : goal.query) + ".";
  if (view.page == View::Page::kResults) {
    for (const Product* product : view.shown) {
      if (product->asin == goal.asin) return click(product->asin, thought);
    }
    if (view.keywords == lower(query.words) && view.page_number < query.page) return click("Next >", "i look further.");
  }
  return search(query.words, thought);
}

}  // namespace webshop
