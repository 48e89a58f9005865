// Plots as inline SVG, built into a pugixml document: line plots with error bars, grouped bars.
//
// Colours and fonts come from the page's style sheet (classes `s0`…`s5`, `axis`, `grid`, `level`, `tick`), so that
// plots follow the light or dark scheme; series also differ by their marks. Not-a-number points leave a gap. A plot of
// nothing is nothing: the functions return an empty node.
#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "core/report/statistics.h"

namespace ipr::report {

struct Point {
  double x = 0, y = 0;
  std::optional<Interval> bar;  // error bar from low to high
};

struct Series {
  std::string name;  // in the legend, where there is more than one series
  std::vector<Point> points;
};

struct LinePlot {
  std::string title;  // for those who hear the page; the caption is the caller's
  std::string x_label, y_label;
  std::vector<Series> series;
  bool whole_x = false;           // ticks at whole numbers only, e.g. iterations
  bool marks = true;              // draw the points
  std::optional<double> level;    // a dashed line across, e.g. "no difference"; always inside the plot
  int width = 380, height = 240;  // units of the view box, about pixels: readable on a phone
};
// Appends an <svg> to `parent`.
pugi::xml_node add_line_plot(pugi::xml_node parent, const LinePlot& plot);

struct BarSeries {
  std::string name;
  std::vector<double> values;                           // one per label, not negative
  std::vector<std::optional<Interval>> intervals = {};  // error bars, one per value; may be empty
};

struct BarPlot {
  std::string title;
  std::string x_label, y_label;
  std::vector<std::string> labels;  // those that do not fit are left out, evenly
  std::vector<BarSeries> series;
  bool numbers = false;  // write each value above its bar
  int width = 380, height = 230;
};
pugi::xml_node add_bar_plot(pugi::xml_node parent, const BarPlot& plot);

// About `count` round numbers (1, 2, 5 times a power of ten) that cover [low, high] from inside. Precondition: low <
// high.
[[nodiscard]] std::vector<double> round_ticks(double low, double high, int count);

}  // namespace ipr::report
