#include "engine/functions_date.h"

#include <algorithm>
#include <cmath>

#include "engine/datetime.h"
#include "engine/number_text.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86400 * kSecond;

// Argument `i` as a date or a moment; NULL, or what is none, is empty.
std::optional<DateTime> moment(FunctionCall& call, int i) {
  switch (call.storage(i)) {
    case SQLITE_NULL:
      return std::nullopt;
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
      return read_datetime(call.integer(i));
    default:
      return read_datetime(call.text(i));
  }
}

// A moment that is on the calendar: no zero month or day.
std::optional<DateTime> real_moment(FunctionCall& call, int i) {
  const auto value = moment(call, i);
  return value && !has_zero(*value) ? value : std::nullopt;
}

// Does a text begin as a time of day does, "12:30", rather than as a date?
bool looks_like_time(std::string_view text) {
  const std::size_t end = text.find_first_not_of("-0123456789", text.find_first_not_of(' '));
  return end != std::string_view::npos && text[end] == ':' && end < 8;
}

std::optional<std::int64_t> time_of(FunctionCall& call, int i) {
  if (call.is_null(i)) return std::nullopt;
  if (call.storage(i) == SQLITE_TEXT && !looks_like_time(call.text(i))) {
    if (const auto value = read_datetime(call.text(i))) return total_micros(*value) % kDay;
  }
  return read_time(call.text(i));
}

void answer(FunctionCall& call, const std::optional<DateTime>& value) {
  value ? call.result(datetime_text(*value)) : call.null();
}

void answer(FunctionCall& call, std::optional<std::int64_t> number) {
  number ? call.result(*number) : call.null();
}

// --- parts

template <int DateTime::*kMember>
void part(FunctionCall& call) {
  const auto value = moment(call, 0);
  value ? call.result(std::int64_t{(*value).*kMember}) : call.null();
}

template <std::int64_t kUnit, std::int64_t kCount>
void time_part(FunctionCall& call) {
  const auto micros = time_of(call, 0);
  if (!micros) return call.null();
  const std::int64_t units = std::llabs(*micros) / kUnit;
  call.result(kCount == 0 ? units : units % kCount);
}

void quarter(FunctionCall& call) {
  const auto value = moment(call, 0);
  value ? call.result(std::int64_t{(value->month + 2) / 3}) : call.null();
}

void week(FunctionCall& call) {
  const auto value = real_moment(call, 0);
  value ? call.result(std::int64_t{week_of_year(*value, static_cast<int>(call.integer(1) & 7)).week}) : call.null();
}

void year_week(FunctionCall& call) {
  const auto value = real_moment(call, 0);
  if (!value) return call.null();
  const WeekOfYear found = week_of_year(*value, static_cast<int>(call.integer(1) & 7) | 2);
  call.result(std::int64_t{found.year} * 100 + found.week);
}

void weekday_of(FunctionCall& call) {
  const auto value = real_moment(call, 0);
  value ? call.result(std::int64_t{weekday(*value)}) : call.null();
}

void day_of_week(FunctionCall& call) {
  const auto value = real_moment(call, 0);
  value ? call.result(std::int64_t{(weekday(*value) + 1) % 7 + 1}) : call.null();
}

void day_in_year(FunctionCall& call) {
  const auto value = real_moment(call, 0);
  value ? call.result(std::int64_t{day_of_year(*value)}) : call.null();
}

void name_of_day(FunctionCall& call) {
  const auto value = real_moment(call, 0);
  value ? call.result(day_name(weekday(*value))) : call.null();
}

void name_of_month(FunctionCall& call) {
  const auto value = moment(call, 0);
  value && value->month > 0 ? call.result(month_name(value->month)) : call.null();
}

