// Goals: what shoppers are asked to buy, in the order of the original's session numbers.
//
// Rules and order of random draws of webshop.md section 3: all price ranges in product order, then one 2-of-4 draw of
// the price bound per product (synthetic) or per instruction (human), then seed 233 and the shuffle. So equal data and
// price seed give the original's goals, prices and order; session i is element i.
#pragma once

#include <cstdint>
#include <vector>

#include "catalog.h"
#include "load.h"

namespace webshop {

enum class Mode { kSynthetic, kHuman };

// Sets Product::effective_price of products with a price range.
void draw_prices(std::vector<Product>& products, std::uint64_t price_seed);

// The goals of one mode. Does not need draw_prices before: it repeats the same draws from the same seed.
[[nodiscard]] std::vector<Goal> make_goals(const Catalog& catalog, Mode mode, std::uint64_t price_seed);

}  // namespace webshop
