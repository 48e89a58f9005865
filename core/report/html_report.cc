#include "core/report/html_report.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <tuple>

#include "core/report/checks.h"
#include "core/report/format.h"
#include "core/report/html_page.h"
#include "core/report/html_parts.h"

namespace ipr::report {
namespace {

void add_header(pugi::xml_node main, const ReportInput& input, const Leaderboard& table) {
  pugi::xml_node header = add(main, "header");
  add(header, "h1", input.run.run);
  std::istringstream sentences(verdict(table, input.method));
  for (std::string sentence; std::getline(sentences, sentence);) add(header, "p", sentence, "verdict");
  if (!input.command.empty()) add(header, "pre", input.command, "command");
  pugi::xml_node facts = add(header, "dl");
  const auto fact = [&](const std::string& name, const std::string& value) {
    if (value.empty()) return;
    add(facts, "dt", name);
    add(facts, "dd", value);
  };
  fact("environment", input.run.env);
  for (const auto& [name, value] : input.facts) fact(name, value);
  fact("panel", input.run.panel);
}

void add_results(pugi::xml_node main, const Leaderboard& table) {
  if (table.rows.empty()) return;
  pugi::xml_node section = add_section(main, "results", "Results");
  std::vector<std::string> classes;
  for (const Row& row : table.rows) classes.push_back(row.chosen ? "chosen" : "");
  add_table(section, table_columns(table), classes);
  pugi::xml_node notes = add(section, "div", {}, "notes");
  for (const std::string& note : table_notes(table)) add(notes, "p", note);
  add(notes, "p",
      "n: tasks. Intervals: 95 %, Student's t (Wilson's for 0/1 outcomes), the task or its cluster as the unit, not "
      "corrected. Differences are paired by task.");
}

// Success and exit statuses: a mean alone hides how episodes ended.
Status add_endings(pugi::xml_node main, store::RunStore& record) {
  struct Ending {
    std::size_t episodes = 0, success = 0;
    std::map<std::string, std::size_t> statuses;
  };
  std::map<std::tuple<std::string, std::int32_t, std::string>, Ending> endings;
  std::map<std::string, std::size_t> statuses;
  store::EpisodeFilter filter;
  filter.stage = store::kEval;
  IPR_TRY(record.for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& episode) {
    Ending& ending = endings[{episode.split, episode.iteration, episode.policy}];
    ++ending.episodes;
    ending.success += episode.success;
    ++ending.statuses[episode.exit_status];
    ++statuses[episode.exit_status];
    return Status();
  }));
  if (endings.empty()) return {};
  std::vector<Column> columns{{"policy", false, {}},
                              {"split", false, {}},
                              {"episodes", true, {}},
                              {"success", true, {}},
                              {"95 % interval", true, {}}};
  for (const auto& [status, count] : statuses) columns.push_back({status, true, {}});
  for (const auto& [key, ending] : endings) {
    std::vector<std::string> cells{std::get<2>(key), std::get<0>(key),
                                   grouped(static_cast<std::int64_t>(ending.episodes)),
                                   fixed(static_cast<double>(ending.success) / static_cast<double>(ending.episodes)),
                                   bracket(wilson_interval(ending.success, ending.episodes))};
    for (const auto& [status, count] : statuses) {
      const auto found = ending.statuses.find(status);
      cells.push_back(found == ending.statuses.end() ? "0" : std::to_string(found->second));
    }
    add_row(columns, cells);
  }
  pugi::xml_node section = add_section(main, "endings", "How episodes ended");
  add_table(section, columns);
  add(add(section, "div", {}, "notes"), "p",
      "Success as the environment defines it, with Wilson's interval; then exit statuses.");
  return {};
}

