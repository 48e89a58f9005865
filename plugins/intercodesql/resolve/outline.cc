#include "resolve/outline.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/text.h"
#include "resolve/errors.h"
#include "resolve/functions.h"

namespace intercodesql {
namespace {

using mysql::Expr;
using mysql::ExprKind;
using mysql::ExprPtr;
using mysql::Query;
using mysql::Select;
using mysql::TableRef;

struct TableUse {
  std::string_view database;
  std::string_view name;
};

constexpr std::size_t kLongestName = 64;

class Outline {
 public:
  explicit Outline(std::string_view current_database) : current_database_(current_database) {}

  void visit(const Query& query) {
    const std::size_t outer_names = common_names_.size();
    for (const auto& table : query.with) {
      if (query.is_recursive) common_names_.push_back(table.name);
      visit(*table.query);
      if (!query.is_recursive) common_names_.push_back(table.name);
    }
    if (query.select) visit(*query.select);
    if (query.set) {
      visit(*query.set->left);
      visit(*query.set->right);
    }
    if (query.nested) visit(*query.nested);
    for (const auto& row : query.value_rows) visit(row);
    for (const auto& item : query.order_by) visit(item.expr);
    common_names_.resize(outer_names);
  }

  void visit(const ExprPtr& expr) {
    if (!expr) return;
    if (expr->kind == ExprKind::kFunction) check_call(*expr);
    visit(expr->args);
    for (const auto& item : expr->order_by) visit(item.expr);
    if (expr->window) {
      visit(expr->window->partition_by);
      for (const auto& item : expr->window->order_by) visit(item.expr);
    }
    if (!expr->query) return;
    visit(*expr->query);
    const bool is_set = expr->kind == ExprKind::kInQuery || expr->kind == ExprKind::kQuantified;
    if (is_set && expr->query->limit) throw errors::not_supported("LIMIT & IN/ALL/ANY/SOME subquery");
  }

  void visit(const std::vector<ExprPtr>& list) {
    for (const ExprPtr& expr : list) visit(expr);
  }

  void visit(const std::vector<mysql::TableRefPtr>& from) {
    std::vector<TableUse> names;
    for (const auto& table : from) visit(*table, names);
  }

  void use(std::string_view database, std::string_view name) {
    if (count_characters(name) > kLongestName) throw errors::too_long_name(name);
    if (count_characters(database) > kLongestName) throw errors::too_long_name(database);
    uses.push_back({database, name});
  }

  std::vector<TableUse> uses;

 private:
  void visit(const Select& select) {
    for (const auto& item : select.items) visit(item.expr);
    visit(select.from);
    visit(select.where);
    visit(select.group_by);
    visit(select.having);
  }

  void visit(const TableRef& table, std::vector<TableUse>& names) {
    switch (table.kind) {
      case TableRef::Kind::kTable: {
        const bool is_common = table.database.empty() && is_common_name(table.name);
        if (!is_common) use(table.database, table.name);
        add_name(names, {table.database.empty() && !is_common ? current_database_ : table.database, table.alias});
        return;
      }
      case TableRef::Kind::kDerived:
        visit(*table.query);
        add_name(names, {"", table.alias});
        return;
      case TableRef::Kind::kJoin:
        visit(*table.left, names);
        visit(*table.right, names);
        visit(table.on);
        return;
    }
  }

  static void add_name(std::vector<TableUse>& names, TableUse added) {
    for (const TableUse& name : names) {
      if (equal_ignoring_case(name.name, added.name) && equal_ignoring_case(name.database, added.database)) {
        throw errors::not_unique_table(added.name);
      }
    }
    names.push_back(added);
  }

  [[nodiscard]] bool is_common_name(std::string_view name) const {
    return std::any_of(common_names_.begin(), common_names_.end(),
                       [&](std::string_view common) { return equal_ignoring_case(common, name); });
  }

  static void check_call(const Expr& call) {
    if (!call.database.empty()) return;
    const FunctionInfo* info = find_function(call.name);
    if (info == nullptr) return;
    const int count = static_cast<int>(call.args.size());
    if (count < info->least || count > info->most) throw errors::parameter_count(call.text);
  }

  std::string_view current_database_;
  std::vector<std::string_view> common_names_;
};

void open_all(const Outline& outline, const Catalog& catalog, std::string_view current_database) {
  for (const TableUse& use : outline.uses) open_table(use.database, use.name, catalog, current_database);
}

}  // namespace

const Table& open_table(std::string_view database, std::string_view name, const Catalog& catalog,
                        std::string_view current_database) {
  const std::string schema_name = lower_ascii(database.empty() ? current_database : database);
  if (schema_name.empty()) throw errors::no_database_selected();
  const Schema* schema = catalog.find(schema_name);
  if (schema == nullptr) throw errors::unknown_database(schema_name);
  const Table* table = schema->find(name);
  if (table == nullptr) throw errors::no_such_table(schema_name, lower_ascii(name));
  return *table;
}

void check_outline(const Query& query, const Catalog& catalog, std::string_view current_database) {
  Outline outline(current_database);
  outline.visit(query);
  open_all(outline, catalog, current_database);
}

void check_outline(const mysql::Insert& insert, const Catalog& catalog, std::string_view current_database) {
  Outline outline(current_database);
  outline.use(insert.table.database, insert.table.name);
  for (const auto& row : insert.rows) outline.visit(row);
  if (insert.query) outline.visit(*insert.query);
  for (const auto& assignment : insert.on_duplicate) outline.visit(assignment.value);
  open_all(outline, catalog, current_database);
}

void check_outline(const mysql::Update& update, const Catalog& catalog, std::string_view current_database) {
  Outline outline(current_database);
  outline.visit(update.tables);
  for (const auto& assignment : update.assignments) outline.visit(assignment.value);
  outline.visit(update.where);
  for (const auto& item : update.order_by) outline.visit(item.expr);
  open_all(outline, catalog, current_database);
}

void check_outline(const mysql::Delete& statement, const Catalog& catalog, std::string_view current_database) {
  Outline outline(current_database);
  outline.visit(statement.tables);
  outline.visit(statement.where);
  for (const auto& item : statement.order_by) outline.visit(item.expr);
  open_all(outline, catalog, current_database);
}

}  // namespace intercodesql
