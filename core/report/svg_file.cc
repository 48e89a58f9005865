#include "core/report/svg_file.h"

#include <sstream>

namespace ipr::report {
namespace {

// Literal colours: converters of SVG (rsvg, Inkscape) know no CSS variables.
constexpr const char* kStyle = R"(
.axis{stroke:#5b6570;stroke-width:1}.grid{stroke:#dcdfe3;stroke-width:1}
.level{stroke:#5b6570;stroke-width:1.2;stroke-dasharray:5 4}
.tick{fill:#1d2125;font:12.5px system-ui,"DejaVu Sans",Arial,sans-serif}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.line.s0{stroke:#0069a8}.line.s1{stroke:#c75000}.line.s2{stroke:#007a5a}
.line.s3{stroke:#a3477a}.line.s4{stroke:#8a6a00}.line.s5{stroke:#555b61}
.mark.s0,.bar.s0{fill:#0069a8}.mark.s1,.bar.s1{fill:#c75000}.mark.s2,.bar.s2{fill:#007a5a}
.mark.s3,.bar.s3{fill:#a3477a}.mark.s4,.bar.s4{fill:#8a6a00}.mark.s5,.bar.s5{fill:#555b61}
)";

pugi::xml_node add_plot(pugi::xml_node parent, const BarPlot& plot) {
  return add_bar_plot(parent, plot);
}
pugi::xml_node add_plot(pugi::xml_node parent, const LinePlot& plot) {
  return add_line_plot(parent, plot);
}

}  // namespace

std::string svg_file(const Plot& plot) {
  pugi::xml_document document;
  pugi::xml_node svg = std::visit([&](const auto& chosen) { return add_plot(document, chosen); }, plot);
  if (!svg) return {};
  const auto [width, height] = std::visit([](const auto& p) { return std::pair(p.width, p.height); }, plot);
  svg.append_attribute("width") = width;
  svg.append_attribute("height") = height;
  pugi::xml_node ground = svg.insert_child_after("rect", svg.child("title"));
  ground.append_attribute("width") = "100%";
  ground.append_attribute("height") = "100%";
  ground.append_attribute("fill") = "#fff";
  svg.insert_child_after("style", svg.child("title")).append_child(pugi::node_pcdata).set_value(kStyle);
  std::ostringstream out;
  document.save(out, "", pugi::format_raw, pugi::encoding_utf8);
  return out.str() + "\n";
}

}  // namespace ipr::report
