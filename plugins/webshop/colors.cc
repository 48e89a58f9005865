#include "colors.h"

#include <vector>

#include "python_text.h"
#include "tables.h"

namespace webshop {
namespace {

// The strings of a flat JSON array without escapes.
std::vector<std::string_view> read_colors() {
  std::vector<std::string_view> colors;
  const std::string_view text = tables::color_set;
  for (std::size_t open = text.find('"'); open != std::string_view::npos;) {
    const std::size_t close = text.find('"', open + 1);
    colors.push_back(text.substr(open + 1, close - open - 1));
    open = text.find('"', close + 1);
  }
  return colors;
}

const std::vector<std::string_view>& colors() {
  static const std::vector<std::string_view> list = read_colors();
  return list;
}

}  // namespace

std::string_view normalize_color(std::string_view value) {
  for (const std::string_view color : colors()) {
    if (value.find(color) != std::string_view::npos) return color;
  }
  return value;
}

std::string normalize_named_option(std::string_view name, std::string_view value) {
  for (const std::string_view color : colors()) {
    if (color == name || color == value) return std::string(color);
  }
  std::string tuple = "(";
  tuple += repr(name);
  tuple += ", ";
  tuple += repr(value);
  return tuple += ')';
}

}  // namespace webshop
