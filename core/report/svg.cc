#include "core/report/svg.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/report/format.h"
#include "core/report/html_page.h"

namespace ipr::report {
namespace {

constexpr int kLeft = 58, kRight = 14, kTop = 12, kBottom = 44, kLegendLine = 18, kStyles = 6;
constexpr double kCharacter = 6.6;  // mean width of a letter at the legend's size

std::string number(double value) {
  return general(value, 6);
}
std::string style(const char* kind, std::size_t index) {
  std::string text = kind;
  text += " s";
  text += std::to_string(index % kStyles);
  return text;
}

pugi::xml_node shape(pugi::xml_node parent, const char* name, const std::string& css_class,
                     const std::vector<std::pair<const char*, double>>& numbers) {
  pugi::xml_node node = parent.append_child(name);
  node.append_attribute("class") = css_class.c_str();
  for (const auto& [key, value] : numbers) node.append_attribute(key) = number(value).c_str();
  return node;
}

void label(pugi::xml_node parent, double x, double y, const char* anchor, const std::string& text) {
  pugi::xml_node node = add(parent, "text", text, "tick");
  node.append_attribute("x") = number(x).c_str();
  node.append_attribute("y") = number(y).c_str();
  node.append_attribute("text-anchor") = anchor;
}

void line(pugi::xml_node parent, const std::string& css_class, double x1, double y1, double x2, double y2) {
  shape(parent, "line", css_class, {{"x1", x1}, {"y1", y1}, {"x2", x2}, {"y2", y2}});
}

// A different form for each series: colour alone does not reach everyone.
void mark(pugi::xml_node parent, std::size_t index, double x, double y) {
  const std::string css_class = style("mark", index);
  switch (index % 3) {
    case 0:
      shape(parent, "circle", css_class, {{"cx", x}, {"cy", y}, {"r", 3.5}});
      break;
    case 1:
      shape(parent, "rect", css_class, {{"x", x - 3}, {"y", y - 3}, {"width", 6}, {"height", 6}});
      break;
    default: {
      pugi::xml_node triangle = shape(parent, "path", css_class, {});
      triangle.append_attribute("d") = "M0-4.5l4.5 7.5h-9z";
      triangle.append_attribute("transform") = ("translate(" + number(x) + " " + number(y) + ")").c_str();
    }
  }
}

// The frame of a plot and the way from values to positions in it.
struct Frame {
  double left, right, top, bottom;  // of the drawing area, in view box units
  double x_low, x_high, y_low, y_high;
  [[nodiscard]] double x(double value) const { return left + (value - x_low) / (x_high - x_low) * (right - left); }
  [[nodiscard]] double y(double value) const { return bottom - (value - y_low) / (y_high - y_low) * (bottom - top); }
};

pugi::xml_node start_svg(pugi::xml_node parent, const std::string& title, int width, int height) {
  pugi::xml_node svg = parent.append_child("svg");
  svg.append_attribute("xmlns") = "http://www.w3.org/2000/svg";
  svg.append_attribute("viewBox") = ("0 0 " + std::to_string(width) + " " + std::to_string(height)).c_str();
  svg.append_attribute("role") = "img";
  add(svg, "title", title.empty() ? "plot" : title);
  return svg;
}

// Draws the legend above the plot and returns the height it took.
int add_legend(pugi::xml_node svg, const std::vector<std::string>& names, int width, bool bars) {
  if (names.size() < 2) return 0;
  double x = kLeft;
  int lines = 1;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double wide = 32 + kCharacter * static_cast<double>(names[i].size());
    if (x + wide > width && x > kLeft) {
      x = kLeft;
      ++lines;
    }
    const double y = kLegendLine * lines - 8;
    if (bars) {
      shape(svg, "rect", style("bar", i), {{"x", x}, {"y", y - 5}, {"width", 10}, {"height", 10}});
    } else {
      mark(svg, i, x + 5, y);
    }
    label(svg, x + 15, y + 4, "start", names[i]);
    x += wide;
  }
  return lines * kLegendLine;
}

void add_y_axis(pugi::xml_node svg, const Frame& frame, const std::string& title) {
  for (const double tick : round_ticks(frame.y_low, frame.y_high, 5)) {
    line(svg, "grid", frame.left, frame.y(tick), frame.right, frame.y(tick));
    label(svg, frame.left - 6, frame.y(tick) + 4, "end", general(tick));
  }
  line(svg, "axis", frame.left, frame.top, frame.left, frame.bottom);
  line(svg, "axis", frame.left, frame.bottom, frame.right, frame.bottom);
  if (title.empty()) return;
  pugi::xml_node node = add(svg, "text", title, "tick");
  const std::string middle = number((frame.top + frame.bottom) / 2);
  node.append_attribute("x") = "14";
  node.append_attribute("y") = middle.c_str();
  node.append_attribute("text-anchor") = "middle";
  node.append_attribute("transform") = ("rotate(-90 14 " + middle + ")").c_str();
}

void add_x_title(pugi::xml_node svg, const Frame& frame, const std::string& title) {
  if (!title.empty()) label(svg, (frame.left + frame.right) / 2, frame.bottom + 34, "middle", title);
}

bool drawable(const Point& point) {
  return std::isfinite(point.x) && std::isfinite(point.y);
}

// Smallest and largest of what is fed to it.
struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void take(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // A little air around; a single value gets a range of its own size.
  void widen(double share) {
    const double air = high > low ? (high - low) * share : std::max(std::abs(high) * 0.1, 1e-6);
    low -= air;
    high += air;
  }
};

// From low to high, with a foot and a head.
void error_bar(pugi::xml_node svg, const std::string& css_class, const Frame& frame, double x, const Interval& bar) {
  if (!std::isfinite(bar.low) || !std::isfinite(bar.high)) return;
  const double low = frame.y(bar.low), high = frame.y(bar.high);
  line(svg, css_class, x, low, x, high);
  line(svg, css_class, x - 4, low, x + 4, low);
  line(svg, css_class, x - 4, high, x + 4, high);
}

// One series. Those with error bars stand a little beside each other.
void draw(pugi::xml_node svg, const Frame& frame, const Series& series, std::size_t index, bool marks) {
  std::string path;
  bool pen_down = false;
  const auto across = [&](const Point& point) {
    return frame.x(point.x) + (point.bar ? 6.0 * static_cast<double>(index % kStyles) : 0.0);
  };
  for (const Point& point : series.points) {
    if (drawable(point)) {
      path += pen_down ? "L" : "M";
      path += number(across(point)) + " " + number(frame.y(point.y));
    }
    pen_down = drawable(point);
  }
  shape(svg, "path", style("line", index), {}).append_attribute("d") = path.c_str();
  for (const Point& point : series.points) {
    if (!drawable(point)) continue;
    const double x = across(point);
    if (point.bar) error_bar(svg, style("line", index), frame, x, *point.bar);
    if (marks) mark(svg, index, x, frame.y(point.y));
  }
}

}  // namespace

