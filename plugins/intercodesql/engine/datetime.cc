#include "engine/datetime.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "engine/catalog.h"

namespace intercodesql {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86400 * kSecond;
constexpr int kLastYear = 9999;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Two-digit years: 70 to 99 are of the last century.
int full_year(int year) {
  return year < 70 ? 2000 + year : 1900 + year;
}

bool is_possible(const DateTime& value) {
  if (value.year > kLastYear || value.month > 12 || value.hour > 23 || value.minute > 59 || value.second > 59)
    return false;
  return value.day <= (value.month == 0 ? 31 : days_in_month(value.year, value.month));
}

// Digits of a fraction as microseconds; more than six are cut.
int micros_of(std::string_view digits) {
  std::string six(digits.substr(0, 6));
  six.resize(6, '0');
  return std::atoi(six.c_str());
}

struct DigitRun {
  std::string_view digits;
  char before = '\0';  // the separator in front of it
};

// Runs of digits at the beginning of `text`, one separator (or blanks) apart.
std::vector<DigitRun> digit_runs(std::string_view text) {
  std::vector<DigitRun> runs;
  std::size_t pos = 0;
  while (pos < text.size() && (text[pos] == ' ' || text[pos] == '\t')) ++pos;
  char before = '\0';
  while (pos < text.size() && is_digit(text[pos]) && runs.size() < 7) {
    const std::size_t begin = pos;
    while (pos < text.size() && is_digit(text[pos])) ++pos;
    runs.push_back({text.substr(begin, pos - begin), before});
    if (pos >= text.size()) break;
    before = text[pos];
    const bool separator =
        std::ispunct(static_cast<unsigned char>(before)) != 0 || before == ' ' || (before == 'T' && runs.size() == 3);
    if (!separator) break;
    ++pos;
    while (before == ' ' && pos < text.size() && text[pos] == ' ') ++pos;
  }
  return runs;
}

int number_of(std::string_view digits) {
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() ? number : 1'000'000'000;
}

// "20180309", "180309", "20180309000339", "180309000339".
std::optional<DateTime> read_packed(std::string_view digits) {
  const std::size_t year_digits = digits.size() == 8 || digits.size() >= 14 ? 4 : 2;
  if (digits.size() < year_digits + 3) return std::nullopt;
  std::array<int, 6> fields{};
  std::size_t pos = 0;
  std::size_t count = 0;
  for (; count < fields.size() && pos < digits.size(); ++count) {
    const std::size_t length = count == 0 ? year_digits : 2;
    fields[count] = number_of(digits.substr(pos, length));
    pos += length;
  }
  DateTime value{fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]};
  if (year_digits == 2) value.year = full_year(value.year);
  value.has_time = count > 3;
  return is_possible(value) ? std::optional(value) : std::nullopt;
}

std::string digits_of(int number, int width) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%0*d", width, number);
  return buffer.data();
}

// The number of whole months between two moments; negative if `to` is earlier.
std::int64_t months_between(const DateTime& from, const DateTime& to) {
  if (total_micros(to) < total_micros(from)) return -months_between(to, from);
  std::int64_t months = (to.year - from.year) * 12LL + to.month - from.month;
  const auto in_month = [](const DateTime& value) { return value.day * kDay + total_micros(value) % kDay; };
  if (in_month(to) < in_month(from)) --months;
  return months;
}

std::optional<DateTime> add_months(DateTime value, std::int64_t months) {
  const std::int64_t total = value.year * 12LL + value.month - 1 + months;
  if (total < 0 || total >= (kLastYear + 1) * 12LL) return std::nullopt;
  value.year = static_cast<int>(total / 12);
  value.month = static_cast<int>(total % 12) + 1;
  value.day = std::min(value.day, days_in_month(value.year, value.month));
  return value;
}

struct Unit {
  std::string_view name;
  std::int64_t months, micros;  // one of them is 0
};

constexpr std::array<Unit, 9> kUnits = {{{"MICROSECOND", 0, 1},
                                         {"SECOND", 0, kSecond},
                                         {"MINUTE", 0, 60 * kSecond},
                                         {"HOUR", 0, 3600 * kSecond},
                                         {"DAY", 0, kDay},
                                         {"WEEK", 0, 7 * kDay},
                                         {"MONTH", 1, 0},
                                         {"QUARTER", 3, 0},
                                         {"YEAR", 12, 0}}};

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (equal_ignoring_case(unit.name, name)) return &unit;
  }
  return nullptr;
}

