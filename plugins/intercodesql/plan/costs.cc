#include "plan/costs.h"

#include <algorithm>

namespace intercodesql {
namespace {

double value_length(const Column& column, int prefix) {
  const Type& type = column.type;
  const double null_byte = column.nullable ? 1 : 0;
  switch (type.base) {
    case BaseType::kInt:
      return null_byte + (type.length > 0 ? type.length : 4);
    case BaseType::kDouble:
    case BaseType::kBit:
      return null_byte + 8;
    case BaseType::kDecimal:
      return null_byte + (type.length > 0 ? (type.length * 4 + 8) / 9 : 5);
    case BaseType::kFloat:
    case BaseType::kTimestamp:
      return null_byte + 4;
    case BaseType::kDatetime:
      return null_byte + 5;
    case BaseType::kDate:
    case BaseType::kTime:
      return null_byte + 3;
    case BaseType::kYear:
    case BaseType::kEnum:
      return null_byte + 1;
    case BaseType::kChar:
      return null_byte + 4.0 * (prefix > 0 ? prefix : std::max(type.length, 1));
    default:
      return null_byte + 2 + 4.0 * (prefix > 0 ? prefix : type.length > 0 ? type.length : 255);
  }
}

double clustered_length(const Table& table) {
  const auto* clustered = clustering_key(table);
  if (clustered == nullptr) return 6;
  double length = 0;
  for (const std::size_t column : *clustered) length += value_length(table.columns[column], 0);
  return length;
}

// MySQL never thinks a look-up dearer than a few reads of the whole table.
double worst_seeks(const PlanTable& table) {
  return std::max(std::min(table.found_rows / 10, table.read_cost * 3), 2 * kPageCost);
}

double clustered_read(const PlanTable& table, double ranges, double rows) {
  if (rows <= 2) return rows * kPageCost;
  const double most_rows = std::max(table.rows, 1.0) * 10;  // InnoDB's bound on what its pages could hold
  return (ranges + rows / most_rows * table.pages) * kPageCost;
}

}  // namespace

double key_length(const Table& table, const Index& index) {
  double length = 0;
  for (std::size_t part = 0; part < index.columns.size(); ++part) {
    length += value_length(table.columns[index.columns[part]], part < index.prefixes.size() ? index.prefixes[part] : 0);
  }
  return length;
}

double scan_cost(const PlanTable& table) {
  return table.pages * kPageCost;
}

double index_scan_cost(const IndexUse& use, const Table& table, double rows) {
  const auto per_block = static_cast<double>(static_cast<long>(8192 / (use.key_length + clustered_length(table))) + 1);
  return (rows + per_block - 1) / per_block * kPageCost;
}

double lookup_cost(const IndexUse& use, const PlanTable& table, double rows) {
  if (use.is_covering) return index_scan_cost(use, *table.source->table, rows);
  if (use.is_primary) return clustered_read(table, 1, rows);
  return std::min(rows * kPageCost, worst_seeks(table));
}

double range_cost(const Range& range, const IndexUse& use, const PlanTable& table) {
  double read = (range.ranges + range.rows) * kPageCost;
  if (use.is_covering) {
    read = index_scan_cost(use, *table.source->table, range.rows);
  } else if (use.is_primary) {
    read = clustered_read(table, range.ranges, range.rows);
  }
  return read + kRowCost * range.rows + 0.01;
}

const IndexUse* shortest_covering(const PlanTable& table) {
  const IndexUse* best = nullptr;
  const IndexUse* primary = nullptr;
  for (const IndexUse& use : table.indexes) {
    if (!use.is_covering) continue;
    if (use.is_primary) {
      primary = &use;
    } else if (best == nullptr || use.key_length < best->key_length) {
      best = &use;
    }
  }
  const bool all_columns = best != nullptr && best->index->columns.size() >= table.source->table->columns.size();
  return primary != nullptr && (best == nullptr || all_columns) ? primary : best;
}

double rows_per_key(const Table& table, const Index& index, std::size_t parts) {
  if (parts == 0 || index.distinct.size() < parts || index.distinct[parts - 1] == 0) return 1;
  return std::max(1.0, static_cast<double>(table.rows) / static_cast<double>(index.distinct[parts - 1]));
}

}  // namespace intercodesql
