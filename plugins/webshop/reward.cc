#include "reward.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "colors.h"
#include "fuzzy.h"
#include "ipr/plugin.hpp"
#include "python_text.h"
#include "searched_text.h"
#include "text_set.h"

namespace webshop {

struct ProductFeatures {
  TextSet nouns, categories;
  std::vector<TokenSet> attributes;
  std::vector<TokenSet> values;  // of all options one after the other, colours normalized
  SearchedText texts;            // title, bullets and description in lower case
};

struct ProductMatch {
  PurchaseReward type;                 // r_type and what it comes from
  std::size_t attributes = 0;          // matched goal attributes
  std::vector<std::uint64_t> masks;    // per value, as in ProductFeatures: bit j: it satisfies the goal's option j
  std::optional<double> mean_options;  // matched goal options, averaged over all combinations; empty if none
};

struct GoalScorer::GoalFeatures {
  std::size_t noun_count = 0;  // with repeats
  TextSet nouns, categories;
  std::vector<TokenSet> attributes, options;
  double denominator = 1;
};

namespace {

constexpr std::size_t kMaxGoalOptions = 64;

// "Home › Kitchen": the distinct trimmed parts.
TextSet category_parts(std::string_view path) {
  constexpr std::string_view kSeparator = "\u203A";
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = path.find(kSeparator);
    parts.emplace_back(strip(path.substr(0, end)));
    if (end == std::string_view::npos) return TextSet(std::move(parts));
    path.remove_prefix(end + kSeparator.size());
  }
}

std::string joined_bullets(const Product& product) {
  std::string text;
  for (std::size_t i = 0; i < product.bullets.size(); ++i) {
    if (i > 0) text += ' ';
    text += product.bullets[i];
  }
  return text;
}

std::vector<TokenSet> token_sets(const std::vector<std::string>& texts) {
  std::vector<TokenSet> sets;
  for (const std::string& text : texts) sets.push_back(token_set(text));
  return sets;
}

double type_reward(const PurchaseReward& facts) {
  if (facts.title_score == 0) return 0;
  if (facts.title_score < 0.1) return 0.1;
  return facts.query_match || facts.category_match || facts.title_score > 0.2 ? 1.0 : 0.5;
}

bool has_attribute(const ProductFeatures& product, const TokenSet& attribute, const std::string& text) {
  const bool listed = std::any_of(product.attributes.begin(), product.attributes.end(),
                                  [&](const TokenSet& own) { return is_same(own, attribute); });
  return listed || product.texts.contains(text);
}

// The expected number of satisfied goal options when each product option takes each of its values equally often. By
// linearity it is the sum over goal options of 1 - P(no value satisfies it), and the values are independent.
std::optional<double> mean_matched(const std::vector<Option>& options, const std::vector<std::uint64_t>& masks,
                                   std::size_t goal_options) {
  for (const Option& option : options) {
    if (option.values.empty()) return std::nullopt;
  }
  double mean = 0;
  for (std::size_t j = 0; j < goal_options; ++j) {
    double missed = 1;
    auto value = masks.begin();
    for (const Option& option : options) {
      std::size_t hits = 0;
      for (std::size_t v = 0; v < option.values.size(); ++v) hits += (*value++ >> j) & 1;
      missed *= 1 - static_cast<double>(hits) / static_cast<double>(option.values.size());
    }
    mean += 1 - missed;
  }
  return mean;
}

// What a partial combination has achieved: goal options satisfied, and selected values it holds.
struct Reached {
  std::uint64_t options = 0;
  std::uint64_t selected = 0;
  [[nodiscard]] bool covers(const Reached& other) const {
    return (other.options & ~options) == 0 && (other.selected & ~selected) == 0;
  }
};

// Bit s: `value` is the s-th selected one. A product's pages offer far fewer options than a mask has bits.
std::uint64_t selected_mask(const ChosenOptions& selected, std::string_view value) {
  std::uint64_t mask = 0;
  for (std::size_t s = 0; s < std::min<std::size_t>(selected.size(), 64); ++s) {
    if (selected[s].second == value) mask |= std::uint64_t{1} << s;
  }
  return mask;
}

// Adds a choice unless one that is as good in every respect is there; drops those it is as good as.
void add_choice(std::vector<Reached>& choices, const Reached& choice) {
  for (const Reached& other : choices) {
    if (other.covers(choice)) return;
  }
  std::erase_if(choices, [&](const Reached& other) { return choice.covers(other); });
  choices.push_back(choice);
}

}  // namespace

ProductTexts::ProductTexts(NounFilter nouns) : nouns_(std::move(nouns)) {}
ProductTexts::~ProductTexts() = default;

const ProductFeatures& ProductTexts::of(const Product& product) const {
  return features_.get(product, [&] {
    auto features = std::make_unique<ProductFeatures>();
    features->nouns = TextSet(nouns_(product.name));
    features->categories = category_parts(product.product_category);
    features->attributes = token_sets(product.attributes);
    for (const Option& option : product.options) {
      for (const std::string& value : option.values) features->values.push_back(token_set(normalize_color(value)));
    }
    features->texts = {lower(product.title), lower(joined_bullets(product)), lower(product.description)};
    return features;
  });
}

std::size_t MatchKeyHash::operator()(const MatchKey& key) const {
  return ipr_mix64(key.scorer, reinterpret_cast<std::uintptr_t>(key.product));
}

