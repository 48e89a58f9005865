// DATE_FORMAT and STR_TO_DATE.
#include <array>
#include <charconv>
#include <cstdio>

#include "engine/catalog.h"
#include "engine/datetime.h"

namespace intercodesql {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};

std::string padded(int number, int width) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%0*d", width, number);
  return buffer.data();
}

std::string_view ordinal_ending(int day) {
  if (day >= 10 && day <= 19) return "th";
  switch (day % 10) {
    case 1:
      return "st";
    case 2:
      return "nd";
    case 3:
      return "rd";
    default:
      return "th";
  }
}

int hour_of_twelve(const DateTime& value) {
  return (value.hour + 11) % 12 + 1;
}

std::string clock(int hour, const DateTime& value) {
  return padded(hour, 2) + ':' + padded(value.minute, 2) + ':' + padded(value.second, 2);
}

void append_field(const DateTime& value, char field, std::string& out) {
  switch (field) {
    case 'a':
      out += day_name(weekday(value)).substr(0, 3);
      break;
    case 'b':
      out += month_name(value.month).substr(0, 3);
      break;
    case 'c':
      out += std::to_string(value.month);
      break;
    case 'D':
      out += std::to_string(value.day);
      out += ordinal_ending(value.day);
      break;
    case 'd':
      out += padded(value.day, 2);
      break;
    case 'e':
      out += std::to_string(value.day);
      break;
    case 'f':
      out += padded(value.micro, 6);
      break;
    case 'H':
      out += padded(value.hour, 2);
      break;
    case 'h':
    case 'I':
      out += padded(hour_of_twelve(value), 2);
      break;
    case 'i':
      out += padded(value.minute, 2);
      break;
    case 'j':
      out += padded(day_of_year(value), 3);
      break;
    case 'k':
      out += std::to_string(value.hour);
      break;
    case 'l':
      out += std::to_string(hour_of_twelve(value));
      break;
    case 'M':
      out += month_name(value.month);
      break;
    case 'm':
      out += padded(value.month, 2);
      break;
    case 'p':
      out += value.hour < 12 ? "AM" : "PM";
      break;
    case 'r':
      out += clock(hour_of_twelve(value), value);
      out += value.hour < 12 ? " AM" : " PM";
      break;
    case 'S':
    case 's':
      out += padded(value.second, 2);
      break;
    case 'T':
      out += clock(value.hour, value);
      break;
    case 'U':
      out += padded(week_of_year(value, 0).week, 2);
      break;
    case 'u':
      out += padded(week_of_year(value, 1).week, 2);
      break;
    case 'V':
      out += padded(week_of_year(value, 2).week, 2);
      break;
    case 'v':
      out += padded(week_of_year(value, 3).week, 2);
      break;
    case 'W':
      out += day_name(weekday(value));
      break;
    case 'w':
      out += std::to_string((weekday(value) + 1) % 7);
      break;
    case 'X':
      out += padded(week_of_year(value, 2).year, 4);
      break;
    case 'x':
      out += padded(week_of_year(value, 3).year, 4);
      break;
    case 'Y':
      out += padded(value.year, 4);
      break;
    case 'y':
      out += padded(value.year % 100, 2);
      break;
    default:
      out += field;
  }
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads the text from the left; every reader returns whether it fitted.
class FormattedText {
 public:
  explicit FormattedText(std::string_view text) : text_(text) {}

  bool read(std::string_view format) {
    for (std::size_t i = 0; i < format.size(); ++i) {
      skip_blanks();
      if (format[i] == ' ') continue;
      if (pos_ == text_.size()) break;  // what the text does not say stays zero
      if (format[i] != '%' || i + 1 == format.size()) {
        if (text_[pos_++] != format[i]) return false;
      } else if (!read_field(format[++i])) {
        return false;
      }
    }
    return true;
  }

  std::optional<DateTime> value() {
    if (has_half_day_) value_.hour = value_.hour % 12 + (is_afternoon_ ? 12 : 0);
    if (value_.month > 12 || value_.hour > 23 || value_.minute > 59 || value_.second > 59) return std::nullopt;
    if (value_.day > (value_.month == 0 ? 31 : days_in_month(value_.year, value_.month))) return std::nullopt;
    if (day_of_year_ > 0 && value_.year > 0) {
      const auto day = from_day_number(day_number({value_.year, 1, 1}) + day_of_year_ - 1);
      if (!day) return std::nullopt;
      value_.month = day->month;
      value_.day = day->day;
    }
    return value_;
  }

 private:
  void skip_blanks() {
    while (pos_ < text_.size() && text_[pos_] == ' ') ++pos_;
  }

  bool number(std::size_t width, int& out) {
    const std::size_t begin = pos_;
    while (pos_ < text_.size() && pos_ - begin < width && is_digit(text_[pos_])) ++pos_;
    return std::from_chars(text_.data() + begin, text_.data() + pos_, out).ptr != text_.data() + begin;
  }

  bool time_number(std::size_t width, int& out) {
    value_.has_time = true;
    return number(width, out);
  }

  // A name of `names`, or its first three letters; the position from 1 on goes to `out`.
  template <typename Names>
  bool name(const Names& names, bool abbreviated, int& out) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string_view wanted = abbreviated ? names[i].substr(0, 3) : names[i];
      if (equal_ignoring_case(text_.substr(pos_, wanted.size()), wanted)) {
        pos_ += wanted.size();
        out = static_cast<int>(i) + 1;
        return true;
      }
    }
    return false;
  }

  bool half_day() {
    const std::string mark = lower_ascii(text_.substr(pos_, 2));
    if (mark != "am" && mark != "pm") return false;
    pos_ += 2;
    value_.has_time = true;
    has_half_day_ = true;
    is_afternoon_ = mark == "pm";
    return true;
  }

  bool short_year() {
    if (!number(2, value_.year)) return false;
    value_.year += value_.year < 70 ? 2000 : 1900;
    return true;
  }

  bool fraction() {
    const std::size_t begin = pos_;
    if (!time_number(6, value_.micro)) return false;
    for (std::size_t digits = pos_ - begin; digits < 6; ++digits) value_.micro *= 10;
    return true;
  }

  bool read_field(char field) {
    int ignored = 0;
    switch (field) {
      case 'Y':
        return number(4, value_.year);
      case 'y':
        return short_year();
      case 'm':
      case 'c':
        return number(2, value_.month);
      case 'M':
        return name(kMonths, false, value_.month);
      case 'b':
        return name(kMonths, true, value_.month);
      case 'd':
      case 'e':
        return number(2, value_.day);
      case 'D':
        if (!number(2, value_.day)) return false;
        pos_ = std::min(pos_ + 2, text_.size());
        return true;
      case 'a':
        return name(kDays, true, ignored);
      case 'W':
        return name(kDays, false, ignored);
      case 'j':
        return number(3, day_of_year_);
      case 'H':
      case 'k':
        return time_number(2, value_.hour);
      case 'h':
      case 'I':
      case 'l':
        has_half_day_ = true;
        return time_number(2, value_.hour);
      case 'i':
        return time_number(2, value_.minute);
      case 's':
      case 'S':
        return time_number(2, value_.second);
      case 'f':
        return fraction();
      case 'p':
        return half_day();
      case 'T':
        return read("%H:%i:%S");
      case 'r':
        return read("%I:%i:%S %p");
      default:
        return text_[pos_++] == field;
    }
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  DateTime value_;
  int day_of_year_ = 0;
  bool has_half_day_ = false, is_afternoon_ = false;
};

}  // namespace

std::string_view month_name(int month) {
  return month >= 1 && month <= 12 ? kMonths[static_cast<std::size_t>(month - 1)] : "";
}

std::string_view day_name(int day) {
  return kDays[static_cast<std::size_t>(day)];
}

std::string format_datetime(const DateTime& value, std::string_view format) {
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      append_field(value, format[++i], out);
    } else {
      out += format[i];
    }
  }
  return out;
}

std::optional<DateTime> read_formatted(std::string_view text, std::string_view format) {
  FormattedText reader(text);
  return reader.read(format) ? reader.value() : std::nullopt;
}

}  // namespace intercodesql
