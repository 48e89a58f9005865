#include <filesystem>
#include <fstream>

#include "goals.h"
#include "small_shop.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr::test;
using namespace webshop;
using ipr::Json;

namespace {

Product load_one(const Json& record) {
  return load_catalog(documents_of(Json::array({record}))).products.at(0);
}

Product with(const char* field, const Json& value) {
  Json record = product_record("B1", "lamp");
  record[field] = value;
  return load_one(record);
}

// The message of the failure that `body` must end in.
template <typename Body>
std::string failure_of(Body&& body) {
  try {
    body();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no failure";
}

std::string failure_with(const char* field, const Json& value) {
  return failure_of([&] { with(field, value); });
}

std::string load_failure(const Documents& documents) {
  return failure_of([&] { static_cast<void>(load_catalog(documents)); });
}

std::string folder_failure(const std::string& folder) {
  return failure_of([&] { static_cast<void>(read_documents(folder)); });
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("prices are read as Python reads and prints them", "[webshop][load]") {
  CHECK(with("pricing", "$27.00").price_text == "$27.0");
  CHECK(with("pricing", "$1,299.95").pricing == std::vector{1299.95});
  CHECK(with("pricing", "$5.00 - $7.50").price_text == "$5.0 to $7.5");
  CHECK(with("pricing", "$1$2$3").pricing == std::vector{1.0, 2.0});
  CHECK(with("pricing", "from $.5 each").price_text == "$0.5");
  for (const Json& missing : {Json(""), Json()}) {
    CHECK(with("pricing", missing).pricing == std::vector{100.0});
    CHECK(with("pricing", missing).price_text == "$100.0");
  }
}

TEST_CASE("options keep their order, in lower case, without null ones", "[webshop][load]") {
  auto document = documents_of(Json::array({product_record("B1", "lamp")}));
  const std::string plain = R"("customization_options":"")";
  document.items.text.replace(
      document.items.text.find(plain), plain.size(),
      R"("customization_options":{"Size":[{"value":" XL/Big "},{"value":"S"},{"value":"S"}],"Color":null,
          "Fit":[{"value":"a"}],"SIZE":[{"value":"last"}],"Color":[{"value":"Weiß"}]})");
  const auto options = load_catalog(document).products.at(0).options;
  REQUIRE(options.size() == 3);
  CHECK(options[0].name == "size");
  CHECK(options[0].values == std::vector<std::string>{"last"});
  CHECK(options[1].name == "color");
  CHECK(options[1].values == std::vector<std::string>{"weiß"});
  CHECK(options[2].name == "fit");
  const Product big =
      with("customization_options", {{"Size", {{{"value", " XL/Big "}}, {{"value", "S"}}, {{"value", "S"}}}}});
  CHECK(big.options.at(0).values == std::vector<std::string>{"xl | big", "s", "s"});
}

TEST_CASE("texts are taken as they are, the query is trimmed and in lower case", "[webshop][load]") {
  const Product product = load_one(product_record("B1", " Lamp "));
  CHECK(product.title == " Lamp ");
  CHECK(product.query == "lamps");
  CHECK(product.attributes == std::vector<std::string>{"DUMMY_ATTR"});
  CHECK(with("small_description", "single").bullets == std::vector<std::string>{"single"});
}

TEST_CASE("repeated, long and missing ids are left out", "[webshop][load]") {
  const auto products =
      load_catalog(documents_of(Json::array({product_record("B1", "first"), product_record("nan", "x"),
                                             product_record("B1", "second"), product_record("B2345678901", "long"),
                                             product_record("ÄÄÄÄÄÄÄÄÄÄ", "ten characters")})))
          .products;
  REQUIRE(products.size() == 2);
  CHECK(products[0].title == "first");
  CHECK(products[1].title == "ten characters");
}

TEST_CASE("attributes and instructions come from the other two files", "[webshop][load]") {
  const Json items = Json::array({product_record("B1", "lamp"), product_record("B2", "mug")});
  const Json ins = {
      {"B1", {{"attributes", {"soft"}}, {"instruction", "find it"}, {"instruction_attributes", {"soft"}}}},
      {"B2", {{"attributes", Json::array()}, {"instruction", nullptr}, {"instruction_attributes", nullptr}}},
      {"B3", {{"attributes", {"unknown product"}}}}};
  const Json human = {
      {"B2",
       {{{"instruction", "a mug"}, {"instruction_attributes", {"big"}}, {"instruction_options", {"red"}}},
        {{"instruction", "no goal"},
         {"instruction_attributes", Json::array()},
         {"instruction_options", Json::array()}}}}};
  const Catalog catalog = load_catalog(documents_of(items, ins, human));
  CHECK(catalog.products[0].attributes == std::vector<std::string>{"soft"});
  CHECK(catalog.products[1].attributes.empty());
  CHECK(catalog.wishes[0].synthetic->text == "find it");
  CHECK_FALSE(catalog.wishes[1].synthetic);
  CHECK(catalog.wishes[1].human.size() == 2);
  const auto goals = make_goals(catalog, Mode::kHuman, 7);
  REQUIRE(goals.size() == 1);
  CHECK(goals[0].options.at(0).second == "red");
}

TEST_CASE("a goal without room for a price bound has none", "[webshop][goals]") {
  Json items = Json::array({product_record("B1", "a"), product_record("B2", "b"), product_record("B3", "c")});
  items[0]["pricing"] = "$979.99";
  items[1]["pricing"] = "$980.00";
  items[2]["pricing"] = "$5000";
  Json human = Json::object();
  for (const char* asin : {"B1", "B2", "B3"}) {
    human[asin] = {
        {{"instruction", "..dots.."}, {"instruction_attributes", {"x"}}, {"instruction_options", Json::array()}}};
  }
  for (const Goal& goal : make_goals(load_catalog(documents_of(items, nullptr, human)), Mode::kHuman, 1)) {
    if (goal.asin == "B1") {
      CHECK(goal.price_upper == 990);
      CHECK(goal.instruction == "dots, and price lower than 990.00 dollars");
    } else {
      CHECK(goal.price_upper == 1000000);
      CHECK(goal.instruction == "dots");
    }
  }
}

TEST_CASE("a synthetic instruction gives a goal per combination of options", "[webshop][goals]") {
  Json item = product_record("B1", "lamp");
  item["customization_options"] = {{"Size", {{{"value", "s"}}, {{"value", "m"}}}},
                                   {"Color", {{{"value", "red"}}, {{"value", "blue"}}}}};
  item["pricing"] = "$5000";
  const Json ins = {
      {"B1", {{"attributes", {"soft"}}, {"instruction", "find it"}, {"instruction_attributes", {"soft"}}}}};
  const auto goals = make_goals(load_catalog(documents_of(Json::array({item}), ins)), Mode::kSynthetic, 1);
  REQUIRE(goals.size() == 4);
  for (const Goal& goal : goals) {
    CHECK(goal.options[0].first == "color");
    CHECK(goal.instruction ==
          "find it with color: " + goal.options[0].second + ", and size: " + goal.options[1].second);
    CHECK(goal.weight == 0.25);
  }
}

TEST_CASE("a wrong value is named by file, record, product and field", "[webshop][load][fault]") {
  CHECK(failure_with("pricing", "12.00") ==
        "webshop: items.json: record 1 (B1): field \"pricing\": expected a price with \"$\", found \"12.00\"");
  CHECK(contains(failure_with("pricing", "$N/A"),
                 "field \"pricing\": expected a price such as \"$9.99\", found \"$N/A\""));
  CHECK(contains(failure_with("pricing", "$1.2.3"), "found \"$1.2.3\""));
  CHECK(contains(failure_with("pricing", 12), "expected a string, found 12"));
  CHECK(contains(failure_with("name", nullptr), "record 1 (B1): field \"name\": expected a string, found null"));
  CHECK(contains(failure_with("small_description", {1}), "field \"small_description\""));
  CHECK(contains(failure_with("customization_options", {{"Size", 3}}), "field \"customization_options\""));
  CHECK(contains(failure_with("customization_options", {{"Size", {{{"price", 3}}}}}), "field \"value\": missing"));
  CHECK(contains(failure_with("asin", 7), "items.json: record 1: field \"asin\""));
  Json incomplete = product_record("B1", "lamp");
  incomplete.erase("query");
  CHECK(contains(failure_of([&] { load_one(incomplete); }), "field \"query\": missing"));
  const Json items = Json::array({product_record("B1", "lamp")});
  const Json bare = {
      {"B1", {{"attributes", {"soft"}}, {"instruction", "find it"}, {"instruction_attributes", Json::array()}}}};
  CHECK(contains(load_failure(documents_of(items, bare)), "ins.json: record 1 (B1)"));
  const Json rows = {{"B1", {{{"instruction", "x"}}}}};
  CHECK(contains(load_failure(documents_of(items, nullptr, rows)),
                 "human.json: record 1 (B1): field \"instruction_attributes\": missing"));
}

TEST_CASE("broken JSON is named by file, line and column", "[webshop][load][fault]") {
  Documents documents = documents_of(Json::array());
  documents.items.text = "[\n  {\"asin\": \"B1\",\n   \"name\": \"lam";
  const std::string truncated = load_failure(documents);
  CHECK(contains(truncated, "items.json: line 3, column 16: syntax error"));
  documents.items.text = "[{\"asin\": \"B1\" \"name\": 1}]";
  CHECK(contains(load_failure(documents), "items.json: line 1, column 2"));
  documents.items.text = "[\"\xFF\"]";
  CHECK(contains(load_failure(documents), "items.json: line 1, column 3"));
  for (const char* text : {"{}", "3", "[3]", "[]", ""}) {
    CAPTURE(text);
    documents.items.text = text;
    CHECK(contains(load_failure(documents), "items.json"));
  }
}

TEST_CASE("the files of a folder are found by their official names", "[webshop][load]") {
  const TempFolder folder;
  CHECK(contains(folder_failure(folder.path() + "/none"), "no data folder"));
  CHECK(contains(folder_failure(folder.path()), "no items_shuffle*.json"));
  write(folder.file("items_shuffle_1000.json"), "small");
  write(folder.file("items_ins_v2.json"), "ins");
  Documents documents = read_documents(folder.path());
  CHECK(documents.items.name == "items_shuffle_1000.json");
  CHECK(documents.items.text == "small");
  CHECK(documents.ins->text == "ins");
  CHECK_FALSE(documents.human);
  write(folder.file("items_ins_v2_1000.json"), "small ins");
  CHECK(read_documents(folder.path()).ins->text == "small ins");
  write(folder.file("items_shuffle.json"), "all");
  documents = read_documents(folder.path());
  CHECK(documents.items.text == "all");
  CHECK(documents.ins->text == "ins");
  std::filesystem::create_directory(folder.file("items_human_ins.json"));
  CHECK(contains(folder_failure(folder.path()), "items_human_ins.json"));
}

TEST_CASE("a shop without instructions cannot be opened", "[webshop][load][fault]") {
  const auto open = [] { const Shop shop(documents_of(Json::array({product_record("B1", "lamp")})), 1); };
  CHECK(contains(failure_of(open), "no product has an instruction"));
}
