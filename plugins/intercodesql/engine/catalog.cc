#include "engine/catalog.h"

#include <algorithm>

namespace intercodesql {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <typename Tables>
auto find_table(Tables& tables, std::string_view name) {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const Table& table) { return equal_ignoring_case(table.name, name); });
  return found == tables.end() ? nullptr : &*found;
}

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_text(const Type& type) {
  switch (type.base) {
    case BaseType::kChar:
    case BaseType::kVarchar:
    case BaseType::kText:
    case BaseType::kEnum:
    case BaseType::kBlob:
    case BaseType::kJson:
      return true;
    default:
      return false;
  }
}

bool is_number(const Type& type) {
  switch (type.base) {
    case BaseType::kInt:
    case BaseType::kDouble:
    case BaseType::kFloat:
    case BaseType::kDecimal:
    case BaseType::kYear:
    case BaseType::kBit:
      return true;
    default:
      return false;
  }
}

bool is_temporal(const Type& type) {
  switch (type.base) {
    case BaseType::kDate:
    case BaseType::kDatetime:
    case BaseType::kTimestamp:
    case BaseType::kTime:
      return true;
    default:
      return false;
  }
}

void settle_keys(Table& table) {
  table.primary_key.clear();
  table.unique_keys.clear();
  for (Column& column : table.columns) column.key.clear();
  for (const Index& index : table.indexes) {
    if (index.name == "PRIMARY") {
      table.primary_key = index.columns;
    } else if (index.unique) {
      table.unique_keys.push_back(index.columns);
    }
  }
  for (const std::size_t column : table.primary_key) {
    table.columns[column].key = "PRI";
    table.columns[column].nullable = false;
  }
  // DESC shows a column's best index: PRI before UNI before MUL, and MUL where more than it alone is needed.
  bool has_primary = !table.primary_key.empty();
  for (const Index& index : table.indexes) {
    if (index.columns.empty() || index.name == "PRIMARY") continue;
    Column& first = table.columns[index.columns.front()];
    const bool unique_alone = index.unique && index.columns.size() == 1;
    if (unique_alone && !first.nullable && !has_primary) {
      first.key = "PRI";  // InnoDB promotes the first such key
      has_primary = true;
    } else if (unique_alone && first.key != "PRI") {
      first.key = "UNI";
    } else if (first.key.empty()) {
      first.key = "MUL";
    }
  }
}

const std::vector<std::size_t>* clustering_key(const Table& table) {
  if (!table.primary_key.empty()) return &table.primary_key;
  for (const auto& key : table.unique_keys) {
    const auto nullable = [&](std::size_t column) { return table.columns[column].nullable; };
    if (std::none_of(key.begin(), key.end(), nullable)) return &key;
  }
  return nullptr;
}

std::optional<std::size_t> Table::find_column(std::string_view wanted) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (equal_ignoring_case(columns[i].name, wanted)) return i;
  }
  return std::nullopt;
}

const Table* Schema::find(std::string_view table) const {
  return find_table(tables, table);
}

Table* Schema::find(std::string_view table) {
  return find_table(tables, table);
}

const Schema* Catalog::find(std::string_view database) const {
  const auto found = databases.find(lower_ascii(database));
  return found == databases.end() ? nullptr : found->second.get();
}

}  // namespace intercodesql
