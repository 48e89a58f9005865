// The shop's rewards: what a purchase earns, and how promising a page is.
//
// purchase = r_type * (matched attributes + matched options + price ok) / (attributes + options + 1), webshop.md
// section 8. The page scores are the dense per-step reward of IPR: the same formula for the purchases a page could
// still lead to. One GoalScorer serves all episodes of its goal, on any number of threads: what depends only on (goal,
// product) is remembered, so a page seen a moment ago costs a table look-up. There are goals times products of these,
// so the memory has a bound.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bounded_memory.h"
#include "catalog.h"
#include "nouns.h"
#include "once_map.h"

namespace webshop {

// Chosen options in the order of their first click: (option name, value), one entry per name.
using ChosenOptions = std::vector<std::pair<std::string, std::string>>;

// A purchase and why it earned what it did; names are those of the original's info record.
struct PurchaseReward {
  double reward = 0;
  double r_type = 0;  // 1, 0.5, 0.1 or 0: is it the kind of product that was asked for
  bool query_match = false, category_match = false;
  double title_score = 0;          // share of the goal title's nouns that the bought title has
  double r_att = 0, w_att = 0;     // matched share, and its weight in the sum
  std::optional<double> r_option;  // empty if the goal names no options; w_option then has no meaning
  double w_option = 0;
  bool r_price = false;
  double w_price = 0;
};

struct TokenSet;         // fuzzy.h
struct ProductFeatures;  // a product's texts made ready for matching
struct ProductMatch;     // a product against one goal

// A pair of a scorer, by its number, and a product.
struct MatchKey {
  std::uint64_t scorer = 0;
  const Product* product = nullptr;
  bool operator==(const MatchKey&) const = default;
};
struct MatchKeyHash {
  std::size_t operator()(const MatchKey& key) const;
};

// What the scorers of all goals share: the noun filter, the products' prepared texts and the memory of matches.
// Products must outlive it and must not move. Thread-safe.
class ProductTexts {
 public:
  // About 10 MiB: what some hundred goals look at while they are played.
  static constexpr std::size_t kMostMatches = 16384;
  using Matches = BoundedMemory<MatchKey, ProductMatch, MatchKeyHash, kMostMatches>;

  explicit ProductTexts(NounFilter nouns = noun_filter_v1);
  ~ProductTexts();
  [[nodiscard]] const ProductFeatures& of(const Product& product) const;
  [[nodiscard]] const NounFilter& nouns() const { return nouns_; }
  [[nodiscard]] const Matches& matches() const { return matches_; }
  // Another one for each scorer.
  [[nodiscard]] std::uint64_t next_scorer() const { return scorers_++; }

 private:
  NounFilter nouns_;
  OnceMap<Product, ProductFeatures> features_;
  Matches matches_;
  mutable std::atomic<std::uint64_t> scorers_{0};
};

// Scores purchases and pages for one goal. Keeps references to both arguments. Thread-safe.
class GoalScorer {
 public:
  // Throws sdk::Failure (IPR_DATA_LOSS) if the goal has more than 64 options.
  GoalScorer(const Goal& goal, const ProductTexts& texts);
  ~GoalScorer();

  // Buying `product` with these options. `price` is the product's effective_price in the shop.
  [[nodiscard]] PurchaseReward purchase(const Product& product, const ChosenOptions& options, double price) const;

  // A results page: the best product's mean reward over all full option combinations at its low price; 0 if none is
  // shown.
  [[nodiscard]] double results_page(std::span<const Product* const> shown) const;

  // A product page: the best reward over the full option combinations that hold every selected value, in any position,
  // at the low price; -1 if there is no such combination.
  [[nodiscard]] double item_page(const Product& product, const ChosenOptions& selected) const;

  [[nodiscard]] const Goal& goal() const { return goal_; }

 private:
  struct GoalFeatures;
  [[nodiscard]] std::shared_ptr<const ProductMatch> match(const Product& product) const;
  [[nodiscard]] std::shared_ptr<const ProductMatch> make_match(const Product& product) const;
  [[nodiscard]] std::uint64_t matched_options(const TokenSet& value) const;
  [[nodiscard]] double total(const ProductMatch& match, double options, bool price_ok) const;

  const Goal& goal_;
  const ProductTexts& texts_;
  const std::uint64_t number_;
  std::unique_ptr<const GoalFeatures> features_;
};

// The scorers of a whole goal list, made at first use. Goals must outlive it and must not move. Thread-safe.
class GoalScorers {
 public:
  explicit GoalScorers(std::span<const Goal> goals, NounFilter nouns = noun_filter_v1);
  [[nodiscard]] const GoalScorer& of(std::size_t goal) const;

 private:
  std::span<const Goal> goals_;
  ProductTexts texts_;
  OnceMap<Goal, GoalScorer> scorers_;
};

}  // namespace webshop
