#include "load.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "ipr/plugin.hpp"
#include "json_records.h"
#include "python_text.h"

namespace webshop {
namespace {

using ipr::sdk::Failure;
namespace fs = std::filesystem;

// ---------------------------------------------------------------------------------------------- files

[[noreturn]] void bad_data(const std::string& message) {
  throw Failure(IPR_DATA_LOSS, "webshop: " + message);
}

Document read_document(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) bad_data("cannot read " + path.string() + "; --data needs readable files");
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (static_cast<std::size_t>(file.gcount()) != text.size()) bad_data("cannot read all of " + path.string());
  return {path.filename().string(), std::move(text)};
}

// "_1000" of "items_shuffle_1000.json" with stem "items_shuffle".
std::optional<std::string> suffix_of(const std::string& name, const std::string& stem) {
  constexpr std::string_view kExtension = ".json";
  if (!name.starts_with(stem) || !name.ends_with(kExtension)) return std::nullopt;
  if (name.size() < stem.size() + kExtension.size()) return std::nullopt;
  return name.substr(stem.size(), name.size() - stem.size() - kExtension.size());
}

// The file stem*.json of the folder whose suffix stands first in `preferred`, else the first by name.
std::optional<std::string> find_suffix(const fs::path& folder, const std::string& stem,
                                       const std::vector<std::string>& preferred) {
  std::vector<std::string> suffixes;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (const auto suffix = suffix_of(entry.path().filename().string(), stem)) suffixes.push_back(*suffix);
  }
  if (suffixes.empty()) return std::nullopt;
  for (const std::string& wanted : preferred) {
    if (std::find(suffixes.begin(), suffixes.end(), wanted) != suffixes.end()) return wanted;
  }
  return *std::min_element(suffixes.begin(), suffixes.end());
}

std::optional<Document> read_optional(const fs::path& folder, const std::string& stem, const std::string& suffix) {
  const auto found = find_suffix(folder, stem, {suffix, "", "_1000"});
  if (!found) return std::nullopt;
  return read_document(folder / (stem + *found + ".json"));
}

// ---------------------------------------------------------------------------------------------- fields

// Where a value stands: every complaint names it.
struct Place {
  const std::string& file;
  std::size_t record;
  std::string asin;

  [[noreturn]] void fail(std::string_view field, const std::string& what) const {
    bad_data(file + ": record " + std::to_string(record + 1) + (asin.empty() ? "" : " (" + asin + ")") + ": field \"" +
             std::string(field) + "\": " + what);
  }
};