// Sizes of the parts of a compound unit, the last one first: "DAY_SECOND" is second, minute, hour, day.
std::vector<std::int64_t> part_sizes(std::string_view first, std::string_view last) {
  constexpr std::array<std::string_view, 5> kOrder = {"MICROSECOND", "SECOND", "MINUTE", "HOUR", "DAY"};
  std::vector<std::int64_t> sizes;
  bool inside = false;
  for (const std::string_view name : kOrder) {
    inside = inside || equal_ignoring_case(name, last);
    if (inside) sizes.push_back(find_unit(name)->micros);
    if (equal_ignoring_case(name, first)) return inside ? sizes : std::vector<std::int64_t>{};
  }
  return {};
}

struct Interval {
  std::int64_t months = 0, micros = 0;
};

bool is_negative(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  return begin != std::string_view::npos && text[begin] == '-';
}

// "1 10" DAY_HOUR, "1:30" HOUR_MINUTE, "1-6" YEAR_MONTH: numbers between anything, right-aligned to the parts.
std::optional<Interval> read_compound(std::string_view amount, std::string_view unit) {
  const std::size_t bar = unit.find('_');
  if (bar == std::string_view::npos) return std::nullopt;
  const std::string_view first = unit.substr(0, bar);
  const std::string_view last = unit.substr(bar + 1);
  std::vector<std::int64_t> numbers;
  for (std::size_t pos = 0; pos < amount.size();) {
    if (!is_digit(amount[pos])) {
      ++pos;
      continue;
    }
    const std::size_t begin = pos;
    while (pos < amount.size() && is_digit(amount[pos])) ++pos;
    numbers.push_back(number_of(amount.substr(begin, pos - begin)));
  }
  const std::int64_t sign = is_negative(amount) ? -1 : 1;
  if (equal_ignoring_case(first, "YEAR") && equal_ignoring_case(last, "MONTH")) {
    if (numbers.size() == 1) numbers.insert(numbers.begin(), 0);
    if (numbers.size() != 2) return std::nullopt;
    return Interval{sign * (numbers[0] * 12 + numbers[1]), 0};
  }
  const std::vector<std::int64_t> sizes = part_sizes(first, last);
  if (sizes.empty() || numbers.size() > sizes.size()) return std::nullopt;
  Interval interval;
  for (std::size_t i = 0; i < numbers.size(); ++i) interval.micros += sizes[i] * numbers[numbers.size() - 1 - i];
  interval.micros *= sign;
  return interval;
}

std::optional<Interval> read_interval(std::string_view amount, std::string_view unit) {
  const Unit* simple = find_unit(unit);
  if (simple == nullptr) return read_compound(amount, unit);
  const double number = std::strtod(std::string(amount).c_str(), nullptr);
  if (!(std::fabs(number) < 1e15)) return std::nullopt;
  if (equal_ignoring_case(unit, "SECOND")) return Interval{0, std::llround(number * kSecond)};
  const std::int64_t whole = std::llround(number);
  const std::int64_t size = simple->months != 0 ? simple->months : simple->micros;
  std::int64_t product = 0;
  if (__builtin_mul_overflow(whole, size, &product)) return std::nullopt;
  return simple->months != 0 ? Interval{product, 0} : Interval{0, product};
}

