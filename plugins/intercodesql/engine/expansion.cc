#include "engine/expansion.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/catalog.h"

namespace intercodesql {
namespace {

class Counter {
 public:
  explicit Counter(std::size_t limit) : limit_(limit) {}

  void add(const mysql::Query& query) {
    const std::size_t visible = common_.size();
    for (const mysql::CommonTable& table : query.with) {
      const std::size_t before = count_;
      count_ = 0;
      // Inside its own query a recursive table is one name that is not copied.
      common_.emplace_back(table.name, 1);
      add(*table.query);
      common_.back().second = std::min(count_ + 1, limit_ + 1);
      count_ = before;
    }
    if (query.select) add(*query.select);
    if (query.set) {
      add(*query.set->left);
      add(*query.set->right);
    }
    if (query.nested) add(*query.nested);
    for (const auto& row : query.value_rows) add(row);
    add(query.order_by);
    common_.resize(visible);
  }

  void add(const mysql::QueryPtr& query) {
    if (query) add(*query);
  }
  void add(const mysql::CreateTable& create) { add(create.query); }
  void add(const mysql::SetVariables& set) {
    for (const auto& assignment : set.assignments) add(assignment.value);
  }
  void add(const mysql::Insert& insert) {
    for (const auto& row : insert.rows) add(row);
    add(insert.query);
    add(insert.on_duplicate);
  }
  void add(const mysql::Update& update) {
    for (const mysql::TableRefPtr& table : update.tables) add(*table);
    add(update.assignments);
    add(update.where);
    add(update.order_by);
  }
  void add(const mysql::Delete& erase) {
    for (const mysql::TableRefPtr& table : erase.tables) add(*table);
    add(erase.where);
    add(erase.order_by);
  }
  // Statements without queries.
  template <typename Other>
  void add(const Other&) {}

  [[nodiscard]] std::size_t count() const { return std::min(count_, limit_ + 1); }

 private:
  void add(const mysql::Select& select) {
    for (const mysql::SelectItem& item : select.items) add(item.expr);
    for (const mysql::TableRefPtr& table : select.from) add(*table);
    add(select.where);
    add(select.group_by);
    add(select.having);
    for (const mysql::NamedWindow& window : select.windows) add(window.window);
  }

  void add(const mysql::TableRef& table) {
    switch (table.kind) {
      case mysql::TableRef::Kind::kTable:
        count_ = std::min(count_ + weight_of(table), limit_ + 1);
        break;
      case mysql::TableRef::Kind::kDerived:
        add(*table.query);
        break;
      case mysql::TableRef::Kind::kJoin:
        add(*table.left);
        add(*table.right);
        add(table.on);
    }
  }

  [[nodiscard]] std::size_t weight_of(const mysql::TableRef& table) const {
    if (!table.database.empty()) return 1;
    const auto found = std::find_if(common_.rbegin(), common_.rend(),
                                    [&](const auto& common) { return equal_ignoring_case(common.first, table.name); });
    return found == common_.rend() ? 1 : found->second;
  }

  void add(const mysql::ExprPtr& expr) {
    if (!expr) return;
    add(expr->args);
    add(expr->order_by);
    if (expr->window) add(*expr->window);
    if (expr->query) add(*expr->query);
  }
  void add(const std::vector<mysql::ExprPtr>& list) {
    for (const mysql::ExprPtr& expr : list) add(expr);
  }
  void add(const std::vector<mysql::OrderItem>& list) {
    for (const mysql::OrderItem& item : list) add(item.expr);
  }
  void add(const std::vector<mysql::Assignment>& list) {
    for (const mysql::Assignment& assignment : list) add(assignment.value);
  }
  void add(const mysql::Window& window) {
    add(window.partition_by);
    add(window.order_by);
  }

  std::size_t limit_;
  std::size_t count_ = 0;
  std::vector<std::pair<std::string_view, std::size_t>> common_;  // names in sight with what each stands for
};

}  // namespace

std::size_t expanded_tables(const mysql::Command& command, std::size_t limit) {
  Counter counter(limit);
  std::visit([&counter](const auto& statement) { counter.add(statement); }, command);
  return counter.count();
}

}  // namespace intercodesql
