#include "engine/value.h"

#include "tests/support/catch.h"

namespace intercodesql {
namespace {

using Kind = Value::Kind;

TEST_CASE("numbers print as Python's int, float and Decimal", "[intercodesql]") {
  CHECK(python_text(Value::null()) == "None");
  CHECK(python_text(Value::of_int(-7)) == "-7");
  CHECK(python_text(Value::of_unsigned(18446744073709551615u)) == "18446744073709551615");
  CHECK(python_text(Value::of_double(9)) == "9.0");
  CHECK(python_text(Value::of_double(-0.0)) == "-0.0");
  CHECK(python_text(Value::of_double(1e16)) == "1e+16");
  CHECK(python_text(Value::of_double(9007199254740993.0)) == "9007199254740992.0");
  CHECK(python_text(Value::of_double(0.0001)) == "0.0001");
  CHECK(python_text(Value::of_double(0.00001)) == "1e-05");
  CHECK(python_text(Value::of_double(1.5e300)) == "1.5e+300");
  CHECK(python_text(Value::of_double(510.333333)) == "510.333333");
  CHECK(python_text(Value::of(Kind::kDecimal, "34.5000")) == "Decimal('34.5000')");
}

TEST_CASE("texts print as Python's repr of str", "[intercodesql]") {
  CHECK(python_text(Value::of_text("plain")) == "'plain'");
  CHECK(python_text(Value::of_text("it's")) == "\"it's\"");
  CHECK(python_text(Value::of_text("it's \"so\"")) == "'it\\'s \"so\"'");
  CHECK(python_text(Value::of_text("a\\b\n\t\r\x01\x7F")) == "'a\\\\b\\n\\t\\r\\x01\\x7f'");
  CHECK(python_text(Value::of_text("Rond\xC3\xB4nia \xE2\x82\xAC")) == "'Rond\xC3\xB4nia \xE2\x82\xAC'");
  CHECK(python_text(Value::of_text("\xC2\xA0\xC2\xAD")) == "'\\xa0\\xad'");
  CHECK(python_text(Value::of_text("\xE2\x80\x8B")) == "'\\u200b'");
  CHECK(python_text(Value::of_text("\xF3\xA0\x80\x81")) == "'\\U000e0001'");
  CHECK(python_text(Value::of(Kind::kBytes, "a'\xFF")) == "b\"a'\\xff\"");
}

TEST_CASE("dates and times print as Python's datetime", "[intercodesql]") {
  CHECK(python_text(Value::of(Kind::kDate, "2018-03-09")) == "datetime.date(2018, 3, 9)");
  CHECK(python_text(Value::of(Kind::kDate, "0000-00-00")) == "None");
  CHECK(python_text(Value::of(Kind::kDatetime, "2018-03-09 00:03:39")) == "datetime.datetime(2018, 3, 9, 0, 3, 39)");
  CHECK(python_text(Value::of(Kind::kDatetime, "2018-03-09 12:00:00")) == "datetime.datetime(2018, 3, 9, 12, 0)");
  CHECK(python_text(Value::of(Kind::kDatetime, "2018-03-09 12:00:00.050000")) ==
        "datetime.datetime(2018, 3, 9, 12, 0, 0, 50000)");
  CHECK(python_text(Value::of(Kind::kTime, "01:00:05")) == "datetime.timedelta(seconds=3605)");
  CHECK(python_text(Value::of(Kind::kTime, "49:00:00.5")) ==
        "datetime.timedelta(days=2, seconds=3600, microseconds=500000)");
  CHECK(python_text(Value::of(Kind::kTime, "-00:00:01")) == "datetime.timedelta(days=-1, seconds=86399)");
  CHECK(python_text(Value::of(Kind::kTime, "00:00:00")) == "datetime.timedelta(0)");
}

TEST_CASE("rows print as tuples in a list", "[intercodesql]") {
  CHECK(python_text(std::vector<Row>{}) == "[]");
  CHECK(python_text(Row{Value::of_int(1)}) == "(1,)");
  CHECK(python_text(std::vector<Row>{{Value::of_int(1), Value::of_text("a")}, {Value::null(), Value::of_text("")}}) ==
        "[(1, 'a'), (None, '')]");
}

TEST_CASE("equal values have one kind", "[intercodesql]") {
  CHECK(Value::null() == Value::null());
  CHECK_FALSE(Value::of_int(5) == Value::of_double(5));
  CHECK_FALSE(Value::of(Kind::kDecimal, "5") == Value::of_text("5"));
  CHECK(Value::of_text("a") == Value::of_text("a"));
}

}  // namespace
}  // namespace intercodesql
