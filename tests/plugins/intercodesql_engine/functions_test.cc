// MySQL's functions, called as the emitter calls them.
#include "engine/functions.h"

#include "engine/handle.h"
#include "tests/support/catch.h"

namespace intercodesql {
namespace {

// The Python text of the only cell, of type `type`; the error's text if there is one.
std::string value_of(const std::string& sql, const Type& type = Type{BaseType::kVarchar}, Session session = {}) {
  Handle handle;
  if (session.now.empty()) session.now = "2023-05-15 12:30:05";
  const auto answer = handle.query("SELECT " + sql, {type}, Budget{}, session);
  if (const auto* error = std::get_if<RuntimeError>(&answer)) return error->text;
  return python_text(std::get<std::vector<Row>>(answer).at(0).at(0));
}

const Type kText{BaseType::kVarchar};
const Type kInt{BaseType::kInt};
const Type kDouble{BaseType::kDouble};

Type decimal(int scale) {
  return Type{BaseType::kDecimal, 65, scale};
}

TEST_CASE("text functions follow MySQL", "[intercodesql]") {
  CHECK(value_of("my_concat('a', 1, 2.5)") == "'a12.5'");
  CHECK(value_of("my_concat('a', NULL)") == "None");
  CHECK(value_of("my_concat_ws(',', 'a', NULL, 'b')") == "'a,b'");
  CHECK(value_of("my_substring('Quadratically', 5, 6)") == "'ratica'");
  CHECK(value_of("my_substring('Sakila', -3)") == "'ila'");
  CHECK(value_of("my_substring('abc', 0)") == "''");
  CHECK(value_of("my_substring_index('www.mysql.com', '.', 2)") == "'www.mysql'");
  CHECK(value_of("my_substring_index('www.mysql.com', '.', -2)") == "'mysql.com'");
  CHECK(value_of("my_substring_index('www', '.', 1)") == "'www'");
  CHECK(value_of("my_trim('  x  ')") == "'x'");
  CHECK(value_of("my_ltrim('xxxbarxxx', 'x')") == "'barxxx'");
  CHECK(value_of("my_replace('www.mysql.com', 'w', 'Ww')") == "'WwWwWw.mysql.com'");
  CHECK(value_of("my_lpad('hi', 5, '?!')") == "'?!?hi'");
  CHECK(value_of("my_rpad('hi', 1, '?')") == "'h'");
  CHECK(value_of("my_locate('BAR', 'foobarbar')", kInt) == "4");
  CHECK(value_of("my_locate('bar', 'foobarbar', 5)", kInt) == "7");
  CHECK(value_of("my_length('\xE2\x82\xAC')", kInt) == "3");
  CHECK(value_of("my_char_length('\xE2\x82\xAC')", kInt) == "1");
  CHECK(value_of("my_left('\xE2\x82\xACuro', 2)") == "'\xE2\x82\xACu'");
  CHECK(value_of("my_right('abc', 2)") == "'bc'");
  CHECK(value_of("my_reverse('a\xE2\x82\xAC')") ==
        "'\xE2\x82\xAC"
        "a'");
  CHECK(value_of("my_field('b', 'A', 'B')", kInt) == "2");
  CHECK(value_of("my_find_in_set('b', 'a,B,c')", kInt) == "2");
  CHECK(value_of("my_elt(2, 'a', 'b')") == "'b'");
  CHECK(value_of("my_format(12332.2, 2)") == "'12,332.20'");
  CHECK(value_of("my_format(-1234567, 0)") == "'-1,234,567'");
  CHECK(value_of("my_insert('Quadratic', 3, 4, 'What')") == "'QuWhattic'");
  CHECK(value_of("my_hex(255)") == "'FF'");
  CHECK(value_of("my_hex('abc')") == "'616263'");
  CHECK(value_of("my_conv('6E', 18, 8)") == "'172'");
  CHECK(value_of("my_conv(-17, 10, -18)") == "'-H'");
  CHECK(value_of("my_bin(12)") == "'1100'");
  CHECK(value_of("my_soundex('Quadratically')") == "'Q36324'");
  CHECK(value_of("my_quote('Don''t!')") == "\"'Don\\\\'t!'\"");
  CHECK(value_of("my_strcmp('a', 'B')", kInt) == "-1");
  CHECK(value_of("my_like('David!', 'david_')", kInt) == "1");
  CHECK(value_of("my_like('x%', 'x|%', '|')", kInt) == "1");
  CHECK(value_of("my_like_binary('A', 'a')", kInt) == "0");
}

TEST_CASE("number functions follow MySQL", "[intercodesql]") {
  CHECK(value_of("my_number('12abc')", kDouble) == "12.0");
  CHECK(value_of("my_divide(1, 3)", decimal(4)) == "Decimal('0.3333')");
  CHECK(value_of("my_divide(1, 0)", decimal(4)) == "None");
  CHECK(value_of("my_integer_divide(-7, 2)", kInt) == "-3");
  CHECK(value_of("my_modulo(-7, 3)", kInt) == "-1");
  CHECK(value_of("my_modulo(5, 0)", kInt) == "None");
  CHECK(value_of("my_round_decimal(2.5)", decimal(0)) == "Decimal('3')");
  CHECK(value_of("my_round_decimal(1.298, 1)", decimal(1)) == "Decimal('1.3')");
  CHECK(value_of("my_round_decimal(155, -1)", kInt) == "160");
  CHECK(value_of("my_round_double(2.5)", kDouble) == "2.0");
  CHECK(value_of("my_truncate(1.999, 1)", decimal(1)) == "Decimal('1.9')");
  CHECK(value_of("my_truncate(122, -2)", kInt) == "100");
  CHECK(value_of("my_truncate(10.28 * 100, 0)", decimal(0)) == "Decimal('1028')");
  CHECK(value_of("my_ceiling(1.23)", kInt) == "2");
  CHECK(value_of("my_floor(-1.23)", kInt) == "-2");
  CHECK(value_of("my_log(2, 65536)", kDouble) == "16.0");
  CHECK(value_of("my_ln(-1)", kDouble) == "None");
  CHECK(value_of("my_sqrt(-1)", kDouble) == "None");
  CHECK(value_of("my_power(10, 400)", kDouble) == "DOUBLE value is out of range in 'pow(10,400)'");
  CHECK(value_of("my_crc32('MySQL')", kInt) == "3259397556");
  CHECK(value_of("my_integer('-12.9x')", kInt) == "-12");
  CHECK(value_of("my_integer(12.5)", kInt) == "13");
  CHECK(value_of("my_decimal('12.345', 2)", decimal(2)) == "Decimal('12.35')");
  CHECK(value_of("my_shift_left(1, 70)", kInt) == "0");
  CHECK(value_of("my_decimal_text(2.5, 4)") == "'2.5000'");
  CHECK(value_of("my_float_text(my_float(0.1))") == "'0.1'");
}

TEST_CASE("date functions follow MySQL", "[intercodesql]") {
  CHECK(value_of("my_year('2018-03-09')", kInt) == "2018");
  CHECK(value_of("my_month(20180309)", kInt) == "3");
  CHECK(value_of("my_year('no date')", kInt) == "None");
  CHECK(value_of("my_hour('10:11:12')", kInt) == "10");
  CHECK(value_of("my_minute('2018-03-09 10:11:12')", kInt) == "11");
  CHECK(value_of("my_day_name('2007-02-03')") == "'Saturday'");
  CHECK(value_of("my_day_of_week('2007-02-03')", kInt) == "7");
  CHECK(value_of("my_weekday('2007-11-06')", kInt) == "1");
  CHECK(value_of("my_week('2008-02-20', 0)", kInt) == "7");
  CHECK(value_of("my_yearweek('1987-01-01', 0)", kInt) == "198652");
  CHECK(value_of("my_last_day('2004-02-05')", Type{BaseType::kDate}) == "datetime.date(2004, 2, 29)");
  CHECK(value_of("my_date_diff('2007-12-31 23:59:59', '2007-12-30')", kInt) == "1");
  CHECK(value_of("my_timestamp_diff('MONTH', '2003-02-01', '2003-05-01')", kInt) == "3");
  CHECK(value_of("my_add_interval('2018-12-31 23:59:59', '1', 'SECOND', 0)", Type{BaseType::kDatetime}) ==
        "datetime.datetime(2019, 1, 1, 0, 0)");
  CHECK(value_of("my_add_interval('2018-01-01', 1, 'DAY', 1)", Type{BaseType::kDate}) == "datetime.date(2017, 12, 31)");
  CHECK(value_of("my_add_interval('10:00:00', 90, 'MINUTE', 0)", Type{BaseType::kTime}) ==
        "datetime.timedelta(seconds=41400)");
  CHECK(value_of("my_time_diff('2000-01-01 00:00:00', '2000-01-02 01:00:00')", Type{BaseType::kTime}) ==
        "datetime.timedelta(days=-2, seconds=82800)");
  CHECK(value_of("my_extract('YEAR_MONTH', '2019-07-02')", kInt) == "201907");
  CHECK(value_of("my_str_to_date('01,5,2013', '%d,%m,%Y')") == "'2013-05-01'");
  CHECK(value_of("my_date_format('2009-10-04', '%b %e')") == "'Oct 4'");
  CHECK(value_of("my_temporal_number('2018-03-09 00:03:39')", kDouble) == "20180309000339.0");
  CHECK(value_of("my_datetime('2018-03-09', 0)", Type{BaseType::kDatetime}) == "datetime.datetime(2018, 3, 9, 0, 0)");
  CHECK(value_of("my_datetime('2018-03-09 01:02:03.456', 2)", Type{BaseType::kDatetime}) ==
        "datetime.datetime(2018, 3, 9, 1, 2, 3, 460000)");
  CHECK(value_of("my_unix_timestamp('2015-11-13 10:20:19')", kInt) == "1447410019");
  CHECK(value_of("my_from_unixtime(1447430881)") == "'2015-11-13 16:08:01'");
  CHECK(value_of("my_make_date(2011, 365)") == "'2011-12-31'");
  CHECK(value_of("my_period_add(200801, 2)", kInt) == "200803");
  CHECK(value_of("my_now()") == "'2023-05-15 12:30:05'");
  CHECK(value_of("my_curtime()") == "'12:30:05'");
}

TEST_CASE("sums and averages of decimals are exact", "[intercodesql]") {
  const std::string rows = " FROM (SELECT 0.1 AS x UNION ALL SELECT 0.2 UNION ALL SELECT 0.2 UNION ALL SELECT NULL)";
  CHECK(value_of("my_sum_decimal(x, 1)" + rows, decimal(1)) == "Decimal('0.5')");
  CHECK(value_of("my_avg_decimal(x, 1)" + rows, decimal(5)) == "Decimal('0.16667')");
  CHECK(value_of("my_sum_decimal_distinct(x, 1)" + rows, decimal(1)) == "Decimal('0.3')");
  CHECK(value_of("my_sum_double(x)" + rows, kDouble) == "0.5");
  CHECK(value_of("my_sum_decimal(x, 1) FROM (SELECT 1 AS x WHERE 0)", decimal(1)) == "None");
  CHECK(value_of("my_sum_decimal(x, 0) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1)", decimal(0)) ==
        "Decimal('9223372036854776000')");
  CHECK(value_of("my_stddev_pop(x) FROM (SELECT 1 AS x UNION ALL SELECT 3)", kDouble) == "1.0");
  CHECK(value_of("my_var_samp(x) FROM (SELECT 1 AS x)", kDouble) == "None");
  CHECK(value_of("my_bit_and_all(x) FROM (SELECT 6 AS x UNION ALL SELECT 3)", kInt) == "2");
}

TEST_CASE("groups are joined in their order, and rows counted once", "[intercodesql]") {
  const std::string rows = " FROM (SELECT 'b' AS x, 2 AS k UNION ALL SELECT 'A', 1 UNION ALL SELECT 'B', 3)";
  CHECK(value_of("my_group_concat(',', 0, '', x)" + rows) == "'b,A,B'");
  CHECK(value_of("my_group_concat('-', 0, 'd', x, k)" + rows) == "'B-b-A'");
  CHECK(value_of("my_group_concat(',', 1, 'a', x, x)" + rows) == "'A,b'");
  CHECK(value_of("my_count_distinct(x)" + rows, kInt) == "2");
  CHECK(value_of("my_count_distinct(x, k)" + rows, kInt) == "3");
  CHECK(value_of("my_only_row(x)" + rows) == "Subquery returns more than 1 row");
  CHECK(value_of("my_only_row(x) FROM (SELECT 'a' AS x)") == "'a'");
}

TEST_CASE("values are stored as their column keeps them, or refused in strict mode", "[intercodesql]") {
  CHECK(value_of("my_store('12', 'int', 'c')", kInt) == "12");
  CHECK(value_of("my_store('abc', 'int', 'c')") == "Incorrect integer value: 'abc' for column 'c' at row 1");
  CHECK(value_of("my_store('12abc', 'int', 'c')") == "Data truncated for column 'c' at row 1");
  CHECK(value_of("my_store(300, 'tinyint unsigned', 'c')") == "Out of range value for column 'c' at row 1");
  CHECK(value_of("my_store(9223372036854775807, 'bigint', 'c')", kInt) == "9223372036854775807");
  CHECK(value_of("my_store(-1, 'int unsigned', 'c')") == "Out of range value for column 'c' at row 1");
  CHECK(value_of("my_store('abcd', 'varchar(3)', 'c')") == "Data too long for column 'c' at row 1");
  CHECK(value_of("my_store('abc  ', 'varchar(3)', 'c')") == "'abc'");
  CHECK(value_of("my_store('ab  ', 'char(3)', 'c')") == "'ab'");
  CHECK(value_of("my_store(12.345, 'decimal(4,2)', 'c')", decimal(2)) == "Decimal('12.35')");
  CHECK(value_of("my_store(123, 'decimal(4,2)', 'c')") == "Out of range value for column 'c' at row 1");
  CHECK(value_of("my_store('2018-02-30', 'date', 'c')") ==
        "Incorrect date value: '2018-02-30' for column 'c' at row 1");
  CHECK(value_of("my_store('2018-03-09 10:00:00', 'date', 'c')") == "'2018-03-09'");
  CHECK(value_of("my_store('2018-03-09', 'datetime', 'c')") == "'2018-03-09 00:00:00'");
  CHECK(value_of("my_store('B', 'enum(''a'',''b'')', 'c')") == "'b'");
  CHECK(value_of("my_store('x', 'enum(''a'',''b'')', 'c')") == "Data truncated for column 'c' at row 1");
  CHECK(value_of("my_store(99, 'year', 'c')", kInt) == "1999");
  CHECK(value_of("my_store(NULL, 'int', 'c')") == "None");
}

TEST_CASE("random numbers come from the session's seed", "[intercodesql]") {
  Session session;
  session.random_state = 7;
  CHECK(value_of("my_rand()", kDouble, session) == value_of("my_rand()", kDouble, session));
  CHECK(value_of("my_rand(3)", kDouble) == "0.9057697559760601");  // MySQL's RAND(3)
  session.random_state = 8;
  CHECK(value_of("my_rand()", kDouble, session) != value_of("my_rand()", kDouble));
}

TEST_CASE("a statement cannot leave its handle", "[intercodesql]") {
  for (const char* sql : {"load_extension('x')", "readfile('/etc/passwd')", "randomblob(5)", "sqlite_version()",
                          "date('now')", "1; ATTACH 'x' AS y", "* FROM pragma_database_list"}) {
    CAPTURE(sql);
    CHECK(value_of(sql).starts_with("Internal error"));
  }
}

TEST_CASE("budgets stop a statement the same way every time", "[intercodesql]") {
  Handle handle;
  Session session;
  const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT ";
  const auto error_of = [&](const std::string& sql, const Budget& budget) {
    const auto answer = handle.query(sql, {kInt}, budget, session);
    const auto* error = std::get_if<RuntimeError>(&answer);
    return error == nullptr ? std::string("rows") : error->text;
  };
  Budget small;
  small.steps = 100'000;
  CHECK(error_of(endless + "count(*) FROM n", small) == kBudgetError);
  CHECK(error_of(endless + "i FROM n", Budget{}) == kBudgetError);  // too many rows
  CHECK(error_of("SELECT my_length(my_repeat('x', 10000000))", Budget{}) == kBudgetError);
  CHECK(error_of("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
                 "SELECT i FROM n ORDER BY my_repeat('x', 10000)",
                 Budget{}) == kBudgetError);  // its sort would spill a gigabyte
  // The edge is the same at the first run of a prepared statement and at every later one.
  const std::string sum =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT count(*) FROM n";
  small.steps = 1000;
  while (error_of(sum, small) != "rows" && small.steps < 300'000) small.steps += 1000;
  const std::int64_t least = small.steps;
  for (int i = 0; i < 3; ++i) {
    small.steps = least;
    CHECK(error_of(sum, small) == "rows");
    small.steps = least - 1000;
    CHECK(error_of(sum, small) == kBudgetError);
  }
}

}  // namespace
}  // namespace intercodesql
