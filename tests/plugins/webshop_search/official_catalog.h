// The official 1,000 products, built with the rules of webshop.md section 2 for the goldens of search and reward.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog.h"

namespace webshop::test {

// Prices are the low ends; goldens bring their own purchase prices. Empty if the shared folder is absent.
[[nodiscard]] std::vector<Product> official_products();

// Products by asin. Points into `products`.
[[nodiscard]] std::map<std::string, const Product*> by_asin(const std::vector<Product>& products);

}  // namespace webshop::test