// my_extract(unit, x).
void extract_unit(FunctionCall& call) {
  const std::string_view unit = call.text(0);
  if (call.is_null(1)) return call.null();
  std::optional<DateTime> value = moment(call, 1);
  if (call.storage(1) == SQLITE_TEXT && looks_like_time(call.text(1))) {
    const auto micros = read_time(call.text(1));
    if (!micros) return call.null();
    const std::int64_t size = std::llabs(*micros);
    const std::int64_t seconds = size / kSecond;
    value = DateTime{0,
                     0,
                     0,
                     static_cast<int>(seconds / 3600),
                     static_cast<int>(seconds / 60 % 60),
                     static_cast<int>(seconds % 60),
                     static_cast<int>(size % kSecond),
                     true};
  }
  value ? answer(call, extract(*value, unit)) : call.null();
}

// --- conversions

void to_date(FunctionCall& call) {
  auto value = moment(call, 0);
  if (value) value->has_time = false;
  answer(call, value);
}

// Rounds to `digits` of fractional seconds.
std::int64_t rounded(std::int64_t micros, std::int64_t digits) {
  std::int64_t unit = 1;
  for (; digits < 6; ++digits) unit *= 10;
  return (micros + (micros < 0 ? -unit / 2 : unit / 2)) / unit * unit;
}

// A fraction of exactly so many digits behind a text that has six or none.
std::string with_digits(std::string text, std::int64_t digits) {
  const std::size_t point = text.find('.');
  if (digits <= 0) return text.substr(0, point);
  if (point == std::string::npos) text += ".000000";
  return text.substr(0, text.size() - 6 + static_cast<std::size_t>(digits));
}

// my_datetime(x, digits).
void to_datetime(FunctionCall& call) {
  if (call.any_null()) return call.null();
  auto value = moment(call, 0);
  const std::int64_t digits = std::clamp<std::int64_t>(call.integer(1), 0, 6);
  if (value && !has_zero(*value)) value = from_total_micros(rounded(total_micros(*value), digits));
  if (!value) return call.null();
  value->has_time = true;
  call.result(with_digits(datetime_text(*value), digits));
}

// my_time(x, digits).
void to_time(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const auto micros = time_of(call, 0);
  if (!micros) return call.null();
  const std::int64_t digits = std::clamp<std::int64_t>(call.integer(1), 0, 6);
  call.result(with_digits(time_text(rounded(*micros, digits)), digits));
}

// my_temporal_number(x): a date, moment or time as the number of its digits.
void temporal_number(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  const std::string_view text = call.text(0);
  if (looks_like_time(text)) {
    const auto micros = read_time(text);
    return micros ? call.result(time_number(*micros)) : call.null();
  }
  const auto value = read_datetime(text);
  value ? call.result(datetime_number(*value)) : call.null();
}

void last_day(FunctionCall& call) {
  auto value = moment(call, 0);
  if (!value || value->month == 0) return call.null();
  value->day = days_in_month(value->year, value->month);
  value->has_time = false;
  answer(call, value);
}

void to_days(FunctionCall& call) {
  const auto value = real_moment(call, 0);
  value ? call.result(day_number(*value)) : call.null();
}

void to_seconds(FunctionCall& call) {
  const auto value = real_moment(call, 0);
  value ? call.result(total_micros(*value) / kSecond) : call.null();
}

void from_days(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  const auto value = from_day_number(call.integer(0));
  call.result(value ? datetime_text(*value) : "0000-00-00");
}

void make_date(FunctionCall& call) {
  if (call.any_null() || call.integer(1) < 1) return call.null();
  const std::int64_t year = call.integer(0);
  if (year < 0 || year > 9999) return call.null();
  const int full = static_cast<int>(year < 70 ? year + 2000 : year < 100 ? year + 1900 : year);
  answer(call, from_day_number(day_number({full, 1, 1}) + std::min<std::int64_t>(call.integer(1), 4000000) - 1));
}

void make_time(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::int64_t hours = std::clamp<std::int64_t>(call.integer(0), -838, 838);
  const std::int64_t minutes = call.integer(1);
  const double seconds = call.number(2);
  if (minutes < 0 || minutes > 59 || seconds < 0 || seconds >= 60) return call.null();
  const std::int64_t size = (std::llabs(hours) * 60 + minutes) * 60 * kSecond + std::llround(seconds * kSecond);
  call.result(time_text(hours < 0 ? -size : size));
}

