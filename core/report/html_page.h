// Building blocks of the HTML page: elements, text that is safe in XML, the frame with its style sheet, serialization.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/report/columns.h"

namespace ipr::report {

// `text` as characters that XML 1.0 allows: valid UTF-8, control characters as their pictures (U+2400 …), so that
// hostile bytes are seen and harmless. Markup needs no care: pugixml escapes it.
[[nodiscard]] std::string xml_text(std::string_view text);

// Appends <name class="…">text</name>; an empty class or text is left out.
pugi::xml_node add(pugi::xml_node parent, const char* name, std::string_view text = {},
                   const char* css_class = nullptr);

// Appends a table; `row_classes` may be empty.
void add_table(pugi::xml_node parent, const std::vector<Column>& columns,
               const std::vector<std::string>& row_classes = {});

// A <section> with a heading and an id to link to.
pugi::xml_node add_section(pugi::xml_node main, const char* id, std::string_view heading);

// The frame of a page: doctype, head with the style sheet, body. Returns <main>.
pugi::xml_node start_page(pugi::xml_document& document, std::string_view title);

// The page as text: XML that HTML parsers read the same way.
[[nodiscard]] std::string to_html(const pugi::xml_document& document);

}  // namespace ipr::report
