#include "bench/support/figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "core/base/json.h"

namespace ipr::bench {
namespace {

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Whole numbers from 1,000 on, else three significant digits.
std::string number(double value) {
  char text[48];
  const double size = std::abs(value);
  if (size < 1000) {
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
  }
  std::snprintf(text, sizeof text, "%.0f", value);
  std::string grouped = text;
  const int first = value < 0 ? 1 : 0;
  for (int at = static_cast<int>(grouped.size()) - 3; at > first; at -= 3)
    grouped.insert(static_cast<std::size_t>(at), 1, ',');
  return grouped;
}

}  // namespace

double wall_seconds() {
  return seconds_of(CLOCK_MONOTONIC);
}
double thread_seconds() {
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}
double process_seconds() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void Figures::add(std::string name, double value, std::string unit, std::optional<Against> against) {
  figures_.push_back({std::move(name), value, std::move(unit), std::move(against)});
}

void Figures::print(bool json) const {
  double load = 0;
  if (::getloadavg(&load, 1) != 1) load = 0;
  json ? print_json(load) : print_table(load);
}

void Figures::print_table(double load) const {
  std::printf("%s (load average %.1f)\n", program_.c_str(), load);
  std::printf("%-62s %12s %-9s %10s  %-15s %s\n", "", "measured", "", "ratio", "goal", "held against");
  for (const Figure& figure : figures_) {
    std::printf("%-62s %12s %-9s", figure.name.c_str(), number(figure.value).c_str(), figure.unit.c_str());
    if (figure.against) {
      std::string goal = figure.against->at_least ? ">= " : "<= ";
      goal += number(figure.against->goal);
      if (!figure.met()) goal += " MISSED";
      std::printf(" %10s  %-15s %s", number(figure.ratio()).c_str(), goal.c_str(), figure.against->name.c_str());
    }
    std::printf("\n");
  }
}

void Figures::print_json(double load) const {
  Json list = Json::array();
  for (const Figure& figure : figures_) {
    Json item = {{"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}};
    if (figure.against) {
      item["against"] = figure.against->name;
      item["ratio"] = figure.ratio();
      item[figure.against->at_least ? "goal_at_least" : "goal_at_most"] = figure.against->goal;
      item["met"] = figure.met();
    }
    list.push_back(std::move(item));
  }
  std::printf("%s\n", dump_line({{"program", program_}, {"load", load}, {"figures", std::move(list)}}).c_str());
}

}  // namespace ipr::bench