void sec_to_time(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  const double seconds = std::clamp(call.number(0), -3020399.0, 3020399.0);
  call.result(time_text(std::llround(seconds * kSecond)));
}

void time_to_sec(FunctionCall& call) {
  const auto micros = time_of(call, 0);
  micros ? call.result(*micros / kSecond) : call.null();
}

constexpr std::int64_t kEpochDay = 719528;  // 1970-01-01

void unix_timestamp(FunctionCall& call) {
  const auto value = call.count() == 0 ? read_datetime(call.session().now) : real_moment(call, 0);
  if (!value) return call.null();
  call.result(std::max<std::int64_t>((total_micros(*value) - kEpochDay * kDay) / kSecond, 0));
}

void from_unixtime(FunctionCall& call) {
  if (call.is_null(0) || call.number(0) < 0) return call.null();
  const double seconds = std::min(call.number(0), 4e11);
  const auto value = from_total_micros(kEpochDay * kDay + std::llround(seconds * kSecond));
  answer(call, value);
}

// --- formats

void date_format(FunctionCall& call) {
  if (call.is_null(1)) return call.null();
  const auto value = moment(call, 0);
  value ? call.result(format_datetime(*value, call.text(1))) : call.null();
}

void time_format(FunctionCall& call) {
  const auto micros = time_of(call, 0);
  if (!micros || call.is_null(1)) return call.null();
  const std::int64_t seconds = std::llabs(*micros) / kSecond;
  const DateTime value{0,
                       0,
                       0,
                       static_cast<int>(seconds / 3600),
                       static_cast<int>(seconds / 60 % 60),
                       static_cast<int>(seconds % 60),
                       static_cast<int>(std::llabs(*micros) % kSecond),
                       true};
  call.result(format_datetime(value, call.text(1)));
}

// STR_TO_DATE: a date, a moment or a time of day, as the format says.
void str_to_date(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const auto value = read_formatted(call.text(0), call.text(1));
  if (!value) return call.null();
  const std::string_view format = call.text(1);
  const bool has_date = format.find_first_of("YymcMbdeDj") != std::string_view::npos;
  if (value->has_time && !has_date) {
    return call.result(time_text(((value->hour * 60LL + value->minute) * 60 + value->second) * kSecond + value->micro));
  }
  if (has_zero(*value)) return call.null();  // sql_mode NO_ZERO_IN_DATE
  answer(call, value);
}

// --- arithmetic

// my_add_interval(x, amount, unit, subtract): of a time of day too.
void interval_added(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const bool subtract = call.integer(3) != 0;
  if (call.storage(0) == SQLITE_TEXT && looks_like_time(call.text(0))) {
    const auto micros = read_time(call.text(0));
    const DateTime origin{2000, 1, 1, 0, 0, 0, 0, true};
    const auto moved = micros ? add_interval(origin, call.text(1), call.text(2), subtract) : std::nullopt;
    return moved ? call.result(time_text(*micros + total_micros(*moved) - total_micros(origin))) : call.null();
  }
  const auto value = moment(call, 0);
  answer(call, value ? add_interval(*value, call.text(1), call.text(2), subtract) : std::nullopt);
}

void date_diff(FunctionCall& call) {
  const auto a = real_moment(call, 0);
  const auto b = real_moment(call, 1);
  a&& b ? call.result(day_number(*a) - day_number(*b)) : call.null();
}

// my_timestamp_diff(unit, from, to).
void timestamp_diff(FunctionCall& call) {
  const auto from = real_moment(call, 1);
  const auto to = real_moment(call, 2);
  answer(call, from && to ? difference(*from, *to, call.text(0)) : std::nullopt);
}

