// The cache's text: one line of JSON that declares the schemas, then the images.
#include <nlohmann/json.hpp>

#include "engine/declared_type.h"
#include "import/load.h"

namespace intercodesql {
namespace {

using nlohmann::json;

// Changes whenever images or schemas are written otherwise.
constexpr int kVersion = 2;

json pack_column(const Column& column) {
  json packed = {{"name", column.name},
                 {"type", column.type_text},
                 {"nullable", column.nullable},
                 {"extra", column.extra},
                 {"collation", column.collation},
                 {"comment", column.comment},
                 {"binary", column.type.is_binary}};
  if (column.default_text) packed["default"] = *column.default_text;
  if (column.default_is_expression) packed["expression"] = true;
  return packed;
}

Column unpack_column(const json& packed) {
  Column column;
  column.name = packed.at("name");
  auto declared = read_declared_type(packed.at("type").get<std::string>());
  if (!declared) throw std::runtime_error("no type of MySQL");
  column.type = declared->type;
  column.type_text = std::move(declared->type_text);
  column.type.is_binary = packed.at("binary");
  column.nullable = packed.at("nullable");
  column.extra = packed.at("extra");
  column.collation = packed.at("collation");
  column.comment = packed.at("comment");
  if (packed.contains("default")) column.default_text = packed.at("default").get<std::string>();
  column.default_is_expression = packed.contains("expression");
  return column;
}

json pack_table(const Table& table) {
  json packed = {{"name", table.name},      {"options", table.options}, {"rows", table.rows},
                 {"pages", table.pages},    {"columns", json::array()}, {"indexes", json::array()},
                 {"foreign", json::array()}};
  for (const Column& column : table.columns) packed["columns"].push_back(pack_column(column));
  for (const Index& index : table.indexes) {
    packed["indexes"].push_back({index.name, index.columns, index.prefixes, index.unique, index.distinct});
  }
  for (const ForeignKey& key : table.foreign_keys) {
    packed["foreign"].push_back({key.name, key.columns, key.table, key.referenced, key.actions});
  }
  if (table.next_auto_id) packed["next"] = *table.next_auto_id;
  return packed;
}

Table unpack_table(const json& packed) {
  Table table;
  table.name = packed.at("name");
  table.options = packed.at("options");
  table.rows = packed.at("rows");
  table.pages = packed.at("pages");
  for (const json& column : packed.at("columns")) table.columns.push_back(unpack_column(column));
  for (const json& index : packed.at("indexes")) {
    table.indexes.push_back({index.at(0), index.at(1), index.at(2), index.at(3), index.at(4)});
  }
  for (const json& key : packed.at("foreign")) {
    table.foreign_keys.push_back({key.at(0), key.at(1), key.at(2), key.at(3), key.at(4)});
  }
  if (packed.contains("next")) table.next_auto_id = packed.at("next").get<std::int64_t>();
  settle_keys(table);
  return table;
}

}  // namespace

std::string pack_databases(const std::vector<StoredDatabase>& databases) {
  json head = {{"version", kVersion}, {"databases", json::array()}};
  std::size_t size = 0;
  for (const StoredDatabase& database : databases) {
    json packed = {{"name", database.schema->database}, {"bytes", database.image->size()}, {"tables", json::array()}};
    for (const Table& table : database.schema->tables) packed["tables"].push_back(pack_table(table));
    head["databases"].push_back(std::move(packed));
    size += database.image->size();
  }
  std::string text = head.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
  text.reserve(text.size() + size);
  for (const StoredDatabase& database : databases) text += *database.image;
  return text;
}

std::vector<StoredDatabase> unpack_databases(std::string_view packed) {
  const std::size_t end = std::min(packed.find('\n'), packed.size());
  try {
    const json head = json::parse(packed.substr(0, end));
    if (head.at("version") != kVersion) return {};
    std::vector<StoredDatabase> databases;
    std::size_t pos = end + 1;
    for (const json& entry : head.at("databases")) {
      auto schema = std::make_shared<Schema>();
      schema->database = entry.at("name");
      for (const json& table : entry.at("tables")) schema->tables.push_back(unpack_table(table));
      const auto bytes = entry.at("bytes").get<std::size_t>();
      if (pos > packed.size() || bytes > packed.size() - pos) return {};
      auto image = std::make_shared<const std::string>(packed.substr(pos, bytes));
      pos += bytes;
      databases.push_back({std::move(schema), std::move(image)});
    }
    return pos == packed.size() ? databases : std::vector<StoredDatabase>{};
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace intercodesql
