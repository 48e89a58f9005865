#include "engine/number_text.h"

#include "tests/support/catch.h"

namespace intercodesql {
namespace {

TEST_CASE("a text counts as the number it begins with", "[intercodesql]") {
  CHECK(leading_number("12abc") == 12);
  CHECK(leading_number("  -3.5e2x") == -350);
  CHECK(leading_number(".5") == 0.5);
  CHECK(leading_number("5.") == 5);
  CHECK(leading_number("1e") == 1);
  CHECK(leading_number("abc") == 0);
  CHECK(leading_number("-") == 0);
  CHECK(leading_number("") == 0);
  CHECK(leading_number("0x1A") == 0);
  CHECK(leading_number("inf") == 0);
  CHECK(leading_number("1e999") > 1e308);
  CHECK(is_number_text(" 12.5 "));
  CHECK_FALSE(is_number_text("12a"));
  CHECK_FALSE(is_number_text(""));
}

TEST_CASE("a double in a text has no point without decimals", "[intercodesql]") {
  CHECK(double_text(100) == "100");
  CHECK(double_text(1.5) == "1.5");
  CHECK(double_text(-0.25) == "-0.25");
  CHECK(double_text(0) == "0");
  CHECK(double_text(1e14) == "100000000000000");
  CHECK(double_text(1e15) == "1e15");
  CHECK(double_text(0.00001) == "0.00001");
  CHECK(double_text(1.5e-20) == "1.5e-20");
}

TEST_CASE("decimals round half away from zero by their decimal digits", "[intercodesql]") {
  CHECK(decimal_text(1.0 / 3, 4) == "0.3333");
  CHECK(decimal_text(2.0 / 3, 4) == "0.6667");
  CHECK(decimal_text(5.0 / 32, 4) == "0.1563");
  CHECK(decimal_text(2.675, 2) == "2.68");
  CHECK(decimal_text(-2.675, 2) == "-2.68");
  CHECK(decimal_text(34.5, 4) == "34.5000");
  CHECK(decimal_text(0.00004, 4) == "0.0000");
  CHECK(decimal_text(-0.00004, 4) == "0.0000");
  CHECK(decimal_text(999.99995, 4) == "1000.0000");
  CHECK(decimal_text(0.5, 0) == "1");
  CHECK(decimal_text(1e20, 0) == "100000000000000000000");
  CHECK(decimal_text(std::int64_t{-12}, 0) == "-12");
  CHECK(decimal_text(std::int64_t{-12}, 2) == "-12.00");
  CHECK(round_decimal(1234.5678, -2) == 1200);
  CHECK(round_decimal(150, -2) == 200);
}

TEST_CASE("doubles round half to even, floats keep six digits", "[intercodesql]") {
  CHECK(round_double(2.5, 0) == 2);
  CHECK(round_double(3.5, 0) == 4);
  CHECK(round_double(-1234.5678, 2) == -1234.57);
  CHECK(round_double(1234.5678, -2) == 1200);
  CHECK(round_double(1.5, 400) == 1.5);
  CHECK(float_as_sent(as_float(77.335716, -1)) == 77.3357);
  CHECK(as_float(0.1, -1) != 0.1);
  CHECK(float_as_sent(as_float(0.1, -1)) == 0.1);
  CHECK(float_as_sent(as_float(12.3456, 2)) == 12.35);
}

}  // namespace
}  // namespace intercodesql
