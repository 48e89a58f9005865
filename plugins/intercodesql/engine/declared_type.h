// The types of CREATE TABLE, read from their text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/catalog.h"

namespace intercodesql {

struct DeclaredType {
  Type type;
  std::string type_text;  // as DESC prints it
};

// Reads a type with its arguments and UNSIGNED or ZEROFILL: "INT(11) unsigned", "varchar(20)", "DECIMAL(10, 2)",
// "enum('a','b')". Synonyms become MySQL 8's own name: INTEGER int, BOOL tinyint(1), NUMERIC decimal, REAL double.
// Empty for a name MySQL does not know or arguments it does not take.
[[nodiscard]] std::optional<DeclaredType> read_declared_type(std::string_view text);

}  // namespace intercodesql
