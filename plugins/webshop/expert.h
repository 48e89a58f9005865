// The built-in experts: whose demonstrations a run starts from when the user gives none.
//
// An expert is a deterministic policy: a pure function of the goal and of what a page shows, valid in any state, on or
// off its own path. It never remembers; where it acts "at random" the number is a named draw of (world seed, task), so
// coming back to a decision repeats it (ipr/draws.hpp). Both experts are disclosed in the README, and neither is told
// to the model: it only sees the messages.
//
//  - scripted_expert plays the generated world, imperfectly on purpose like a human shopper (mini-world.md section 2):
//    it searches too few words, takes the first hit, forgets options. What it gets wrong is what the method can repair.
//    In the credit world it errs by system, so that a model trained on it errs, too: some options it forgets more often
//    than not, some values it takes for another; and it does harmless things: any order, other words, a look at a page.
//  - record_expert plays any data set from the goal's record: it knows the product and its options and errs only where
//    the shop cannot show them (product.md section 6).
//
// Actions are written as the page writes them, `click[BKZT]` or `click[Buy Now]`, so that a small model can copy
// tokens; the environment lower-cases the argument. Thread-safe: no state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog.h"
#include "ipr/draws.hpp"
#include "reward.h"
#include "search_index.h"

namespace webshop {

using ipr::sdk::Draws;

// What an expert sees. Views and pointers live as long as the call.
struct View {
  enum class Page { kIndex, kResults, kItem, kSubPage, kDone };
  Page page = Page::kIndex;
  std::string_view keywords;          // results: the words searched for, joined by blanks, lower case
  int page_number = 1;                // results
  std::vector<const Product*> shown;  // results: the products of this page, in order
  const Product* product = nullptr;   // item: the product that is open
  ChosenOptions selected;             // item: the options chosen so far
  std::size_t looks = 0;              // Description, Features and Reviews pages seen in the episode
};

struct Advice {
  std::string action, thought;
};

// How often the scripted expert errs.
struct Habits {
  double one_word = 0.55;      // searches for the first wanted word only
  double first_hit = 0.3;      // opens the first hit, not the best
  double first_option = 0.75;  // chooses the first option of the page
  double later_option = 0.45;  // chooses the second one

  // The credit world's, instead of the last two. Which options and values these are is drawn from `world_seed`.
  bool any_order = false;        // options in an order of the task's own
  std::size_t wordings = 1;      // of a choice's thought
  double look = 0;               // looks at a page of the product before a choice or the purchase, at most twice
  std::size_t weak_options = 0;  // so many options are often forgotten
  double weak_option = 0.45;     // chooses such a one
  double strong_option = 0.94;   // chooses any other
  double confusable = 0;         // share of the values that it may take for another
  double confused = 0.6;         // takes such a one for the next on the page
  std::uint64_t world_seed = 0;
};
[[nodiscard]] Habits credit_habits(std::uint64_t world_seed);

// The imperfect expert of the generated world. `draws` is Draws(world seed, task id). Empty when the episode is over.
[[nodiscard]] std::optional<Advice> scripted_expert(const View& view, const Goal& goal, const Draws& draws,
                                                    const Habits& habits = {});

// The expert of a goal record. `index` is over `products`, the catalog the goal belongs to. Empty when the episode is
// over, or when no search shows the product.
[[nodiscard]] std::optional<Advice> record_expert(const View& view, const Goal& goal,
                                                  const std::vector<Product>& products, const SearchIndex& index);

// The search by which record_expert finds the goal's product: of the wordings that a reader of the instruction might
// use the first that puts it on page 1, else the one with the best rank, else the product's own title.
struct Query {
  std::string words;
  int page = 0;  // where the product appears, from 1; 0: on none of the five pages
};
[[nodiscard]] Query record_query(const Goal& goal, const std::vector<Product>& products, const SearchIndex& index);

}  // namespace webshop
