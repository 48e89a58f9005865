// The shop's data after loading: products and goals, as every other file of this plugin sees them.
//
// Immutable once loaded and shared by all episodes and threads. Field names follow the official files; the rules that
// fill them are in load.h (products) and goals.h (goals).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace webshop {

struct Option {
  std::string name;                 // lower case, as in the page and the click
  std::vector<std::string> values;  // lower case, file order, duplicates kept
};

struct Product {
  std::string asin, name, title, description;
  std::vector<std::string> bullets;
  std::string category, query, product_category;
  std::vector<double> pricing;  // one value, or low and high
  std::string price_text;       // "$27.0" or "$1.0 to $2.0", Python's float repr
  double effective_price = 0;   // paid at a purchase and used for goal bounds
  std::vector<Option> options;  // file order
  std::vector<std::string> attributes;
};

struct Goal {
  std::string asin, instruction;
  std::string category, query, name, product_category;
  std::vector<std::string> attributes;
  // Synthetic goals: (name, value) pairs in sorted name order. Human goals: values only, names empty.
  std::vector<std::pair<std::string, std::string>> options;
  bool options_named = false;  // synthetic: compared as tuples, see webshop.md section 8
  double price_upper = 1000000;
  double weight = 1;
};

}  // namespace webshop
