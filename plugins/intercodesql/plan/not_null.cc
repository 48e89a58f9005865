#include "plan/not_null.h"

#include "resolve/walk.h"

namespace intercodesql {

using mysql::Expr;
using mysql::ExprKind;
using mysql::ExprPtr;
using mysql::Op;

void add_not_null(const Resolution& resolution, const Expr& expr, std::set<const Source*>& sources) {
  const auto add_columns = [&](const Expr& side) {
    any_below(side, [&](const Expr& part) {
      if (part.kind == ExprKind::kColumn) {
        if (const auto column = column_of(resolution, part)) sources.insert(column->source);
        return Walk::kSkip;
      }
      const bool passes_null = part.kind == ExprKind::kArithmetic || part.kind == ExprKind::kNegate;
      return passes_null ? Walk::kDeeper : Walk::kSkip;
    });
  };
  switch (expr.kind) {
    case ExprKind::kAnd:
      for (const ExprPtr& part : expr.args) add_not_null(resolution, *part, sources);
      break;
    case ExprKind::kOr: {
      std::set<const Source*> common;
      for (std::size_t i = 0; i < expr.args.size(); ++i) {
        std::set<const Source*> one;
        add_not_null(resolution, *expr.args[i], one);
        if (i == 0) {
          common = one;
        } else {
          std::erase_if(common, [&](const Source* source) { return !one.contains(source); });
        }
      }
      sources.insert(common.begin(), common.end());
      break;
    }
    case ExprKind::kCompare:
      if (expr.op != Op::kNullSafeEqual) {
        add_columns(*expr.args[0]);
        add_columns(*expr.args[1]);
      }
      break;
    case ExprKind::kLike:
    case ExprKind::kRegexp:
    case ExprKind::kBetween:
    case ExprKind::kInList:
      add_columns(*expr.args[0]);
      break;
    case ExprKind::kInQuery:
      if (!expr.is_negated) add_columns(*expr.args[0]);
      break;
    case ExprKind::kIsNull:
      if (expr.is_negated) add_columns(*expr.args[0]);
      break;
    default:
      break;
  }
}

}  // namespace intercodesql
