#include "tests/plugins/intercodesql_resolve/small_catalog.h"

#include <utility>

namespace intercodesql::test {
namespace {

Column column(std::string name, std::string type_text, Type type) {
  Column result;
  result.name = std::move(name);
  result.type_text = std::move(type_text);
  result.type = type;
  return result;
}

Table keyed(std::string name, std::vector<Column> columns) {
  Table table;
  table.name = std::move(name);
  table.columns = std::move(columns);
  table.columns[0].key = "PRI";
  table.columns[0].nullable = false;
  table.primary_key = {0};
  Index& primary = table.indexes.emplace_back();
  primary.name = "PRIMARY";
  primary.columns = {0};
  primary.unique = true;
  return table;
}

}  // namespace

Catalog small_catalog() {
  const Type integer{BaseType::kInt, 4};
  const Type text{BaseType::kVarchar, 20};
  auto shop = std::make_shared<Schema>();
  shop->database = "shop";
  shop->tables.push_back(keyed(
      "item",
      {column("id", "int", integer), column("Name", "varchar(20)", text),
       column("price", "decimal(8,2)", {BaseType::kDecimal, 8, 2}), column("weight", "double", {BaseType::kDouble, 8}),
       column("added", "date", {BaseType::kDate}), column("owner_id", "int", integer)}));
  shop->tables.push_back(
      keyed("owner", {column("id", "int", integer), column("Name", "varchar(20)", text),
                      column("city", "text", {BaseType::kText}), column("born", "datetime", {BaseType::kDatetime})}));
  Catalog catalog;
  catalog.databases["shop"] = std::move(shop);
  auto empty = std::make_shared<Schema>();
  empty->database = "empty";
  catalog.databases["empty"] = std::move(empty);
  return catalog;
}

}  // namespace intercodesql::test