// Does adding this unit to a DATE make a DATETIME of it?
bool is_time_unit(std::string_view unit) {
  for (const std::string_view name : {"HOUR", "MINUTE", "SECOND", "MICROSECOND"}) {
    const std::string lower = lower_ascii(unit);
    if (lower.find(lower_ascii(name)) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

bool is_leap_year(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

bool has_zero(const DateTime& value) {
  return value.month == 0 || value.day == 0;
}

std::optional<DateTime> read_datetime(std::string_view text) {
  const std::vector<DigitRun> runs = digit_runs(text);
  if (runs.empty()) return std::nullopt;
  if (runs.size() == 1 || (runs[0].digits.size() > 4 && runs[1].before == '.')) {
    auto value = read_packed(runs[0].digits);
    if (value && runs.size() > 1 && value->has_time) value->micro = micros_of(runs[1].digits);
    return value;
  }
  if (runs.size() < 3 || runs[0].digits.size() > 4) return std::nullopt;
  DateTime value{number_of(runs[0].digits), number_of(runs[1].digits), number_of(runs[2].digits)};
  if (runs[0].digits.size() <= 2) value.year = full_year(value.year);
  value.has_time = runs.size() > 3;
  int* const fields[] = {&value.hour, &value.minute, &value.second};
  for (std::size_t i = 3; i < runs.size() && i < 6; ++i) *fields[i - 3] = number_of(runs[i].digits);
  if (runs.size() > 6 && runs[6].before == '.') value.micro = micros_of(runs[6].digits);
  return is_possible(value) ? std::optional(value) : std::nullopt;
}

std::optional<DateTime> read_datetime(std::int64_t number) {
  if (number < 0) return std::nullopt;
  if (number == 0) return DateTime{};
  std::string digits = std::to_string(number);
  const std::size_t width = digits.size() <= 6 ? 6 : digits.size() <= 8 ? 8 : digits.size() <= 12 ? 12 : 14;
  digits.insert(0, width - std::min(width, digits.size()), '0');
  return read_packed(digits);
}

std::optional<std::int64_t> read_time(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.size() > 10 && !negative) {
    if (const auto moment = read_datetime(text); moment && moment->has_time) return total_micros(*moment) % kDay;
  }
  std::vector<DigitRun> runs = digit_runs(text);
  if (runs.empty()) return std::nullopt;
  int micro = 0;
  if (runs.back().before == '.' && runs.size() > 1) {
    micro = micros_of(runs.back().digits);
    runs.pop_back();
  }
  std::int64_t days = 0;
  if (runs.size() > 1 && runs[1].before == ' ') {
    days = number_of(runs[0].digits);
    runs.erase(runs.begin());
    if (runs.size() == 1) runs.push_back({"0"});
  }
  if (runs.size() > 3) return std::nullopt;
  std::array<std::int64_t, 3> fields{};
  if (runs.size() == 1) {
    const std::int64_t packed = number_of(runs[0].digits);
    fields = {packed / 10000, packed / 100 % 100, packed % 100};
  } else {
    for (std::size_t i = 0; i < runs.size(); ++i) fields[i] = number_of(runs[i].digits);
  }
  if (fields[1] > 59 || fields[2] > 59) return std::nullopt;
  const std::int64_t hours = std::min<std::int64_t>(days * 24 + fields[0], 839);
  std::int64_t micros = ((hours * 60 + fields[1]) * 60 + fields[2]) * kSecond + micro;
  constexpr std::int64_t kLongest = ((838 * 60 + 59) * 60 + 59) * kSecond;  // MySQL's largest TIME
  micros = std::min(micros, kLongest);
  return negative ? -micros : micros;
}

std::string datetime_text(const DateTime& value) {
  std::array<char, 48> buffer{};
  if (!value.has_time) {
    std::snprintf(buffer.data(), buffer.size(), "%04d-%02d-%02d", value.year, value.month, value.day);
    return buffer.data();
  }
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02d-%02d %02d:%02d:%02d", value.year, value.month, value.day,
                value.hour, value.minute, value.second);
  std::string text = buffer.data();
  return value.micro == 0 ? text : text + '.' + digits_of(value.micro, 6);
}

std::string time_text(std::int64_t micros) {
  const std::int64_t size = std::llabs(micros);
  const std::int64_t seconds = size / kSecond;
  std::array<char, 48> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%s%02d:%02d:%02d", micros < 0 ? "-" : "",
                static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  std::string text = buffer.data();
  const int rest = static_cast<int>(size % kSecond);
  return rest == 0 ? text : text + '.' + digits_of(rest, 6);
}

double datetime_number(const DateTime& value) {
  const double date = value.year * 10000.0 + value.month * 100 + value.day;
  if (!value.has_time) return date;
  return date * 1e6 + value.hour * 10000 + value.minute * 100 + value.second + value.micro / 1e6;
}

double time_number(std::int64_t micros) {
  const std::int64_t size = std::llabs(micros);
  const std::int64_t seconds = size / kSecond;
  const double number = static_cast<double>(seconds / 3600 * 10000 + seconds / 60 % 60 * 100 + seconds % 60) +
                        static_cast<double>(size % kSecond) / 1e6;
  return micros < 0 ? -number : number;
}

std::int64_t day_number(const DateTime& value) {
  if (value.year == 0 && value.month == 0) return 0;
  std::int64_t days = 365LL * value.year + 31LL * (value.month - 1) + value.day;
  std::int64_t year = value.year;
  if (value.month <= 2) {
    --year;
  } else {
    days -= (value.month * 4 + 23) / 10;
  }
  const std::int64_t century_leaps = year < 0 ? 0 : (year / 100 + 1) * 3 / 4;
  return days + (year < 0 ? 0 : year / 4) - century_leaps;
}

std::optional<DateTime> from_day_number(std::int64_t days) {
  constexpr std::int64_t kLastDay = 3652424;  // 9999-12-31
  if (days < 366 || days > kLastDay) return std::nullopt;
  DateTime value{static_cast<int>(days * 100 / 36525), 1, 1};
  while (day_number(value) > days) --value.year;
  while (day_number({value.year + 1, 1, 1}) <= days) ++value.year;
  std::int64_t rest = days - day_number(value);
  while (rest >= days_in_month(value.year, value.month)) rest -= days_in_month(value.year, value.month++);
  value.day = static_cast<int>(rest) + 1;
  return value;
}

std::int64_t total_micros(const DateTime& value) {
  return day_number(value) * kDay + ((value.hour * 60LL + value.minute) * 60 + value.second) * kSecond + value.micro;
}

std::optional<DateTime> from_total_micros(std::int64_t micros) {
  if (micros < 0) return std::nullopt;
  auto value = from_day_number(micros / kDay);
  if (!value) return std::nullopt;
  const std::int64_t rest = micros % kDay;
  const std::int64_t seconds = rest / kSecond;
  value->hour = static_cast<int>(seconds / 3600);
  value->minute = static_cast<int>(seconds / 60 % 60);
  value->second = static_cast<int>(seconds % 60);
  value->micro = static_cast<int>(rest % kSecond);
  value->has_time = true;
  return value;
}

int weekday(const DateTime& value) {
  return static_cast<int>((day_number(value) + 5) % 7);
}

int day_of_year(const DateTime& value) {
  return static_cast<int>(day_number(value) - day_number({value.year, 1, 1})) + 1;
}

WeekOfYear week_of_year(const DateTime& value, int mode) {
  const bool monday_first = (mode & 1) != 0;
  bool of_own_year = (mode & 2) != 0;  // weeks 1 to 53 of the year they lie in; otherwise 0 to 53 of the date's year
  // Week 1 is the first whole one, or the first one with four days of the year.
  const bool first_whole = ((mode & 4) != 0) == monday_first;
  const auto begins_later = [first_whole](std::int64_t start) { return first_whole ? start != 0 : start >= 4; };
  const auto days_in_year = [](int year) { return is_leap_year(year) ? 366 : 365; };

  int year = value.year;
  std::int64_t first_day = day_number({year, 1, 1});
  std::int64_t start = (first_day + (monday_first ? 5 : 6)) % 7;  // January 1st's day of the week
  if (value.month == 1 && value.day <= 7 - start) {
    if (!of_own_year && begins_later(start)) return {year, 0};
    of_own_year = true;
    --year;
    first_day -= days_in_year(year);
    start = (start + 53 * 7 - days_in_year(year)) % 7;
  }
  const std::int64_t days = day_number(value) - (begins_later(start) ? first_day + 7 - start : first_day - start);
  if (of_own_year && days >= 52 * 7 && !begins_later((start + days_in_year(year)) % 7)) return {year + 1, 1};
  return {year, static_cast<int>(days / 7) + 1};
}

std::optional<DateTime> add_interval(const DateTime& value, std::string_view amount, std::string_view unit,
                                     bool subtract) {
  auto interval = read_interval(amount, unit);
  if (!interval || has_zero(value)) return std::nullopt;
  if (subtract) interval = Interval{-interval->months, -interval->micros};
  if (interval->months != 0 || equal_ignoring_case(unit, "MONTH") || equal_ignoring_case(unit, "YEAR")) {
    return add_months(value, interval->months);
  }
  std::int64_t moment = 0;
  if (__builtin_add_overflow(total_micros(value), interval->micros, &moment)) return std::nullopt;
  auto moved = from_total_micros(moment);
  if (moved) moved->has_time = value.has_time || is_time_unit(unit);
  return moved;
}

std::optional<std::int64_t> difference(const DateTime& from, const DateTime& to, std::string_view unit) {
  const Unit* simple = find_unit(unit);
  if (simple == nullptr) return std::nullopt;
  if (simple->months != 0) return months_between(from, to) / simple->months;
  return (total_micros(to) - total_micros(from)) / simple->micros;
}

std::optional<std::int64_t> extract(const DateTime& value, std::string_view unit) {
  const std::string name = lower_ascii(unit);
  const std::int64_t seconds_part = value.second;
  if (name == "year") return value.year;
  if (name == "quarter") return (value.month + 2) / 3;
  if (name == "month") return value.month;
  if (name == "week") return week_of_year(value, 0).week;
  if (name == "day") return value.day;
  if (name == "hour") return value.hour;
  if (name == "minute") return value.minute;
  if (name == "second") return value.second;
  if (name == "microsecond") return value.micro;
  if (name == "year_month") return value.year * 100LL + value.month;
  if (name == "day_hour") return value.day * 100LL + value.hour;
  if (name == "day_minute") return value.day * 10000LL + value.hour * 100 + value.minute;
  const std::int64_t clock = value.hour * 10000LL + value.minute * 100 + seconds_part;
  if (name == "day_second") return value.day * 1000000LL + clock;
  if (name == "day_microsecond") return (value.day * 1000000LL + clock) * kSecond + value.micro;
  if (name == "hour_minute") return value.hour * 100LL + value.minute;
  if (name == "hour_second") return clock;
  if (name == "hour_microsecond") return clock * kSecond + value.micro;
  if (name == "minute_second") return value.minute * 100LL + value.second;
  if (name == "minute_microsecond") return (value.minute * 100LL + value.second) * kSecond + value.micro;
  if (name == "second_microsecond") return seconds_part * kSecond + value.micro;
  return std::nullopt;
}

}  // namespace intercodesql
