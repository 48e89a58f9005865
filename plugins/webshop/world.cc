#include "world.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

#include "ipr/draws.hpp"
#include "ipr/plugin.hpp"

namespace webshop {
namespace {

using ipr::sdk::Draws;

constexpr std::size_t kWords = 7;  // attribute words per category: the points of the Fano plane
constexpr std::size_t kLines = 7;  // products per category: its lines
constexpr std::size_t kDefaultValues = 3, kCreditValues = 2;  // that a product offers of each option

struct Category {
  std::string_view noun, department;
  std::array<std::string_view, kWords> words;
};

// Nouns are not in non_noun_words.txt, attribute words all are. No two categories share two parts of their path, which
// would make their products alike by the official category rule.
constexpr std::array<Category, 10> kCategories = {{
    {"scarf", "Clothing", {"soft", "warm", "silky", "fuzzy", "cozy", "thin", "woven"}},
    {"lamp", "Lighting", {"dim", "bright", "tall", "slim", "curved", "wired", "modern"}},
    {"mug", "Kitchen", {"heavy", "deep", "glazed", "lidded", "painted", "posh", "big"}},
    {"chair", "Furniture", {"wide", "rigid", "stiff", "comfy", "padded", "wooden", "solid"}},
    {"knife", "Tools", {"sharp", "keen", "blunt", "edged", "steely", "hard", "safe"}},
    {"bag", "Luggage", {"flat", "boxy", "tough", "loose", "lined", "neat", "sleek"}},
    {"shoe", "Footwear", {"snug", "tight", "laced", "fancy", "sporty", "casual", "formal"}},
    {"toy", "Games", {"funny", "cute", "silly", "jolly", "happy", "noisy", "bouncy"}},
    {"clock", "Decor", {"loud", "quiet", "silent", "exact", "rapid", "slow", "antique"}},
    {"rug", "Home", {"plush", "furry", "hairy", "dense", "braided", "tufted", "shaggy"}},
}};
// Values as instructions name them; pages put the lead word before each (world.h).
struct OptionKind {
  std::string_view name, draw, lead;  // draw: the name of the random choice among the values
  std::vector<std::string_view> values;
};
const std::vector<OptionKind>& option_kinds() {
  static const std::vector<OptionKind> kKinds = {
      {"color", "colors", "plain ", {"red", "blue", "green", "black", "white", "pink"}},
      {"size", "sizes", "us ", {"small", "medium", "large", "giant"}},
      {"finish", "finishes", "all ", {"matte", "glossy", "brushed", "frosted"}},
      {"pattern", "patterns", "full ", {"striped", "dotted", "checked", "floral"}},
  };
  return kKinds;
}
constexpr std::size_t kColor = 0, kSize = 1;  // in option_kinds(): those of the default world
constexpr std::array<int, 8> kPrices = {14, 16, 18, 23, 25, 27, 32, 36};
constexpr std::string_view kConsonants = "CDFGHJKLMNPQRSTVWXZ";

// One product before it is written down.
struct Item {
  std::string id;
  const Category* category = nullptr;
  std::array<std::string_view, 2> shown;  // words in the title, in its order
  std::string_view hidden;                // word in the description or the first bullet
  bool hidden_in_bullet = false;
  struct Offer {
    const OptionKind* kind;
    std::vector<std::string_view> values;
  };
  std::vector<Offer> offers;  // options, in page order
  int price = 0;
};

struct Wish {
  std::size_t item = 0;
  std::array<std::string_view, 2> words;
  std::vector<std::string_view> options;
};

struct Extent {
  std::size_t categories, lines;
};

Extent extent(WorldSize size) {
  if (size == WorldSize::kTiny) return {2, 6};
  return {8, kLines};
}

// Ids from two small alphabets, first letter and pair: few merges then make each id one token of a byte-level BPE.
std::vector<std::string> make_ids(const Draws& draws, std::size_t count) {
  std::vector<char> letters(kConsonants.begin(), kConsonants.end());
  draws.shuffle(letters, "letters");
  const std::vector<char> first(letters.begin(), letters.begin() + 8);
  std::vector<std::string> pairs;
  for (std::size_t i = 0; i < 7; ++i) pairs.push_back({letters[8 + i], letters[8 + (i + 3) % 11]});
  std::vector<std::string> ids;
  for (const char a : first) {
    for (const std::string& pair : pairs) ids.push_back(std::string("B") + a + pair);
  }
  draws.shuffle(ids, "ids");
  ids.resize(count);
  return ids;
}

Item::Offer offer_some(const OptionKind& kind, std::size_t count, const Draws& draws) {
  std::vector<std::size_t> order(kind.values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  draws.shuffle(order, kind.draw);
  order.resize(count);
  std::sort(order.begin(), order.end());
  Item::Offer offer{&kind, {}};
  for (const std::size_t i : order) offer.values.push_back(kind.values[i]);
  return offer;
}

// Line `line` of the Fano plane, as words: the difference set {0, 1, 3} modulo 7, one word hidden by draw.
void put_words(Item& item, const std::vector<std::string_view>& words, std::size_t line, const Draws& draws) {
  std::vector<std::string_view> own = {words[line], words[(line + 1) % kWords], words[(line + 3) % kWords]};
  draws.shuffle(own, "title");
  item.shown = {own[0], own[1]};
  item.hidden = own[2];
  item.hidden_in_bullet = draws.below(2, "bullet") == 0;
}

std::vector<Item> make_items(std::uint64_t seed, WorldSize size, WorldKind kind) {
  const auto [category_count, lines] = extent(size);
  const Draws draws(seed, "world");
  std::vector<std::size_t> chosen(kCategories.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
  draws.shuffle(chosen, "categories");
  const std::size_t count = category_count * lines;
  const auto ids = make_ids(draws, count);
  std::vector<std::size_t> kinds(count);  // exact shares, so that the number of goals does not depend on the seed
  for (std::size_t i = 0; i < count; ++i) kinds[i] = i * 7 / count;
  draws.shuffle(kinds, "kinds");

  std::vector<Item> items(count);
  for (std::size_t i = 0; i < count; ++i) {
    Item& item = items[i];
    item.id = ids[i];
    item.category = &kCategories[chosen[i / lines]];
    std::vector<std::string_view> words(item.category->words.begin(), item.category->words.end());
    Draws(seed, item.category->noun).shuffle(words, "words");
    const Draws own(seed, item.id);
    put_words(item, words, i % lines, own);
    for (std::size_t k = 0; k < option_kinds().size(); ++k) {
      const OptionKind& option = option_kinds()[k];
      const bool has = (k == kColor && kinds[i] != 0) || (k == kSize && kinds[i] != 1);
      if (kind == WorldKind::kCredit) {
        item.offers.push_back(offer_some(option, kCreditValues, draws));
      } else if (has) {
        item.offers.push_back(offer_some(option, kDefaultValues, own));
      }
    }
    item.price = kPrices[own.below(kPrices.size(), "price")];
  }
  draws.shuffle(items, "order");
  return items;
}

// All wishes one product fulfils. The hidden word comes first: see the header.
void add_wishes(const Item& item, std::size_t index, std::vector<Wish>& wishes) {
  const std::array<std::array<std::string_view, 2>, 3> pairs = {
      {{item.shown[0], item.shown[1]}, {item.hidden, item.shown[0]}, {item.hidden, item.shown[1]}}};
  std::size_t combinations = 1;
  for (const Item::Offer& offer : item.offers) combinations *= offer.values.size();
  for (const auto& pair : pairs) {
    for (std::size_t number = 0; number < combinations; ++number) {
      Wish wish{index, pair, {}};
      std::size_t rest = combinations, digits = number;  // the last option counts fastest
      for (const Item::Offer& offer : item.offers) {
        rest /= offer.values.size();
        wish.options.push_back(offer.values[digits / rest]);
        digits %= rest;
      }
      wishes.push_back(std::move(wish));
    }
  }
}

// Those of the splits and the further ones, each by product.
struct Wishes {
  std::vector<Wish> splits, more;
};

Wishes make_wishes(const std::vector<Item>& items, std::uint64_t seed, WorldSize size, std::size_t more_train) {
  std::vector<Wish> all;
  for (std::size_t i = 0; i < items.size(); ++i) add_wishes(items[i], i, all);
  Draws(seed, "world").shuffle(all, "wishes");
  const SplitSizes sizes = split_sizes(size);
  const std::size_t taken = std::min(all.size(), sizes.train + sizes.dev + sizes.test);
  if (all.size() - taken < more_train) {
    throw ipr::sdk::Failure(IPR_INVALID_ARGUMENT,
                            "webshop: more_train=" + std::to_string(more_train) + ": the products of this world hold " +
                                std::to_string(all.size() - taken) + " more goals; give at most so many" +
                                (all.size() - taken < sizes.train ? ", or world=credit, which has room for more" : ""));
  }
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(taken);
  Wishes wishes{{all.begin(), end}, {end, end + static_cast<std::ptrdiff_t>(more_train)}};
  for (std::vector<Wish>* part : {&wishes.splits, &wishes.more})
    std::stable_sort(part->begin(), part->end(), [](const Wish& a, const Wish& b) { return a.item < b.item; });
  return wishes;
}

void append(std::initializer_list<std::string_view> parts, std::string& out) {
  for (const std::string_view part : parts) out += part;
}

// In the credit world the value comes first, `glossy finish`: whoever copies any of them is right, in any order.
std::string sentence(const Wish& wish, const Item& item, std::uint64_t seed, WorldKind kind) {
  std::string key = item.id;
  for (const auto word : wish.words) append({"|", word}, key);
  for (const auto value : wish.options) append({"|", value}, key);
  const std::string_view noun = item.category->noun, a = wish.words[0], b = wish.words[1];
  const std::size_t form = Draws(seed, key).below(3, "sentence");
  std::string text;
  if (form == 0) append({"i need a ", noun, " that is ", a, " and ", b}, text);
  if (form == 1) append({"find me a ", a, " and ", b, " ", noun}, text);
  if (form == 2) append({"looking for ", noun, ", ", a, " and ", b}, text);
  for (std::size_t i = 0; i < item.offers.size(); ++i) {
    const std::string_view name = item.offers[i].kind->name, value = wish.options[i];
    if (kind == WorldKind::kDefault) append({", ", name, " ", value}, text);
    if (kind == WorldKind::kCredit) append({", ", value, " ", name}, text);
  }
  return text;
}

// JSON text from words that need no escapes: everything this file writes is plain.
std::string quoted(std::string_view text) {
  return std::string(1, '"').append(text).append(1, '"');
}

template <typename Texts>
std::string list_of(const Texts& texts) {
  std::string out = "[";
  for (const std::string_view text : texts) append({out.size() == 1 ? "\"" : ", \"", text, "\""}, out);
  return out += ']';
}

std::string option_json(const Item::Offer& offer) {
  std::string out;
  for (const auto value : offer.values) {
    if (!out.empty()) out += ", ";
    out.append("{\"value\": \"").append(offer.kind->lead).append(value).append("\"}");
  }
  return quoted(offer.kind->name) + ": [" + out + "]";
}

std::string product_json(const Item& item) {
  const std::string noun(item.category->noun), hidden(item.hidden);
  std::string options;
  for (const Item::Offer& offer : item.offers) options += (options.empty() ? "" : ", ") + option_json(offer);
  const std::string title = noun + " " + std::string(item.shown[0]) + " " + std::string(item.shown[1]);
  const std::string description =
      item.hidden_in_bullet ? "a " + noun + " for every day." : "this " + noun + " is " + hidden + ".";
  std::vector<std::string> bullets = {"ships in one box."};
  if (item.hidden_in_bullet) bullets.insert(bullets.begin(), "made to be " + hidden + ".");
  const std::string department(item.category->department);
  return "{\"asin\": " + quoted(item.id) + ", \"name\": " + quoted(title) +
         ", \"full_description\": " + quoted(description) + ", \"small_description\": " + list_of(bullets) +
         ", \"pricing\": \"$" + std::to_string(item.price) +
         ".00\", \"images\": [\"\"], \"product_category\": " + quoted(department + " › " + noun) +
         ", \"category\": " + quoted(department) + ", \"query\": " + quoted(noun) + ", \"customization_options\": {" +
         options + "}}";
}

void append_wish(const Wish& wish, const Item& item, std::string_view instruction, std::string& out) {
  const std::array<std::string_view, 3> words = {item.shown[0], item.shown[1], item.hidden};
  append({"{\"asin\": \"", item.id, "\", \"instruction\": \"", instruction, "\", \"attributes\": ", list_of(words),
          ", \"instruction_attributes\": ", list_of(wish.words), ", \"instruction_options\": ", list_of(wish.options),
          "}"},
         out);
}

// Wishes by product, as the official file has them.
std::string instructions_json(const std::vector<Wish>& wishes, const std::vector<Item>& items, std::uint64_t seed,
                              WorldKind kind) {
  std::string out;
  for (std::size_t i = 0, next = 0; i < items.size(); ++i) {
    std::string rows;
    for (; next < wishes.size() && wishes[next].item == i; ++next) {
      if (!rows.empty()) rows += ",\n  ";
      append_wish(wishes[next], items[i], sentence(wishes[next], items[i], seed, kind), rows);
    }
    if (rows.empty()) continue;
    out += (out.empty() ? "" : ",\n") + quoted(items[i].id) + ": [" + rows + "]";
  }
  return "{" + out + "}\n";
}

}  // namespace

SplitSizes split_sizes(WorldSize size) {
  if (size == WorldSize::kTiny) return {24, 8, 16};
  return {560, 100, 500};
}

World generate_world(std::uint64_t seed, WorldSize size, WorldKind kind, std::size_t more_train) {
  const auto items = make_items(seed, size, kind);
  const Wishes wishes = make_wishes(items, seed, size, more_train);
  World world;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    const std::array<std::string_view, 3> words = {item.shown[0], item.shown[1], item.hidden};
    const std::string comma = i == 0 ? "" : ",\n";
    world.items_shuffle += comma + product_json(item);
    world.items_ins_v2 += comma + quoted(item.id) + ": {\"attributes\": " + list_of(words) +
                          ", \"instruction\": null, \"instruction_attributes\": null}";
  }
  world.items_human_ins = instructions_json(wishes.splits, items, seed, kind);
  if (more_train > 0) world.more_human_ins = instructions_json(wishes.more, items, seed, kind);
  world.items_shuffle = "[" + world.items_shuffle + "]\n";
  world.items_ins_v2 = "{" + world.items_ins_v2 + "}\n";
  return world;
}

std::string leak_key(const Goal& goal) {
  std::vector<std::string_view> attributes(goal.attributes.begin(), goal.attributes.end());
  std::sort(attributes.begin(), attributes.end());
  std::vector<std::pair<std::string_view, std::string_view>> options(goal.options.begin(), goal.options.end());
  std::sort(options.begin(), options.end());
  std::string key;
  append({goal.query, "|", goal.product_category}, key);
  for (const auto attribute : attributes) append({"|", attribute}, key);
  for (const auto& [name, value] : options) append({"|", name, "=", value}, key);
  return key;
}

std::vector<std::uint32_t> assign_splits(const std::vector<Goal>& goals, std::uint64_t seed, WorldSize size) {
  const Draws draws(seed, "splits");
  std::map<std::pair<std::uint64_t, std::string>, std::vector<std::size_t>> groups;  // in the order of the draw
  for (std::size_t i = 0; i < goals.size(); ++i) {
    std::string key = leak_key(goals[i]);
    const std::uint64_t drawn = draws.bits(key);
    groups[{drawn, std::move(key)}].push_back(i);
  }
  const SplitSizes sizes = split_sizes(size);
  std::size_t placed = 0;
  std::vector<std::uint32_t> splits(goals.size(), IPR_SPLIT_TRAIN);
  for (const auto& [key, members] : groups) {
    if (placed >= sizes.test + sizes.dev) break;
    const std::uint32_t split = placed < sizes.test ? IPR_SPLIT_TEST : IPR_SPLIT_DEV;
    for (const std::size_t i : members) splits[i] = split;
    placed += members.size();
  }
  return splits;
}

}  // namespace webshop
