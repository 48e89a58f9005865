#include "engine/statistics.h"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_set>

#include "engine/collation.h"

namespace intercodesql {
namespace {

std::size_t hash_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNull:
      return 0;
    case Value::Kind::kText:
      return std::hash<std::string>{}(general_ci_key(value.text));
    case Value::Kind::kDouble:
      return std::hash<double>{}(value.real);
    case Value::Kind::kInt:
    case Value::Kind::kUnsigned:
      return std::hash<std::int64_t>{}(value.integer) + 1;
    default:
      return std::hash<std::string>{}(value.text);
  }
}

std::int64_t stored_bytes(const Value& value, const Type& type) {
  const auto length = static_cast<std::int64_t>(value.text.size());
  switch (type.base) {
    case BaseType::kInt:
      return type.length > 0 ? type.length : 4;
    case BaseType::kDouble:
      return 8;
    case BaseType::kDecimal:
      return 8;
    case BaseType::kFloat:
    case BaseType::kTimestamp:
      return 4;
    case BaseType::kDatetime:
      return 5;
    case BaseType::kDate:
    case BaseType::kTime:
      return 3;
    case BaseType::kYear:
    case BaseType::kEnum:
      return 1;
    case BaseType::kChar:
      return std::max<std::int64_t>(type.length, length);
    default:
      return length + 1;
  }
}

// A record has 18 bytes beside its columns, a page about 15 KiB for records.
std::int64_t pages_for(const Table& table, const std::vector<Row>& rows) {
  constexpr std::int64_t kRecord = 18, kPage = 15 * 1024;
  std::int64_t bytes = 0;
  for (const Row& row : rows) {
    bytes += kRecord;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i].kind != Value::Kind::kNull) bytes += stored_bytes(row[i], table.columns[i].type);
    }
  }
  const std::int64_t leaves = (bytes + kPage - 1) / kPage;
  return leaves <= 1 ? 1 : leaves + 1;
}

}  // namespace

void count_rows(Table& table, const std::vector<Row>& rows) {
  table.rows = static_cast<std::int64_t>(rows.size());
  table.pages = pages_for(table, rows);
  for (Index& index : table.indexes) {
    index.distinct.clear();
    std::vector<std::size_t> hashes(rows.size(), 0);
    for (const std::size_t column : index.columns) {
      std::unordered_set<std::size_t> different;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        hashes[i] = (hashes[i] ^ hash_of(rows[i][column])) * 0x9E3779B97F4A7C15u;
        different.insert(hashes[i]);
      }
      index.distinct.push_back(static_cast<std::int64_t>(different.size()));
    }
  }
}

}  // namespace intercodesql
