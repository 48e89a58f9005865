#include "engine/datetime.h"

#include "tests/support/catch.h"

namespace intercodesql {
namespace {

std::string read(std::string_view text) {
  const auto value = read_datetime(text);
  return value ? datetime_text(*value) : "none";
}

std::string added(std::string_view text, std::string_view amount, std::string_view unit) {
  const auto value = add_interval(*read_datetime(text), amount, unit, false);
  return value ? datetime_text(*value) : "none";
}

TEST_CASE("dates are read in all of MySQL's spellings", "[intercodesql]") {
  CHECK(read("2018-03-09") == "2018-03-09");
  CHECK(read("2018-3-9 1:02:03.5") == "2018-03-09 01:02:03.500000");
  CHECK(read("2018-03-09T00:03:39") == "2018-03-09 00:03:39");
  CHECK(read("69.1.2") == "2069-01-02");
  CHECK(read("70/1/2") == "1970-01-02");
  CHECK(read("20180309") == "2018-03-09");
  CHECK(read("20180309000339") == "2018-03-09 00:03:39");
  CHECK(read("180309") == "2018-03-09");
  CHECK(read("0000-00-00") == "0000-00-00");
  CHECK(read("2018-02-30") == "none");
  CHECK(read("2018-13-01") == "none");
  CHECK(read("March 9") == "none");
  CHECK(read("2018") == "none");
  CHECK(read("") == "none");
  CHECK(datetime_text(*read_datetime(std::int64_t{20180309000339})) == "2018-03-09 00:03:39");
  CHECK_FALSE(read_datetime(std::int64_t{20181399}));
  CHECK(datetime_number(*read_datetime("2018-03-09 00:03:39")) == 20180309000339.0);
}

TEST_CASE("times are read with and without days and separators", "[intercodesql]") {
  CHECK(time_text(*read_time("12:30")) == "12:30:00");
  CHECK(time_text(*read_time("-1:02:03.5")) == "-01:02:03.500000");
  CHECK(time_text(*read_time("2 10:00:00")) == "58:00:00");
  CHECK(time_text(*read_time("123005")) == "12:30:05");
  CHECK(time_text(*read_time("2018-03-09 00:03:39")) == "00:03:39");
  CHECK(time_text(*read_time("900:00:00")) == "838:59:59");
  CHECK_FALSE(read_time("12:70"));
  CHECK_FALSE(read_time("noon"));
}

TEST_CASE("day numbers are MySQL's and go both ways", "[intercodesql]") {
  CHECK(day_number({1970, 1, 1}) == 719528);
  CHECK(day_number({2007, 10, 7}) == 733321);
  for (std::int64_t day = 366; day <= 3652424; day += 97) {
    const auto value = from_day_number(day);
    REQUIRE(value);
    REQUIRE(day_number(*value) == day);
  }
  CHECK(datetime_text(*from_day_number(3652424)) == "9999-12-31");
  CHECK_FALSE(from_day_number(3652425));
  CHECK(weekday({2018, 3, 9}) == 4);
  CHECK(day_of_year({2016, 12, 31}) == 366);
}

TEST_CASE("weeks are counted in all eight modes", "[intercodesql]") {
  const int expected[] = {7, 8, 7, 8, 8, 7, 8, 7};
  for (int mode = 0; mode < 8; ++mode) {
    CAPTURE(mode);
    CHECK(week_of_year({2008, 2, 20}, mode).week == expected[mode]);
  }
  CHECK(week_of_year({2000, 1, 1}, 0).week == 0);
  CHECK(week_of_year({2000, 1, 1}, 2).week == 52);
  CHECK(week_of_year({2008, 12, 31}, 1).week == 53);
  CHECK(week_of_year({2008, 12, 31}, 3).week == 1);
  CHECK(week_of_year({2008, 12, 31}, 3).year == 2009);
}

TEST_CASE("intervals move by the calendar", "[intercodesql]") {
  CHECK(added("2018-01-31", "1", "MONTH") == "2018-02-28");
  CHECK(added("2016-02-29", "1", "YEAR") == "2017-02-28");
  CHECK(added("2018-01-01", "90", "SECOND") == "2018-01-01 00:01:30");
  CHECK(added("2018-01-01", "-1", "DAY") == "2017-12-31");
  CHECK(added("2018-01-01", "1 10", "DAY_HOUR") == "2018-01-02 10:00:00");
  CHECK(added("2018-01-01", "-1:30", "HOUR_MINUTE") == "2017-12-31 22:30:00");
  CHECK(added("2018-01-01", "1-6", "YEAR_MONTH") == "2019-07-01");
  CHECK(added("2018-01-01 00:00:00", "1.5", "SECOND") == "2018-01-01 00:00:01.500000");
  CHECK(added("9999-12-31", "1", "DAY") == "none");
  CHECK(added("2018-01-01", "99999999999999999", "DAY") == "none");
  CHECK(added("2018-01-01", "1", "FORTNIGHT") == "none");
  CHECK(difference(*read_datetime("2018-01-31"), *read_datetime("2018-02-28"), "MONTH") == 0);
  CHECK(difference(*read_datetime("2016-02-29"), *read_datetime("2018-02-28"), "YEAR") == 1);
  CHECK(difference(*read_datetime("2018-01-02"), *read_datetime("2018-01-01 12:00:00"), "HOUR") == -12);
  CHECK(extract(*read_datetime("2018-03-09 01:02:03"), "DAY_SECOND") == 9010203);
}

TEST_CASE("formatted dates are written and read", "[intercodesql]") {
  const DateTime moment = *read_datetime("2009-10-04 22:23:00");
  CHECK(format_datetime(moment, "%W %M %Y") == "Sunday October 2009");
  CHECK(format_datetime(moment, "%D %y %a %d %m %b %j") == "4th 09 Sun 04 10 Oct 277");
  CHECK(format_datetime(moment, "%H %k %I %r %T %S %w %%") == "22 22 10 10:23:00 PM 22:23:00 00 0 %");
  CHECK(format_datetime(*read_datetime("1999-01-01"), "%X %V") == "1998 52");
  CHECK(datetime_text(*read_formatted("May 1, 2013", "%M %d,%Y")) == "2013-05-01");
  CHECK_FALSE(read_formatted("04/31/2004", "%m/%e/%Y"));
  CHECK(datetime_text(*read_formatted("9:23:15 pm", "%h:%i:%s %p")) == "0000-00-00 21:23:15");
  CHECK_FALSE(read_formatted("abc", "%Y"));
}

}  // namespace
}  // namespace intercodesql
