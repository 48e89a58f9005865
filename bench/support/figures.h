// Measuring and printing: clocks, medians, and a table of figures beside what they are held against.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ipr::bench {

// Seconds on the monotonic clock.
[[nodiscard]] double wall_seconds();
// Seconds of processor time of the calling thread: other programs on the machine do not count, the memory and cache
// they take away does.
[[nodiscard]] double thread_seconds();
// Seconds of processor time of all threads of the process.
[[nodiscard]] double process_seconds();

// 0 for none; the mean of the middle two for an even count.
[[nodiscard]] double median(std::vector<double> values);

// A peer's figure or a bound, and the goal for value / figure.
struct Against {
  std::string name;
  double figure = 1;
  double goal = 1;
  bool at_least = false;  // the ratio shall be at least `goal`; else at most
};

struct Figure {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<Against> against;
  [[nodiscard]] double ratio() const { return value / against->figure; }
  [[nodiscard]] bool met() const { return against->at_least ? ratio() >= against->goal : ratio() <= against->goal; }
};

// What one program found, in the order of measuring.
class Figures {
 public:
  explicit Figures(std::string program) : program_(std::move(program)) {}
  void add(std::string name, double value, std::string unit, std::optional<Against> against = std::nullopt);
  // To standard output: a table, or one line of JSON `{"program","load","figures":[{"name","value","unit",…}]}`. Both
  // carry the machine's load average, since a busy machine explains most odd figures.
  void print(bool json) const;

 private:
  void print_table(double load) const;
  void print_json(double load) const;
  std::string program_;
  std::vector<Figure> figures_;
};

}  // namespace ipr::bench
