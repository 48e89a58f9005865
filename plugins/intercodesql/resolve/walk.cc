#include "resolve/walk.h"

namespace intercodesql {

Reach reach_of(const Resolution& resolution, const mysql::Expr& expr, const BoundBlock& block) {
  Reach reach;
  any_below(expr, [&](const mysql::Expr& part) {
    if (part.kind != mysql::ExprKind::kColumn) return Walk::kDeeper;
    const mysql::Expr& meant = behind_items(resolution, part);
    if (meant.kind != mysql::ExprKind::kColumn) {
      const Reach behind = reach_of(resolution, meant, block);
      reach.own = reach.own || behind.own;
      reach.outer = reach.outer || behind.outer;
      return Walk::kSkip;
    }
    const auto column = column_of(resolution, meant);
    if (!column || column->source == nullptr) return Walk::kSkip;
    if (column->source->block == &block) reach.own = true;
    for (const BoundBlock* outer = block.outer; outer != nullptr; outer = outer->outer) {
      if (column->source->block == outer) reach.outer = true;
    }
    return Walk::kSkip;
  });
  return reach;
}

}  // namespace intercodesql