std::vector<double> round_ticks(double low, double high, int count) {
  const double raw = (high - low) / std::max(count, 1);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9);
  for (double k = first; k * step <= high + 1e-9 * step && ticks.size() < 100; ++k) ticks.push_back(k * step);
  return ticks;
}

pugi::xml_node add_line_plot(pugi::xml_node parent, const LinePlot& plot) {
  Range x, y;
  for (const Series& series : plot.series) {
    for (const Point& point : series.points) {
      if (!drawable(point)) continue;
      x.take(point.x);
      y.take(point.y);
      if (point.bar) y.take(point.bar->low);
      if (point.bar) y.take(point.bar->high);
    }
  }
  if (x.low > x.high) return {};
  if (plot.level) y.take(*plot.level);
  if (x.low == x.high) {
    x.low -= 0.5;
    x.high += 0.5;
  } else if (plot.marks) {
    x.widen(0.03);
  }
  y.widen(0.06);
  pugi::xml_node svg = start_svg(parent, plot.title, plot.width, plot.height);
  std::vector<std::string> names;
  for (const Series& series : plot.series) names.push_back(series.name);
  const int legend = add_legend(svg, names, plot.width, false);
  const Frame frame{kLeft,
                    static_cast<double>(plot.width - kRight),
                    static_cast<double>(kTop + legend),
                    static_cast<double>(plot.height - kBottom),
                    x.low,
                    x.high,
                    y.low,
                    y.high};
  add_y_axis(svg, frame, plot.y_label);
  for (const double tick : round_ticks(x.low, x.high, plot.width / 90)) {
    if (plot.whole_x && std::abs(tick - std::round(tick)) > 1e-9) continue;
    line(svg, "axis", frame.x(tick), frame.bottom, frame.x(tick), frame.bottom + 4);
    label(svg, frame.x(tick), frame.bottom + 17, "middle", general(tick, 6));
  }
  add_x_title(svg, frame, plot.x_label);
  if (plot.level) line(svg, "level", frame.left, frame.y(*plot.level), frame.right, frame.y(*plot.level));
  for (std::size_t i = 0; i < plot.series.size(); ++i) draw(svg, frame, plot.series[i], i, plot.marks);
  return svg;
}