GoalScorer::GoalScorer(const Goal& goal, const ProductTexts& texts)
    : goal_(goal), texts_(texts), number_(texts.next_scorer()) {
  if (goal.options.size() > kMaxGoalOptions) {
    throw ipr::sdk::Failure(IPR_DATA_LOSS, "goal of " + goal.asin + " (\"" + goal.instruction + "\") has " +
                                               std::to_string(goal.options.size()) +
                                               " options; at most 64 are supported");
  }
  auto features = std::make_unique<GoalFeatures>();
  std::vector<std::string> nouns = texts.nouns()(goal.name);
  features->noun_count = nouns.size();
  features->nouns = TextSet(std::move(nouns));
  features->categories = category_parts(goal.product_category);
  features->attributes = token_sets(goal.attributes);
  for (const auto& [name, value] : goal.options) {
    features->options.push_back(goal.options_named ? token_set(normalize_named_option(name, value))
                                                   : token_set(normalize_color(value)));
  }
  features->denominator = static_cast<double>(goal.attributes.size() + goal.options.size() + 1);
  features_ = std::move(features);
}

GoalScorer::~GoalScorer() = default;

std::uint64_t GoalScorer::matched_options(const TokenSet& value) const {
  std::uint64_t mask = 0;
  for (std::size_t j = 0; j < features_->options.size(); ++j) {
    if (is_same(value, features_->options[j])) mask |= std::uint64_t{1} << j;
  }
  return mask;
}

std::shared_ptr<const ProductMatch> GoalScorer::match(const Product& product) const {
  return texts_.matches().get({number_, &product}, [&] { return make_match(product); });
}

std::shared_ptr<const ProductMatch> GoalScorer::make_match(const Product& product) const {
  auto match = std::make_shared<ProductMatch>();
  const ProductFeatures& own = texts_.of(product);
  PurchaseReward& type = match->type;
  type.query_match = product.query == goal_.query;
  type.category_match = count_common(own.categories, features_->categories) >= 2;
  type.title_score = features_->noun_count == 0 ? 0.2
                                                : static_cast<double>(count_common(own.nouns, features_->nouns)) /
                                                      static_cast<double>(features_->noun_count);
  type.r_type = type_reward(type);
  for (std::size_t i = 0; i < goal_.attributes.size(); ++i) {
    if (has_attribute(own, features_->attributes[i], goal_.attributes[i])) ++match->attributes;
  }
  match->masks.reserve(own.values.size());
  for (const TokenSet& value : own.values) match->masks.push_back(matched_options(value));
  match->mean_options = mean_matched(product.options, match->masks, goal_.options.size());
  return match;
}

double GoalScorer::total(const ProductMatch& match, double options, bool price_ok) const {
  const double matched = static_cast<double>(match.attributes) + options + (price_ok ? 1 : 0);
  return matched / features_->denominator * match.type.r_type;
}

PurchaseReward GoalScorer::purchase(const Product& product, const ChosenOptions& options, double price) const {
  const std::shared_ptr<const ProductMatch> known = match(product);
  std::uint64_t matched = 0;
  for (const auto& [name, value] : options) matched |= matched_options(token_set(normalize_color(value)));
  const auto matched_count = static_cast<double>(std::popcount(matched));
  const auto attribute_count = static_cast<double>(goal_.attributes.size());
  const auto option_count = static_cast<double>(goal_.options.size());

  PurchaseReward result = known->type;
  result.r_price = price <= goal_.price_upper;
  result.reward = total(*known, matched_count, result.r_price);
  result.r_att = goal_.attributes.empty() ? 0 : static_cast<double>(known->attributes) / attribute_count;
  result.w_att = attribute_count / features_->denominator;
  if (!goal_.options.empty()) result.r_option = matched_count / option_count;
  result.w_option = option_count / features_->denominator;
  result.w_price = 1 / features_->denominator;
  return result;
}

double GoalScorer::results_page(std::span<const Product* const> shown) const {
  double best = 0;
  for (const Product* product : shown) {
    const std::shared_ptr<const ProductMatch> known = match(*product);
    if (!known->mean_options) continue;
    best = std::max(best, total(*known, *known->mean_options, product->pricing.front() <= goal_.price_upper));
  }
  return best;
}

double GoalScorer::item_page(const Product& product, const ChosenOptions& selected) const {
  const std::shared_ptr<const ProductMatch> known = match(product);
  // What combinations can achieve, option by option, instead of the combinations themselves: few remain.
  std::vector<Reached> reached(1);
  auto mask = known->masks.begin();
  for (const Option& option : product.options) {
    std::vector<Reached> choices;
    for (const std::string& value : option.values) add_choice(choices, {*mask++, selected_mask(selected, value)});
    std::vector<Reached> next;
    for (const Reached& before : reached) {
      for (const Reached& choice : choices) {
        add_choice(next, {before.options | choice.options, before.selected | choice.selected});
      }
    }
    reached.swap(next);
  }
  std::uint64_t all = 0;
  for (const auto& [name, value] : selected) all |= selected_mask(selected, value);
  int best = -1;
  for (const Reached& combination : reached) {
    if (combination.selected == all) best = std::max(best, std::popcount(combination.options));
  }
  return best < 0 ? -1 : total(*known, best, product.pricing.front() <= goal_.price_upper);
}

GoalScorers::GoalScorers(std::span<const Goal> goals, NounFilter nouns) : goals_(goals), texts_(std::move(nouns)) {}

const GoalScorer& GoalScorers::of(std::size_t goal) const {
  return scorers_.get(goals_[goal], [&] { return std::make_unique<const GoalScorer>(goals_[goal], texts_); });
}

}  // namespace webshop
