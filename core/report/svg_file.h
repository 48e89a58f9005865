// A plot as a file of its own: SVG with its colours and fonts in it, for papers, slides and any viewer.
#pragma once

#include <string>
#include <variant>

#include "core/report/svg.h"

namespace ipr::report {

using Plot = std::variant<BarPlot, LinePlot>;

// Dark on white, whatever the viewer's scheme. Empty where the plot has nothing to draw.
[[nodiscard]] std::string svg_file(const Plot& plot);

}  // namespace ipr::report