// Both moments or both times of day.
void time_diff(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const bool times = looks_like_time(call.text(0));
  if (times != looks_like_time(call.text(1))) return call.null();
  std::optional<std::int64_t> a;
  std::optional<std::int64_t> b;
  if (times) {
    a = read_time(call.text(0));
    b = read_time(call.text(1));
  } else {
    const auto first = real_moment(call, 0);
    const auto second = real_moment(call, 1);
    if (first) a = total_micros(*first);
    if (second) b = total_micros(*second);
  }
  constexpr std::int64_t kLongest = ((838 * 60 + 59) * 60 + 59) * kSecond;
  a&& b ? call.result(time_text(std::clamp(*a - *b, -kLongest, kLongest))) : call.null();
}

// ADDTIME and SUBTIME.
template <int kSign>
void add_time(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const auto change = read_time(call.text(1));
  if (!change) return call.null();
  if (looks_like_time(call.text(0))) {
    const auto micros = read_time(call.text(0));
    return micros ? call.result(time_text(*micros + kSign * *change)) : call.null();
  }
  const auto value = real_moment(call, 0);
  answer(call, value ? from_total_micros(total_micros(*value) + kSign * *change) : std::nullopt);
}

std::int64_t months_of_period(std::int64_t period) {
  std::int64_t year = period / 100;
  if (year < 100) year += year < 70 ? 2000 : 1900;
  return year * 12 + period % 100 - 1;
}

void period_add(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::int64_t months = months_of_period(call.integer(0) % 1000000) + call.integer(1) % 1000000;
  call.result(months / 12 * 100 + months % 12 + 1);
}

void period_diff(FunctionCall& call) {
  if (call.any_null()) return call.null();
  call.result(months_of_period(call.integer(0) % 1000000) - months_of_period(call.integer(1) % 1000000));
}

constexpr FunctionEntry kFunctions[] = {
    {"my_year", 1, part<&DateTime::year>},
    {"my_month", 1, part<&DateTime::month>},
    {"my_day", 1, part<&DateTime::day>},
    {"my_hour", 1, time_part<3600 * kSecond, 0>},
    {"my_minute", 1, time_part<60 * kSecond, 60>},
    {"my_second", 1, time_part<kSecond, 60>},
    {"my_microsecond", 1, time_part<1, kSecond>},
    {"my_quarter", 1, quarter},
    {"my_week", 2, week},
    {"my_yearweek", 2, year_week},
    {"my_weekday", 1, weekday_of},
    {"my_day_of_week", 1, day_of_week},
    {"my_day_of_year", 1, day_in_year},
    {"my_day_name", 1, name_of_day},
    {"my_month_name", 1, name_of_month},
    {"my_extract", 2, extract_unit},
    {"my_date", 1, to_date},
    {"my_datetime", 2, to_datetime},
    {"my_time", 2, to_time},
    {"my_temporal_number", 1, temporal_number},
    {"my_last_day", 1, last_day},
    {"my_to_days", 1, to_days},
    {"my_to_seconds", 1, to_seconds},
    {"my_from_days", 1, from_days},
    {"my_make_date", 2, make_date},
    {"my_make_time", 3, make_time},
    {"my_sec_to_time", 1, sec_to_time},
    {"my_time_to_sec", 1, time_to_sec},
    {"my_unix_timestamp", -1, unix_timestamp},
    {"my_from_unixtime", 1, from_unixtime},
    {"my_date_format", 2, date_format},
    {"my_time_format", 2, time_format},
    {"my_str_to_date", 2, str_to_date},
    {"my_add_interval", 4, interval_added},
    {"my_date_diff", 2, date_diff},
    {"my_timestamp_diff", 3, timestamp_diff},
    {"my_time_diff", 2, time_diff},
    {"my_add_time", 2, add_time<1>},
    {"my_sub_time", 2, add_time<-1>},
    {"my_period_add", 2, period_add},
    {"my_period_diff", 2, period_diff},
};

}  // namespace

std::span<const FunctionEntry> date_functions() {
  return kFunctions;
}

}  // namespace intercodesql
