#include "resolve/bound.h"

namespace intercodesql {

using mysql::Expr;
using mysql::ExprKind;

std::string full_name(const ColumnRef& column) {
  const Source& source = *column.source;
  const std::string prefix = source.database.empty() ? "" : source.database + ".";
  return prefix + source.alias + "." + column.get().name;
}

const Expr& behind_items(const Resolution& resolution, const Expr& expr) {
  const Expr* current = &expr;
  while (current->kind == ExprKind::kColumn) {
    const Binding& binding = resolution.at(*current);
    if (binding.item_block == nullptr) break;
    const Item& item = binding.item_block->items[binding.item];
    if (item.expr == nullptr || item.expr == current) break;
    current = item.expr;
  }
  return *current;
}

std::optional<ColumnRef> column_of(const Resolution& resolution, const Expr& expr) {
  const Expr& meant = behind_items(resolution, expr);
  if (meant.kind != ExprKind::kColumn) return std::nullopt;
  const Binding& binding = resolution.at(meant);
  if (binding.item_block != nullptr) return binding.item_block->items[binding.item].column;
  return binding.column;
}

bool is_column(const Resolution& resolution, const Expr& expr, const ColumnRef& column) {
  const auto named = column_of(resolution, expr);
  return named && *named == column;
}

bool same_expression(const Resolution& resolution, const Expr& left, const Expr& right) {
  const Expr& a = behind_items(resolution, left);
  const Expr& b = behind_items(resolution, right);
  if (a.kind != b.kind) return false;
  if (a.kind == ExprKind::kColumn) return column_of(resolution, a) == column_of(resolution, b);
  const bool unrepeatable = a.kind == ExprKind::kVariable || a.name == "RAND" || a.name == "UUID";
  if (a.query || b.query || a.window || b.window || unrepeatable) return false;
  const bool same_head = a.op == b.op && a.is_negated == b.is_negated && a.is_distinct == b.is_distinct &&
                         a.is_all == b.is_all && a.is_simple == b.is_simple && a.has_else == b.has_else &&
                         a.name == b.name && a.text == b.text && a.unit == b.unit && a.database == b.database &&
                         a.cast_type.name == b.cast_type.name && a.cast_type.length == b.cast_type.length &&
                         a.cast_type.scale == b.cast_type.scale && a.order_by.size() == b.order_by.size();
  if (!same_head || a.args.size() != b.args.size()) return false;
  for (std::size_t i = 0; i < a.args.size(); ++i) {
    if (!same_expression(resolution, *a.args[i], *b.args[i])) return false;
  }
  for (std::size_t i = 0; i < a.order_by.size(); ++i) {
    if (a.order_by[i].descending != b.order_by[i].descending) return false;
    if (!same_expression(resolution, *a.order_by[i].expr, *b.order_by[i].expr)) return false;
  }
  return true;
}

}  // namespace intercodesql
