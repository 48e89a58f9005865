// A study's table as a page of its own, self-contained like the page of a run (html_page.h).

#include "core/report/html_page.h"
#include "core/report/study_parts.h"

namespace ipr::report {

std::string make_html_study(const StudyTable& table) {
  pugi::xml_document document;
  const std::string title = "Study " + table.input.name;
  pugi::xml_node main = start_page(document, title);
  add(add(main, "header"), "h1", title);
  pugi::xml_node supported = add_section(main, "supported", "What the data support");
  pugi::xml_node list = add(supported, "ul");
  for (const StudyComparison& comparison : table.comparisons) add(list, "li", study_sentence(comparison));
  for (const std::string& note : table.input.notes) add(list, "li", note);
  for (const StudySection& part : study_sections(table)) {
    pugi::xml_node section = add_section(main, part.id.c_str(), part.title);
    if (!part.explanation.empty()) add(section, "p", part.explanation);
    add_table(section, part.columns);
    pugi::xml_node notes = add(section, "div", {}, "notes");
    for (const std::string& note : part.notes) add(notes, "p", note);
  }
  return to_html(document);
}

}  // namespace ipr::report
