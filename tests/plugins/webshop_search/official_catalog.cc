#include "official_catalog.h"

#include <cctype>

#include "core/base/files.h"
#include "python_text.h"
#include "tests/support/shared_data.h"

namespace webshop::test {
namespace {

using ipr::Json;

std::string replaced(std::string_view text, char from, std::string_view to) {
  std::string out;
  for (const char c : text) {
    if (c == from) {
      out += to;
    } else {
      out += c;
    }
  }
  return out;
}

std::vector<double> prices(const std::string& text) {
  if (text.empty()) return {100.0};
  std::vector<double> values;
  for (std::size_t at = text.find('$'); at != std::string::npos && values.size() < 2;) {
    const std::size_t next = text.find('$', at + 1);
    std::string digits;
    for (const char c : text.substr(at + 1, next - at - 1)) {
      if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.') digits += c;
    }
    values.push_back(std::stod(digits));
    at = next;
  }
  return values;
}

// The official file keeps options in file order, which the sorted Json type forgets.
std::vector<Option> options_of(const nlohmann::ordered_json& options) {
  std::vector<Option> result;
  if (!options.is_object()) return result;
  for (const auto& [name, contents] : options.items()) {
    if (contents.is_null()) continue;
    Option option{lower(name), {}};
    for (const auto& entry : contents) {
      option.values.push_back(lower(replaced(strip(entry.at("value").get<std::string>()), '/', " | ")));
    }
    result.push_back(std::move(option));
  }
  return result;
}

Product product_of(const nlohmann::ordered_json& record, const Json& extra) {
  Product product;
  product.asin = record.at("asin");
  product.name = product.title = record.at("name");
  product.description = record.at("full_description");
  const auto& bullets = record.at("small_description");
  if (bullets.is_array()) {
    product.bullets = bullets.get<std::vector<std::string>>();
  } else {
    product.bullets = {bullets.get<std::string>()};
  }
  product.category = record.at("category");
  product.query = lower(strip(record.at("query").get<std::string>()));
  product.product_category = record.at("product_category");
  product.pricing = prices(record.value("pricing", std::string()));
  product.effective_price = product.pricing.front();
  product.options = options_of(record.at("customization_options"));
  product.attributes = {"DUMMY_ATTR"};
  if (extra.contains(product.asin) && extra.at(product.asin).contains("attributes")) {
    product.attributes = extra.at(product.asin).at("attributes").get<std::vector<std::string>>();
  }
  return product;
}

}  // namespace

std::vector<Product> official_products() {
  const std::string items = ipr::test::shared_file("data/webshop/items_shuffle_1000.json");
  const std::string extra = ipr::test::shared_file("data/webshop/items_ins_v2_1000.json");
  if (items.empty() || extra.empty()) return {};
  const Json attributes = ipr::test::load_json(extra);
  std::vector<Product> products;
  for (const auto& record : nlohmann::ordered_json::parse(ipr::read_file(items).value())) {
    products.push_back(product_of(record, attributes));
  }
  return products;
}

std::map<std::string, const Product*> by_asin(const std::vector<Product>& products) {
  std::map<std::string, const Product*> index;
  for (const Product& product : products) index.emplace(product.asin, &product);
  return index;
}

}  // namespace webshop::test
