// A cell of a result, and how values lie in SQLite.
//
// SQLite has five storage classes, MySQL some thirty types; the declared Type of a column, or the inferred Type of an
// expression, says how a stored cell is to be read:
//
//   integers, YEAR, BIT    INTEGER
//   DOUBLE                 REAL
//   FLOAT                  REAL, the single-precision value widened; FLOAT(M,D) rounded to D decimals first
//   DECIMAL                INTEGER if it has no decimals and fits in 64 bits, otherwise REAL. The text is the shortest
//                          decimal of that REAL, rounded half away from zero to the Type's scale: exact up to 15
//                          digits. Arithmetic on decimals has to be rounded to its scale (my_decimal), so that 0.1 +
//                          0.2 = 0.3 holds; SUM and AVG over decimals add scaled 128-bit integers and are exact.
//   text, ENUM, JSON       TEXT in UTF-8; CHAR without its trailing blanks
//   BLOB, BINARY           BLOB
//   DATE                   TEXT "YYYY-MM-DD"
//   DATETIME, TIMESTAMP    TEXT "YYYY-MM-DD HH:MM:SS", with ".ffffff" of the declared length
//   TIME                   TEXT "HH:MM:SS", "-HH:MM:SS", more than two digits of hours possible
//   BOOLEAN                INTEGER 0 or 1
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/catalog.h"

namespace intercodesql {

struct Value {
  enum class Kind : std::uint8_t { kNull, kInt, kUnsigned, kDouble, kDecimal, kText, kBytes, kDate, kDatetime, kTime };

  Kind kind = Kind::kNull;
  union {
    std::int64_t integer = 0;  // kInt; kUnsigned: the same 64 bits
    double real;               // kDouble
  };
  // kDecimal: digits with the full scale. kText: UTF-8. kBytes: bytes. kDate, kDatetime, kTime: as stored, see above.
  std::string text;

  static Value null() { return {}; }
  static Value of_int(std::int64_t value) { return with_integer(Kind::kInt, value); }
  static Value of_unsigned(std::uint64_t value) {
    return with_integer(Kind::kUnsigned, static_cast<std::int64_t>(value));
  }
  static Value of_double(double value) {
    Value result;
    result.kind = Kind::kDouble;
    result.real = value;
    return result;
  }
  static Value of(Kind kind, std::string text) {
    Value result;
    result.kind = kind;
    result.text = std::move(text);
    return result;
  }
  static Value of_text(std::string text) { return of(Kind::kText, std::move(text)); }

  // NULL equals NULL; a decimal, an integer and a double of one number are three values, as they are to Python's repr.
  bool operator==(const Value& other) const;

 private:
  static Value with_integer(Kind kind, std::int64_t value) {
    Value result;
    result.kind = kind;
    result.integer = value;
    return result;
  }
};

using Row = std::vector<Value>;

// Python's text of a connector's answer: repr() of a cell, of a row as a tuple, of rows as a list of tuples.
// A date Python cannot hold (0000-00-00) is None, as mysql.connector makes it.
[[nodiscard]] std::string python_text(const Value& value);
[[nodiscard]] std::string python_text(const Row& row);
[[nodiscard]] std::string python_text(const std::vector<Row>& rows);

}  // namespace intercodesql