std::string shown(const Record& value) {
  std::string text = value.dump(-1, ' ', false, Record::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

const Record& field(const Record& record, const char* name, const Place& place) {
  const auto found = record.find(name);
  if (found == record.end()) place.fail(name, "missing");
  return *found;
}

std::string text_of(const Record& value, const char* name, const Place& place) {
  if (!value.is_string()) place.fail(name, "expected a string, found " + shown(value));
  return value.get_ref<const std::string&>();
}

std::string text_field(const Record& record, const char* name, const Place& place) {
  return text_of(field(record, name, place), name, place);
}

std::vector<std::string> texts_of(const Record& value, const char* name, const Place& place) {
  if (!value.is_array()) place.fail(name, "expected a list of strings, found " + shown(value));
  std::vector<std::string> texts;
  for (const Record& element : value) texts.push_back(text_of(element, name, place));
  return texts;
}

bool is_missing(const Record& record, const char* name) {
  const auto found = record.find(name);
  return found == record.end() || found->is_null();
}

std::size_t length_in_characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// ---------------------------------------------------------------------------------------------- product

// One piece behind a `$`: all but digits and points are dropped, as in "27.00 ".
double price_value(std::string_view piece, const std::string& whole, const Place& place) {
  std::string number;
  for (const char c : piece) {
    if ((c >= '0' && c <= '9') || c == '.') number += c;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) {
    place.fail("pricing", "expected a price such as \"$9.99\", found \"" + whole + "\"");
  }
  return value;
}

void set_price(const Record& record, const Place& place, Product& product) {
  product.pricing = {100.0};
  if (!is_missing(record, "pricing") && record["pricing"] != "") {
    const std::string whole = text_of(record["pricing"], "pricing", place);
    product.pricing.clear();
    for (auto at = whole.find('$'); at != std::string::npos;) {
      const auto next = whole.find('$', at + 1);
      product.pricing.push_back(price_value(std::string_view(whole).substr(at + 1, next - at - 1), whole, place));
      at = next;
    }
    if (product.pricing.empty()) place.fail("pricing", "expected a price with \"$\", found \"" + whole + "\"");
  }
  if (product.pricing.size() > 2) product.pricing.resize(2);
  product.price_text = "$" + repr(product.pricing[0]);
  if (product.pricing.size() == 2) product.price_text += " to $" + repr(product.pricing[1]);
  product.effective_price = product.pricing[0];
}

std::string option_value(const Record& content, const Place& place) {
  if (!content.is_object())
    place.fail("customization_options", "expected an object with \"value\", found " + shown(content));
  const std::string raw = text_field(content, "value", place);
  std::string value;
  for (const char c : strip(raw)) {
    if (c == '/') {
      value += " | ";
    } else {
      value += c;
    }
  }
  return lower(value);
}

// A dictionary in Python's sense: two names that are equal in lower case keep the first's place and the last's values.
void set_options(const Record& record, const Place& place, Product& product) {
  if (is_missing(record, "customization_options")) return;
  const Record& options = record["customization_options"];
  if (options == "" || (options.is_array() && options.empty())) return;
  if (!options.is_object()) place.fail("customization_options", "expected an object, found " + shown(options));
  for (const auto& [raw_name, contents] : options.items()) {
    if (contents.is_null()) continue;
    if (!contents.is_array())
      place.fail("customization_options", "expected a list of values, found " + shown(contents));
    Option option{lower(raw_name), {}};
    for (const Record& content : contents) option.values.push_back(option_value(content, place));
    const auto same = std::find_if(product.options.begin(), product.options.end(),
                                   [&](const Option& earlier) { return earlier.name == option.name; });
    if (same == product.options.end()) {
      product.options.push_back(std::move(option));
    } else {
      *same = std::move(option);
    }
  }
}

Product make_product(const Record& record, const Place& place) {
  Product product;
  product.asin = place.asin;
  product.name = text_field(record, "name", place);
  product.title = product.name;
  product.description = text_field(record, "full_description", place);
  const Record& bullets = field(record, "small_description", place);
  product.bullets = bullets.is_array() ? texts_of(bullets, "small_description", place)
                                       : std::vector<std::string>{text_of(bullets, "small_description", place)};
  product.category = text_field(record, "category", place);
  product.query = strip(lower(text_field(record, "query", place)));
  product.product_category = text_field(record, "product_category", place);
  product.attributes = {"DUMMY_ATTR"};
  set_price(record, place, product);
  set_options(record, place, product);
  return product;
}

// ----------------------------------------------------------------------------------------- instructions

using Numbers = std::unordered_map<std::string, std::size_t>;  // product id -> its place in the catalog

void add_synthetic(const Document& document, const Numbers& numbers, Catalog& catalog) {
  for_each_in_object(document.text, document.name, [&](std::size_t i, const std::string& asin, const Record& record) {
    const auto found = numbers.find(asin);
    if (found == numbers.end()) return;
    const Place place{document.name, i, asin};
    if (!record.is_object()) place.fail(asin, "expected an object, found " + shown(record));
    if (record.contains("attributes")) {
      catalog.products[found->second].attributes = texts_of(record["attributes"], "attributes", place);
    }
    if (is_missing(record, "instruction")) return;
    Instruction instruction{text_field(record, "instruction", place), {}, {}};
    instruction.attributes = texts_of(field(record, "instruction_attributes", place), "instruction_attributes", place);
    if (instruction.attributes.empty()) place.fail("instruction_attributes", "an instruction needs attributes");
    catalog.wishes[found->second].synthetic = std::move(instruction);
  });
}

void add_human(const Document& document, const Numbers& numbers, Catalog& catalog) {
  for_each_in_object(document.text, document.name, [&](std::size_t i, const std::string& asin, const Record& rows) {
    const auto found = numbers.find(asin);
    if (found == numbers.end()) return;
    const Place place{document.name, i, asin};
    if (!rows.is_array()) place.fail(asin, "expected a list of instructions, found " + shown(rows));
    std::vector<Instruction> instructions;
    for (const Record& row : rows) {
      if (!row.is_object()) place.fail(asin, "expected an instruction, found " + shown(row));
      Instruction instruction{text_field(row, "instruction", place), {}, {}};
      instruction.attributes = texts_of(field(row, "instruction_attributes", place), "instruction_attributes", place);
      instruction.options = texts_of(field(row, "instruction_options", place), "instruction_options", place);
      instructions.push_back(std::move(instruction));
    }
    catalog.wishes[found->second].human = std::move(instructions);
  });
}

}  // namespace

Documents read_documents(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    bad_data("no data folder \"" + folder + "\"; --data names the official files' folder");
  const auto suffix = find_suffix(folder, "items_shuffle", {"", "_1000"});
  if (!suffix) bad_data("no items_shuffle*.json in \"" + folder + "\"; --data names the official files' folder");
  Documents documents;
  documents.items = read_document(fs::path(folder) / ("items_shuffle" + *suffix + ".json"));
  documents.ins = read_optional(folder, "items_ins_v2", *suffix);
  documents.human = read_optional(folder, "items_human_ins", *suffix);
  return documents;
}

Catalog load_catalog(const Documents& documents) {
  constexpr std::size_t kLongestAsin = 10;
  Catalog catalog;
  Numbers numbers;
  const std::string& name = documents.items.name;
  for_each_in_array(documents.items.text, name, [&](std::size_t i, const std::string&, const Record& record) {
    Place place{name, i, ""};
    if (!record.is_object())
      bad_data(name + ": record " + std::to_string(i + 1) + ": expected an object, found " + shown(record));
    place.asin = text_field(record, "asin", place);
    if (place.asin == "nan" || length_in_characters(place.asin) > kLongestAsin) return;
    if (!numbers.emplace(place.asin, catalog.products.size()).second) return;
    catalog.products.push_back(make_product(record, place));
  });
  if (catalog.products.empty()) bad_data(name + ": no products");
  catalog.wishes.resize(catalog.products.size());
  if (documents.ins) add_synthetic(*documents.ins, numbers, catalog);
  if (documents.human) add_human(*documents.human, numbers, catalog);
  return catalog;
}

}  // namespace webshop