pugi::xml_node add_bar_plot(pugi::xml_node parent, const BarPlot& plot) {
  Range y;
  y.take(0);
  for (const BarSeries& series : plot.series) {
    for (const double value : series.values) y.take(value);
    for (const auto& interval : series.intervals) {
      if (interval) y.take(interval->high);
    }
  }
  if (plot.labels.empty() || plot.series.empty()) return {};
  y.high = y.high > 0 ? y.high * (plot.numbers ? 1.12 : 1.06) : 1;
  pugi::xml_node svg = start_svg(parent, plot.title, plot.width, plot.height);
  std::vector<std::string> names;
  for (const BarSeries& series : plot.series) names.push_back(series.name);
  const int legend = add_legend(svg, names, plot.width, true);
  const double groups = static_cast<double>(plot.labels.size());
  const Frame frame{kLeft,
                    static_cast<double>(plot.width - kRight),
                    static_cast<double>(kTop + legend),
                    static_cast<double>(plot.height - kBottom),
                    0,
                    groups,
                    0,
                    y.high};
  add_y_axis(svg, frame, plot.y_label);
  const double slot = (frame.right - frame.left) / groups;
  std::size_t longest = 1;
  for (const std::string& text : plot.labels) longest = std::max(longest, text.size());
  const auto stride = static_cast<std::size_t>(std::ceil((kCharacter * static_cast<double>(longest) + 8) / slot));
  const double wide = std::min(0.8 * slot / static_cast<double>(plot.series.size()), 60.0);
  for (std::size_t group = 0; group < plot.labels.size(); ++group) {
    const double middle = frame.x(static_cast<double>(group) + 0.5);
    if (group % stride == 0) label(svg, middle, frame.bottom + 17, "middle", plot.labels[group]);
    double left = middle - wide * static_cast<double>(plot.series.size()) / 2;
    for (std::size_t i = 0; i < plot.series.size(); ++i, left += wide) {
      const double value = group < plot.series[i].values.size() ? plot.series[i].values[group] : 0;
      if (!(value > 0)) continue;
      pugi::xml_node bar = shape(
          svg, "rect", style("bar", i),
          {{"x", left}, {"y", frame.y(value)}, {"width", wide * 0.92}, {"height", frame.bottom - frame.y(value)}});
      add(bar, "title", plot.labels[group] + ": " + general(value));
      if (group < plot.series[i].intervals.size() && plot.series[i].intervals[group]) {
        const Interval interval = *plot.series[i].intervals[group];  // what is below 0 has no place in the plot
        error_bar(svg, "axis", frame, left + wide * 0.46, {std::max(interval.low, 0.0), interval.high});
      }
      if (plot.numbers) label(svg, left + wide * 0.46, frame.y(value) - 4, "middle", general(value));
    }
  }
  add_x_title(svg, frame, plot.x_label);
  return svg;
}

}  // namespace ipr::report
