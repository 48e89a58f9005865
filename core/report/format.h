// How numbers are written, in text and HTML alike: a point, never a locale; an ASCII minus, so that columns align.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/report/statistics.h"

namespace ipr::report {

// 0.743
[[nodiscard]] std::string fixed(double value, int digits = 3);
// +0.053, -0.021, +0.000
[[nodiscard]] std::string with_sign(double value, int digits = 3);
// [0.720, 0.766], or with signs; empty text for no interval.
[[nodiscard]] std::string bracket(const std::optional<Interval>& interval, bool sign = false);
// "81.3 ±2.1": a reward in points (times 100) and half the width of its interval; without one the points alone.
[[nodiscard]] std::string in_points(double reward, const std::optional<Interval>& interval);
// <0.001, 0.034
[[nodiscard]] std::string p_value(double p);
// 1,234,567
[[nodiscard]] std::string grouped(std::int64_t value);
// 2 decimals below 10, then fewer: 0.12, 35.2, 431
[[nodiscard]] std::string short_number(double value);
// At most `digits` significant digits without trailing zeros: 0.1, 25, 1e-05. Axis labels.
[[nodiscard]] std::string general(double value, int digits = 4);

}  // namespace ipr::report
