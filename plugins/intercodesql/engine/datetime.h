// Dates and times as MySQL reads, writes and counts them.
//
// Pure functions. The calendar is the proleptic Gregorian one of years 0 to 9999. A zero month or day is kept where
// MySQL keeps it ("0000-00-00", "2018-00-00").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace intercodesql {

struct DateTime {
  int year = 0, month = 0, day = 0;
  int hour = 0, minute = 0, second = 0, micro = 0;
  bool has_time = false;  // a DATETIME; otherwise a DATE

  bool operator==(const DateTime&) const = default;
};

// A date, or a date and a time: "2018-03-09", "18.3.9", "20180309", "2018-03-09T00:03:39.5". Empty for what is none, an
// impossible day included; zero months and days pass. Text behind it does not matter.
[[nodiscard]] std::optional<DateTime> read_datetime(std::string_view text);
// YYYYMMDD or YYYYMMDDhhmmss, two-digit years too.
[[nodiscard]] std::optional<DateTime> read_datetime(std::int64_t number);
// A TIME in microseconds: "12:30", "-1:02:03.5", "2 10:00:00", "123005".
[[nodiscard]] std::optional<std::int64_t> read_time(std::string_view text);

// "2018-03-09" or, with has_time, "2018-03-09 00:03:39" and ".500000" where there are microseconds.
[[nodiscard]] std::string datetime_text(const DateTime& value);
[[nodiscard]] std::string time_text(std::int64_t micros);
// YYYYMMDD, or YYYYMMDDhhmmss and the microseconds as decimals.
[[nodiscard]] double datetime_number(const DateTime& value);
[[nodiscard]] double time_number(std::int64_t micros);

[[nodiscard]] bool is_leap_year(int year);
[[nodiscard]] int days_in_month(int year, int month);
[[nodiscard]] bool has_zero(const DateTime& value);  // a zero month or day

// MySQL's TO_DAYS and FROM_DAYS; 719528 is 1970-01-01.
[[nodiscard]] std::int64_t day_number(const DateTime& value);
[[nodiscard]] std::optional<DateTime> from_day_number(std::int64_t days);
// Microseconds since day 0, and back; empty beyond the years 0 to 9999.
[[nodiscard]] std::int64_t total_micros(const DateTime& value);
[[nodiscard]] std::optional<DateTime> from_total_micros(std::int64_t micros);

[[nodiscard]] int weekday(const DateTime& value);      // Monday is 0
[[nodiscard]] int day_of_year(const DateTime& value);  // January 1st is 1
struct WeekOfYear {
  int year, week;
};
[[nodiscard]] WeekOfYear week_of_year(const DateTime& value, int mode);  // WEEK's modes 0 to 7

// `value` + `amount` of `unit` ("DAY", "MONTH", "HOUR", "DAY_HOUR", …). Compound units and SECOND with decimals read
// `amount` as text, as MySQL does. Empty beyond the calendar or for a unit that is none.
[[nodiscard]] std::optional<DateTime> add_interval(const DateTime& value, std::string_view amount,
                                                   std::string_view unit, bool subtract);
// TIMESTAMPDIFF: whole units from `from` to `to`. Empty for a unit that is none.
[[nodiscard]] std::optional<std::int64_t> difference(const DateTime& from, const DateTime& to, std::string_view unit);
// EXTRACT(unit FROM …). Empty for a unit that is none.
[[nodiscard]] std::optional<std::int64_t> extract(const DateTime& value, std::string_view unit);

// DATE_FORMAT and its inverse, STR_TO_DATE. Empty where `text` does not fit.
[[nodiscard]] std::string format_datetime(const DateTime& value, std::string_view format);
[[nodiscard]] std::optional<DateTime> read_formatted(std::string_view text, std::string_view format);
[[nodiscard]] std::string_view month_name(int month);  // 1 to 12
[[nodiscard]] std::string_view day_name(int weekday);  // 0 to 6

}  // namespace intercodesql
