#include "resolve/types.h"

#include <algorithm>

namespace intercodesql {
namespace {

constexpr int kMostDecimals = 30;
constexpr int kMoreOfDivision = 4;  // div_precision_increment

bool is_double(const Type& type) {
  return type.base == BaseType::kDouble || type.base == BaseType::kFloat;
}
bool is_integer(const Type& type) {
  return type.base == BaseType::kInt || type.base == BaseType::kYear || type.base == BaseType::kBit;
}

// Decimals behind the point; -1 for a double without a fixed number of them.
int decimals(const Type& type) {
  if (is_double(type)) return type.scale;
  return type.base == BaseType::kDecimal ? std::max(type.scale, 0) : 0;
}

}  // namespace

Type int_type() {
  return {BaseType::kInt, 8};
}
Type unsigned_type() {
  return {BaseType::kInt, 8, -1, true};
}
Type double_type(int scale) {
  return {BaseType::kDouble, 8, scale};
}
Type decimal_type(int scale) {
  return {BaseType::kDecimal, 65, std::min(scale, kMostDecimals)};
}
Type text_type() {
  return {BaseType::kVarchar};
}
Type datetime_type(BaseType base, int digits) {
  return {base, -1, digits};
}

Type literal_type(const mysql::Expr& literal) {
  using mysql::ExprKind;
  switch (literal.kind) {
    case ExprKind::kBoolean:
      return int_type();
    case ExprKind::kInteger:
      if (literal.text.size() < 19 || (literal.text.size() == 19 && literal.text <= "9223372036854775807")) {
        return int_type();
      }
      return literal.text.size() <= 20 ? unsigned_type() : decimal_type(0);
    case ExprKind::kDecimal:
      return decimal_type(
          static_cast<int>(literal.text.size() - std::min(literal.text.find('.') + 1, literal.text.size())));
    case ExprKind::kFloat:
      return double_type();
    case ExprKind::kString:
      return text_type();
    case ExprKind::kBytes:
      return {BaseType::kBlob, -1, -1, false, true};
    case ExprKind::kTemporal:
      return datetime_type(literal.name == "DATE"   ? BaseType::kDate
                           : literal.name == "TIME" ? BaseType::kTime
                                                    : BaseType::kDatetime);
    default:
      return {};
  }
}

Type cast_type(const mysql::TypeName& name) {
  if (name.name == "SIGNED") return int_type();
  if (name.name == "UNSIGNED") return unsigned_type();
  if (name.name == "DECIMAL") return decimal_type(std::max(name.scale, 0));
  if (name.name == "DOUBLE" || name.name == "REAL") return double_type();
  if (name.name == "FLOAT") return {BaseType::kFloat, 4};
  if (name.name == "DATE") return datetime_type(BaseType::kDate);
  if (name.name == "TIME") return datetime_type(BaseType::kTime, std::max(name.length, 0));
  if (name.name == "DATETIME") return datetime_type(BaseType::kDatetime, std::max(name.length, 0));
  if (name.name == "YEAR") return {BaseType::kYear};
  if (name.name == "BINARY") return {BaseType::kBlob, name.length, -1, false, true};
  return {BaseType::kVarchar, name.length, -1, false, name.is_binary};
}

Type number_type(const Type& type) {
  if (type.base == BaseType::kNull) return type;
  if (is_integer(type)) return {BaseType::kInt, 8, -1, type.is_unsigned};
  if (is_double(type)) return double_type(type.scale);
  if (is_temporal(type)) return type.scale > 0 ? decimal_type(type.scale) : int_type();
  return type.base == BaseType::kDecimal ? type : double_type();
}

Type arithmetic_type(mysql::Op op, const Type& left, const Type& right) {
  using mysql::Op;
  const Type a = number_type(left);
  const Type b = number_type(right);
  switch (op) {
    case Op::kBitAnd:
    case Op::kBitOr:
    case Op::kBitXor:
    case Op::kShiftLeft:
    case Op::kShiftRight:
      return unsigned_type();
    case Op::kIntegerDivide:
      return int_type();
    default:
      break;
  }
  const int a_decimals = decimals(a);
  const int b_decimals = decimals(b);
  if (is_double(a) || is_double(b)) {
    if (a_decimals < 0 || b_decimals < 0) return double_type();
    const int most = std::max(a_decimals, b_decimals);
    return double_type(op == Op::kMultiply ? a_decimals + b_decimals
                       : op == Op::kDivide ? most + kMoreOfDivision
                                           : most);
  }
  if (op == Op::kDivide) return decimal_type(a_decimals + kMoreOfDivision);
  if (a.base == BaseType::kNull && b.base == BaseType::kNull) return double_type();
  if (a.base != BaseType::kDecimal && b.base != BaseType::kDecimal) {
    return a.is_unsigned || b.is_unsigned ? unsigned_type() : int_type();
  }
  return decimal_type(op == Op::kMultiply ? a_decimals + b_decimals : std::max(a_decimals, b_decimals));
}

Type rounded_type(const Type& argument, int decimals) {
  const Type type = number_type(argument);
  if (is_double(type)) return double_type(std::max(decimals, 0));
  return type.base == BaseType::kDecimal ? decimal_type(std::max(decimals, 0)) : type;
}

Type sum_type(const Type& argument) {
  const Type type = number_type(argument);
  return is_double(type) ? type : decimal_type(decimals(type));
}

Type average_type(const Type& argument) {
  const Type type = number_type(argument);
  if (is_double(type)) return double_type(type.scale < 0 ? -1 : type.scale + kMoreOfDivision);
  return decimal_type(decimals(type) + kMoreOfDivision);
}

Type common_type(const std::vector<Type>& types) {
  Type result;
  for (const Type& type : types) {
    if (type.base == BaseType::kNull || type == result) continue;
    if (result.base == BaseType::kNull) {
      result = type;
    } else if (is_number(result) && is_number(type)) {
      if (result.base == type.base && result.base != BaseType::kDecimal && result.base != BaseType::kDouble) {
        result.is_unsigned = result.is_unsigned && type.is_unsigned;
        result.length = std::max(result.length, type.length);
        if (result.scale != type.scale) result.scale = -1;
      } else if (is_double(result) || is_double(type)) {
        const int a = decimals(result);
        const int b = decimals(type);
        result = double_type(a < 0 || b < 0 ? -1 : std::max(a, b));
      } else if (result.base == BaseType::kDecimal || type.base == BaseType::kDecimal) {
        result = decimal_type(std::max(decimals(result), decimals(type)));
      } else {
        result = int_type();
      }
    } else if (is_temporal(result) && is_temporal(type)) {
      result = result.base == type.base ? datetime_type(result.base, std::max(result.scale, type.scale))
                                        : datetime_type(BaseType::kDatetime, std::max(result.scale, type.scale));
    } else {
      const bool binary = (is_text(result) && result.is_binary) || (is_text(type) && type.is_binary);
      result = text_type();
      result.is_binary = binary;
    }
  }
  return result;
}

Comparison comparison_of(const Type& left, const Type& right) {
  if (is_temporal(left) || is_temporal(right)) {
    // A date beside a number is compared as one.
    return is_number(left) || is_number(right) ? Comparison::kNumbers : Comparison::kTemporal;
  }
  const bool texts =
      (is_text(left) || left.base == BaseType::kNull) && (is_text(right) || right.base == BaseType::kNull);
  return texts ? Comparison::kTexts : Comparison::kNumbers;
}

}  // namespace intercodesql
