#include "core/report/html_leaderboard.h"

#include "core/report/columns.h"
#include "core/report/html_page.h"

namespace ipr::report {

std::string make_html_leaderboard(const Leaderboard& table) {
  pugi::xml_document document;
  pugi::xml_node main = start_page(document, "Leaderboard");
  add(add(main, "header"), "h1", "Leaderboard");
  pugi::xml_node section = add_section(main, "results", "Results");
  std::vector<std::string> classes;
  for (const Row& row : table.rows) classes.emplace_back(row.chosen ? "chosen" : "");
  classes.resize(classes.size() + table.quoted.size());
  add_table(section, table_columns(table), classes);
  pugi::xml_node notes = add(section, "div", {}, "notes");
  for (const std::string& note : table_notes(table)) add(notes, "p", note);
  add(notes, "p", cost_line(table.cost));
  return to_html(document);
}

}  // namespace ipr::report
