// The type MySQL gives to an expression, from the types of its parts.
//
// Type::scale of a double that has one says to how many decimals MySQL prints it (FLOAT(M,D) and what is computed from
// it); -1 means all that matter.
#pragma once

#include <string_view>
#include <vector>

#include "engine/catalog.h"
#include "mysql/ast.h"

namespace intercodesql {

[[nodiscard]] Type int_type();
[[nodiscard]] Type unsigned_type();
[[nodiscard]] Type double_type(int scale = -1);
[[nodiscard]] Type decimal_type(int scale);
[[nodiscard]] Type text_type();
[[nodiscard]] Type datetime_type(BaseType base, int digits = 0);

[[nodiscard]] Type literal_type(const mysql::Expr& literal);  // kNull … kTemporal
[[nodiscard]] Type cast_type(const mysql::TypeName& name);

// What arithmetic makes of an operand: texts are doubles, dates and times are integers.
[[nodiscard]] Type number_type(const Type& type);
[[nodiscard]] Type arithmetic_type(mysql::Op op, const Type& left, const Type& right);
[[nodiscard]] Type rounded_type(const Type& argument, int decimals);

[[nodiscard]] Type sum_type(const Type& argument);
[[nodiscard]] Type average_type(const Type& argument);

// Of CASE, COALESCE, UNION: NULL fits everything, a text beside anything is a text.
[[nodiscard]] Type common_type(const std::vector<Type>& types);

// How two values are compared.
enum class Comparison { kNumbers, kTexts, kTemporal };
[[nodiscard]] Comparison comparison_of(const Type& left, const Type& right);

}  // namespace intercodesql