// Warnings first: they are what the reader should not miss. Nothing where nothing is known.
Status add_checks(pugi::xml_node main, const ReportInput& input) {
  IPR_ASSIGN(std::vector<Check> checks, check_run({input.run, input.dev_splits, input.tau}));
  const bool known =
      std::any_of(checks.begin(), checks.end(), [](const Check& check) { return check.state != CheckState::kUnknown; });
  if (!known) return {};
  std::stable_partition(checks.begin(), checks.end(),
                        [](const Check& check) { return check.state == CheckState::kWarning; });
  pugi::xml_node list = add(add_section(main, "checks", "Checks and warnings"), "ul", {}, "checks");
  for (const Check& check : checks) {
    const bool warns = check.state == CheckState::kWarning, fine = check.state == CheckState::kFine;
    pugi::xml_node item = add(list, "li", {}, warns ? "warning" : fine ? "fine" : "unknown");
    item.append_attribute("id") = ("check-" + check.id).c_str();
    pugi::xml_node head = add(item, "p", {}, "head");
    add(head, "span", warns ? "\xE2\x9A\xA0 warning" : fine ? "\xE2\x9C\x93 fine" : "? not known", "state");
    add(head, "strong", check.title);
    if (check.value) add(head, "span", general(*check.value, 3), "value");
    if (check.threshold) add(head, "span", "threshold " + general(*check.threshold, 3), "soft");
    add(item, "p", check.text);
  }
  return {};
}

// Those that differ from the paper are shown at once, the rest behind a click.
void add_settings(pugi::xml_node main, const std::vector<Setting>& settings) {
  if (settings.empty()) return;
  const std::vector<Column> titles{
      {"setting", false, {}}, {"value", false, {}}, {"from", false, {}}, {"paper", false, {}}};
  std::vector<Column> differing = titles, others(titles.begin(), titles.end() - 1);
  for (const Setting& setting : settings) {
    add_row(setting.paper.empty() ? others : differing, {setting.key, setting.value, setting.source, setting.paper});
  }
  const std::size_t count = differing[0].cells.size();
  pugi::xml_node section = add_section(main, "settings", "Settings");
  add(section, "p",
      std::to_string(count) + " of " + std::to_string(settings.size()) + " settings differ from the paper's" +
          (count > 0 ? ", which stand in the last column." : "."));
  if (count > 0) add_table(section, differing, std::vector<std::string>(count, "differs"));
  pugi::xml_node details = add(section, "details");
  add(details, "summary", "The other " + std::to_string(settings.size() - count));
  add_table(details, others);
}

void add_notes(pugi::xml_node main, const std::vector<std::string>& notes) {
  if (notes.empty()) return;
  pugi::xml_node section = add_section(main, "notes", "Notes");
  for (const std::string& note : notes) add(section, "p", note);
}

// Links to the sections that are there, after the header.
void add_navigation(pugi::xml_node main) {
  pugi::xml_node nav = main.insert_child_after("nav", main.child("header"));
  for (const pugi::xml_node section : main.children("section")) {
    pugi::xml_node link = add(nav, "a", section.child("h2").text().get());
    std::string target = "#";
    link.append_attribute("href") = target.append(section.attribute("id").value()).c_str();
  }
}

}  // namespace

Result<std::string> make_html_report(const ReportInput& input) {
  store::RunStore& record = *input.run.record;
  IPR_ASSIGN(const Leaderboard table, make_leaderboard({input.run}, input.table));
  pugi::xml_document document;
  pugi::xml_node main = start_page(document, input.run.run);
  add_header(main, input, table);
  add_results(main, table);
  IPR_TRY(add_reward_curve(main, input));
  IPR_TRY(add_checks(main, input));
  IPR_TRY(add_endings(main, record));
  IPR_TRY(add_training_curves(main, record));
  IPR_TRY(add_pairs(main, record));
  IPR_TRY(add_trajectories(main, record));
  IPR_TRY(add_cost(main, record));
  add_settings(main, input.settings);
  add_notes(main, input.notes);
  add_navigation(main);
  return to_html(document);
}

}  // namespace ipr::report
