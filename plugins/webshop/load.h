// Reading a shop: the official data files become a catalog of products and of the instructions written for them.
//
// Rules of webshop.md sections 1 and 2 (princeton-nlp/WebShop `load_products`). The generated world goes through the
// same code, from memory. Wrong data ends the load with sdk::Failure (IPR_DATA_LOSS): file, line and column for syntax;
// file, record number from 1, product id and field for a wrong value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog.h"

namespace webshop {

// One data file: its text, and the name that errors carry.
struct Document {
  std::string name, text;
};

struct Documents {
  Document items;               // items_shuffle*.json: array of product records
  std::optional<Document> ins;  // items_ins_v2*.json: id -> attributes and synthetic instruction; absent: no attributes
  std::optional<Document> human;  // items_human_ins*.json: id -> human instructions; absent: none
};

// Reads the files of a data folder. Of several item files the one without suffix is taken, then `_1000`, then the first
// by name; the other two files with the same suffix are preferred to those without.
[[nodiscard]] Documents read_documents(const std::string& folder);

struct Instruction {
  std::string text;
  std::vector<std::string> attributes;  // of a human instruction maybe none: then it is no goal
  std::vector<std::string> options;     // wanted option values; human instructions only
};

// Parallel to the products.
struct Wishes {
  std::optional<Instruction> synthetic;
  std::vector<Instruction> human;
};

struct Catalog {
  std::vector<Product> products;  // file order, repeated and odd ids left out
  std::vector<Wishes> wishes;
};

// Product::effective_price is set for single prices; a price range is drawn in goals.h.
[[nodiscard]] Catalog load_catalog(const Documents& documents);

}  // namespace webshop
