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
// As the credit world's instructions put it.
Advice choose_in_words(const Choice& choice, std::size_t wording) {
  constexpr std::string_view kBefore[] = {"i choose ", "it should be ", "now the "};
  std::string thought(kBefore[wording]);
  thought.append(choice.wish).append(" ").append(choice.option).append(".");
  return click(choice.value, thought);
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

const Option& option_named(const Product& product, std::string_view name) {
  return *std::find_if(product.options.begin(), product.options.end(), [&](const Option& o) { return o.name == name; });
}

// Is this option one of those that the expert of this world often forgets? The same names for all products.
bool is_weak(std::string_view option, const Product& product, const Habits& habits) {
  std::vector<std::string_view> names;
  for (const Option& o : product.options) names.push_back(o.name);
  Draws(habits.world_seed, "weak").shuffle(names, "options");
  const auto last = names.begin() + static_cast<std::ptrdiff_t>(std::min(habits.weak_options, names.size()));
  return std::find(names.begin(), last, option) != last;
}

// How likely the expert remembers to choose this option.
double chance_of(const Choice& choice, const Product& product, const Habits& habits) {
  if (habits.weak_options > 0)
    return is_weak(choice.option, product, habits) ? habits.weak_option : habits.strong_option;
  return product.options.front().name == choice.option ? habits.first_option : habits.later_option;
}

// What the expert takes the wanted value for: itself, or the next one on the page.
Choice perceived(const Choice& wanted, const Product& product, const Draws& draws, const Habits& habits) {
  const std::string fact = std::string(wanted.option) + " " + std::string(wanted.wish);
  if (Draws(habits.world_seed, "confusable").uniform(fact) >= habits.confusable) return wanted;
  if (draws.uniform("confused " + std::string(wanted.option)) >= habits.confused) return wanted;
  const auto& values = option_named(product, wanted.option).values;
  const auto at = static_cast<std::size_t>(std::find(values.begin(), values.end(), wanted.value) - values.begin());
  return {wanted.option, values[(at + 1) % values.size()], wanted.wish};
}

// A look at one more page of the product, if one is due: how many are, before the next choice, is drawn for each number
// of choices made, so that coming back from the page goes on with the choice.
std::optional<Advice> look_first(const View& view, const Draws& draws, const Habits& habits) {
  constexpr std::size_t kMost = 2;
  constexpr std::string_view kPages[] = {"Description", "Features", "Reviews"};
  std::size_t due = 0;
  for (std::size_t made = 0; made <= view.selected.size(); ++made) due += draws.uniform("look", made) < habits.look;
  if (view.looks >= std::min(due, kMost)) return std::nullopt;
  return click(kPages[draws.below(3, "page", view.looks)], "i look first.");
}

// Begins anywhere and goes either way round. A small model can learn such an order; one in which every choice depends
// on the set of those already made it cannot.
void put_in_own_order(std::vector<Choice>& choices, const Draws& draws) {
  if (choices.empty()) return;
  if (draws.below(2, "direction") == 1) std::reverse(choices.begin(), choices.end());
  const auto start = static_cast<std::ptrdiff_t>(draws.below(choices.size(), "start"));
  std::rotate(choices.begin(), choices.begin() + start, choices.end());
}

Advice scripted_item(const View& view, const Goal& goal, const Draws& draws, const Habits& habits) {
  const bool settles = takes_first_hit(draws, habits) && matched(*view.product, goal) > 0;
  if (!settles && matched(*view.product, goal) < goal.attributes.size()) return scripted_search(goal, draws, habits);
  const auto look = look_first(view, draws, habits);
  if (look) return *look;
  auto choices = wanted_choices(*view.product, goal);
  if (habits.any_order) put_in_own_order(choices, draws);
  for (const Choice& wanted : choices) {
    const Choice choice = perceived(wanted, *view.product, draws, habits);
    const bool remembered = draws.uniform(choice.option) < chance_of(choice, *view.product, habits);
    if (!remembered || is_selected(view.selected, choice)) continue;
    if (habits.wordings == 1) return choose(choice);
    return choose_in_words(choice, draws.below(habits.wordings, "wording", view.selected.size()));
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

Habits credit_habits(std::uint64_t world_seed) {
  Habits habits;
  habits.any_order = true;
  habits.wordings = 3;
  habits.look = 0.4;
  habits.weak_options = 2;
  habits.confusable = 0.2;
  habits.world_seed = world_seed;
  return habits;
}

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
