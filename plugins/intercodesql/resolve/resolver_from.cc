// Tables, derived tables and joins.
#include <algorithm>

#include "resolve/errors.h"
#include "resolve/outline.h"
#include "resolve/resolver.h"

namespace intercodesql {

using mysql::JoinKind;
using mysql::TableRef;

void Resolver::from(Block& block, const std::vector<mysql::TableRefPtr>& tables) {
  for (const auto& table : tables) {
    NameScope part = table_scope(block, *table);
    auto& scope = block.scope;
    scope.sources.insert(scope.sources.end(), part.sources.begin(), part.sources.end());
    scope.columns.insert(scope.columns.end(), part.columns.begin(), part.columns.end());
  }
  block.bound->sources = block.scope.sources;
}

Source& Resolver::add_source(std::string alias, const BoundBlock* block) {
  auto& source = result_.sources.emplace_back(std::make_unique<Source>());
  source->id = static_cast<std::uint32_t>(result_.sources.size());
  source->alias = std::move(alias);
  source->block = block;
  return *source;
}

Source& Resolver::add_base_table(std::string_view database, std::string_view name, std::string_view alias,
                                 const BoundBlock* block) {
  const Table& table = open_table(database, name, catalog_, database_);
  Source& source = add_source(std::string(alias), block);
  source.table = &table;
  source.database = lower_ascii(database.empty() ? database_ : database);
  for (const Column& column : table.columns) {
    source.columns.push_back({column.name, column.type, column.nullable});
  }
  return source;
}

NameScope Resolver::whole_source(const Source& source) {
  NameScope scope;
  scope.sources.push_back(&source);
  for (std::size_t i = 0; i < source.columns.size(); ++i) scope.columns.push_back({&source, i});
  return scope;
}

NameScope Resolver::table_scope(Block& block, const TableRef& table) {
  if (table.kind == TableRef::Kind::kJoin) return join_scope(block, table);
  const Source* source = nullptr;
  if (table.kind == TableRef::Kind::kDerived) {
    source = &derived_source(block, table);
  } else {
    source = common_source(block, table);
    if (source == nullptr) source = &add_base_table(table.database, table.name, table.alias, block.bound);
  }
  block.bound->source_of[&table] = source;
  return whole_source(*source);
}

const Source& Resolver::derived_source(Block& block, const TableRef& table) {
  const std::string_view clause = clause_;
  const std::uint64_t allowed = aggregates_allowed_;
  // A derived table does not see its neighbours, but what its whole query sees.
  const BoundQuery& inside = query(*table.query, table.is_lateral ? &block : block.outer);
  clause_ = clause;
  aggregates_allowed_ = allowed;
  Source& source = add_source(table.alias, block.bound);
  source.query = &inside;
  set_columns(source, inside, table.columns);
  return source;
}

void Resolver::set_columns(Source& source, const BoundQuery& query, const std::vector<std::string>& names) {
  constexpr std::size_t kMostColumns = 4096;
  if (query.columns.size() > kMostColumns) throw MysqlError{1117, "Too many columns"};
  for (std::size_t i = 0; i < query.columns.size(); ++i) {
    const std::string& name = i < names.size() ? names[i] : query.columns[i].name;
    for (const SourceColumn& column : source.columns) {
      if (equal_ignoring_case(column.name, name)) throw errors::duplicate_column(name);
    }
    const ColumnRef& column = query.columns[i].column;
    source.columns.push_back({name, query.columns[i].type, column.source == nullptr || column.get().nullable});
  }
  if (!names.empty() && names.size() != query.columns.size()) {
    throw MysqlError{1353,
                     "In definition of view, derived table or common table expression, SELECT list and column names "
                     "list have different column counts"};
  }
}

// Looks at the query of common_[i], which sees the names before it, and itself if it is recursive.
void Resolver::open_common(std::size_t i) {
  const mysql::CommonTable& table = *common_[i].table;
  if (common_[i].is_open) {
    throw MysqlError{3574, "Recursive Common Table Expression '" + table.name +
                               "' should have one or more non-recursive query blocks followed by one or more "
                               "recursive ones"};
  }
  common_[i].is_open = true;
  const auto first_hidden = common_.begin() + static_cast<std::ptrdiff_t>(common_[i].visible);
  const std::vector<CommonName> hidden(first_hidden, common_.end());
  common_.erase(first_hidden, common_.end());
  const std::string_view clause = clause_;
  const std::uint64_t allowed = aggregates_allowed_;
  const BoundQuery& inside = query(*table.query, nullptr);
  clause_ = clause;
  aggregates_allowed_ = allowed;
  common_.insert(common_.end(), hidden.begin(), hidden.end());
  common_[i].query = &inside;
}

const Source* Resolver::common_source(Block& block, const TableRef& table) {
  if (!table.database.empty()) return nullptr;
  for (std::size_t i = common_.size(); i-- > 0;) {
    if (!equal_ignoring_case(common_[i].table->name, table.name)) continue;
    if (common_[i].query == nullptr && common_[i].columns.empty()) open_common(i);
    Source& source = add_source(table.alias, block.bound);
    source.common = common_[i].table;
    source.query = common_[i].query;
    if (common_[i].query != nullptr) {
      set_columns(source, *common_[i].query, common_[i].table->columns);
    } else {
      source.columns = common_[i].columns;
    }
    return &source;
  }
  return nullptr;
}

NameScope Resolver::join_scope(Block& block, const TableRef& join) {
  NameScope left = table_scope(block, *join.left);
  NameScope right = table_scope(block, *join.right);
  NameScope both;
  both.sources = left.sources;
  both.sources.insert(both.sources.end(), right.sources.begin(), right.sources.end());
  std::vector<std::string> merged = join.using_columns;
  if (join.is_natural) {
    for (const ColumnRef& column : left.columns) {
      const auto same = [&](const ColumnRef& other) {
        return equal_ignoring_case(other.get().name, column.get().name);
      };
      if (std::any_of(right.columns.begin(), right.columns.end(), same)) merged.push_back(column.get().name);
    }
  }
  auto& pairs = block.bound->equal_columns[&join];
  const auto find = [](const NameScope& scope, const std::string& name) {
    mysql::Expr unqualified;
    unqualified.name = name;
    const Lookup found = find_in_tables(scope, unqualified);
    if (found.kind == Lookup::Kind::kNone) throw errors::unknown_column(name, "from clause");
    if (found.kind == Lookup::Kind::kAmbiguous) throw errors::ambiguous_column(name, "from clause");
    return found.column;
  };
  for (const std::string& name : merged) pairs.emplace_back(find(left, name), find(right, name));
  const bool keeps_right = join.join == JoinKind::kRight;
  for (const auto& pair : pairs) both.columns.push_back(keeps_right ? pair.second : pair.first);
  const auto add_others = [&](const NameScope& scope, bool is_left) {
    for (const ColumnRef& column : scope.columns) {
      const auto is_merged = [&](const auto& pair) { return (is_left ? pair.first : pair.second) == column; };
      if (std::none_of(pairs.begin(), pairs.end(), is_merged)) both.columns.push_back(column);
    }
  };
  add_others(keeps_right ? right : left, !keeps_right);
  add_others(keeps_right ? left : right, keeps_right);
  if (join.on) conditions_.emplace_back(&join, both);
  return both;
}

void Resolver::on_conditions(Block& block) {
  block.place = Place::kOn;
  for (std::size_t i = conditions_.size(); i-- > 0;) {  // MySQL begins with the last join
    const auto [join, scope] = conditions_[i];
    block.on_scope = &scope;
    clause_ = "on clause";
    one_column(block, *join->on);
  }
  block.on_scope = nullptr;
}

}  // namespace intercodesql
