// A shop in memory and an expert's walk through it, by the real loader, search and reward; pages only as far as an
// expert sees them. The state machine itself has its own tests against the goldens.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog.h"
#include "expert.h"
#include "goals.h"
#include "load.h"
#include "reward.h"
#include "search_index.h"
#include "world.h"

namespace webshop::test {

struct TestShop {
  TestShop(const Documents& documents, Mode mode, std::uint64_t price_seed);
  TestShop(const TestShop&) = delete;
  TestShop& operator=(const TestShop&) = delete;

  std::vector<Product> products;
  std::vector<Goal> goals;
  SearchIndex index;
  GoalScorers scorers;

  [[nodiscard]] const Product& product(const std::string& asin) const;
};

[[nodiscard]] Documents documents_of(const World& world);

struct Played {
  double outcome = 0;
  bool bought = false;
  std::size_t clicked_options = 0, hits = 0;  // hits: of the last search
  std::vector<Advice> turns;
};

using Expert = std::function<std::optional<Advice>(const View&, const Goal&)>;

// Plays goal `g` until the purchase, until the expert has no advice, or for 10 turns. An action that the page does not
// offer is a defect of the expert and fails the test.
[[nodiscard]] Played play(const TestShop& shop, std::size_t g, const Expert& expert);

}  // namespace webshop::test
