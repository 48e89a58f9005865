// A study's table in words and columns of text.

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/strings.h"
#include "core/report/format.h"
#include "core/report/study_parts.h"

namespace ipr::report {
namespace {

constexpr double kPoints = 100;

std::string points(double reward) {
  return fixed(kPoints * reward, 1);
}
std::string signed_points(double reward) {
  return with_sign(kPoints * reward, 1);
}
std::string count_of(std::size_t count, const std::string& word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

// "+16.2 %" of the baseline's mean; empty where that is 0.
std::string relative(const StudyComparison& comparison) {
  if (std::abs(comparison.baseline_mean) < 1e-12) return {};
  return with_sign(100 * comparison.found.difference.mean / std::abs(comparison.baseline_mean), 1) + " %";
}

// "[+2.6, +27.4]"; empty of none.
std::string interval_text(const std::optional<Interval>& interval) {
  if (!interval) return {};
  std::string text = "[";
  return text.append(signed_points(interval->low)).append(", ").append(signed_points(interval->high)).append("]");
}

std::string entry_text(const StudyEntry& entry) {
  return entry.seeds == 0 ? "-" : in_points(entry.estimate.mean, entry.estimate.interval);
}

std::string p_text(double p) {
  const std::string value = p_value(p);
  return value[0] == '<' ? "p below " + value.substr(1) : "p " + value;
}

bool excludes_zero(const StudyComparison& comparison) {
  const auto& interval = comparison.found.difference.interval;
  return interval && (interval->low > 0 || interval->high < 0);
}

bool is_shown(const StudyComparison& comparison) {
  return excludes_zero(comparison) && comparison.p_adjusted && *comparison.p_adjusted < 0.05;
}

// "+1.2 points (+1.4 %; 95 % interval +0.3 to +2.1 over 3 seeds, p 0.020 corrected for 7 comparisons; …)"
std::string evidence(const StudyComparison& c) {
  const Estimate& difference = c.found.difference;
  std::string text = signed_points(difference.mean) + " points (";
  if (const std::string share = relative(c); !share.empty()) text += share + "; ";
  text += "95 % interval " + signed_points(difference.interval->low) + " to " +
          signed_points(difference.interval->high) + " over " +
          (c.seeds > 1 ? count_of(c.seeds, "seed") : "the " + count_of(c.tasks, "task") + " of one seed") + ", " +
          p_text(*c.p_adjusted);
  if (c.compared > 1) text += " corrected for " + count_of(c.compared, "comparison");
  if (c.seeds > 1)
    text += "; on its own tasks above 0 in " + std::to_string(c.above) + " and below in " + std::to_string(c.below) +
            " of " + count_of(c.seeds, "seed");
  return text + ")";
}

// The rows with their entries, the average where there are several columns.
StudySection result_section(const StudyTable& table) {
  const StudyInput& study = table.input;
  StudySection section{"results", "Results", "", {{"method", false, {}}}, {}};
  for (const std::string& column : study.columns) section.columns.push_back({printable(column), true, {}});
  const bool several = study.columns.size() > 1;
  if (several) section.columns.push_back({"average", true, {}});
  std::size_t most_seeds = 0;
  bool quoted = false, agents = false;
  for (std::size_t i = 0; i < study.rows.size(); ++i) {
    const StudyRow& row = study.rows[i];
    std::vector<std::string> cells = {printable(row.name)};
    double sum = 0, count = 0;
    for (const std::string& column : study.columns) {
      const StudyEntry& entry = table.entries[i].at(column);
      most_seeds = std::max(most_seeds, entry.seeds);
      const auto quote = row.quoted.find(column);
      if (quote != row.quoted.end()) sum += quote->second, ++count;
      cells.push_back(quote != row.quoted.end() ? fixed(quote->second, 1) : entry_text(entry));
    }
    const bool whole = count == static_cast<double>(study.columns.size());
    const bool is_quoted = row.kind == StudyRowKind::kQuoted;
    if (several) cells.push_back(!is_quoted ? entry_text(table.averages[i]) : whole ? fixed(sum / count, 1) : "-");
    add_row(section.columns, cells);
    quoted = quoted || is_quoted;
    agents = agents || row.kind == StudyRowKind::kAgent;
  }
  section.explanation =
      most_seeds > 1 ? "Mean reward on test in points (times 100) over up to " + count_of(most_seeds, "seed") +
                           ", ± half the 95 % interval (Student's t over seeds)."
                     : "Mean reward on test in points (times 100) of one seed, ± half the 95 % interval over its "
                       "tasks: it says nothing about other seeds.";
  if (quoted) section.notes.emplace_back(kQuotedNote);
  if (agents) section.notes.emplace_back("agent: plays without a model; the expert is who the SFT model learned from");
  return section;
}

StudySection comparison_section(const StudyTable& table) {
  StudySection section{"comparisons", "Comparisons", "", {}, {}};
  section.columns = {{"method", false, {}}, {"minus", false, {}},           {"on", false, {}},
                     {"points", true, {}},  {"relative", true, {}},         {"95 % interval", true, {}},
                     {"p", true, {}},       {"p Holm", true, {}},           {"mde", true, {}},
                     {"seeds", true, {}},   {"alone above/below", true, {}}};
  std::set<std::string> tests;
  for (const StudyComparison& c : table.comparisons) {
    const Estimate& difference = c.found.difference;
    const bool there = c.seeds > 0;
    if (c.found.p) tests.insert(c.found.test);
    add_row(section.columns,
            {printable(c.row) + (c.primary ? " (primary)" : ""), printable(c.baseline), printable(c.column),
             there ? signed_points(difference.mean) : "-", there ? relative(c) : "", interval_text(difference.interval),
             c.found.p ? p_value(*c.found.p) : "", c.p_adjusted ? p_value(*c.p_adjusted) : "",
             c.found.mde ? points(*c.found.mde) : "", std::to_string(c.seeds),
             c.seeds > 1 ? std::to_string(c.above) + "/" + std::to_string(c.below) : ""});
  }
  section.notes = {
      "p: " + join({tests.begin(), tests.end()}, ", ") +
          ", two-sided, paired; p Holm: corrected for all contrasts of a column, of the primary contrast "
          "for its columns",
      "mde: the true difference, in points, that this many seeds would find with 80 % chance, the correction included",
      "alone above/below: seeds whose own interval over test tasks excludes 0"};
  return section;
}

// Iteration by iteration; nothing where every row of runs has only one.
StudySection iteration_section(const StudyTable& table) {
  StudySection section{"iterations",
                       "Iterations",
                       "Means over seeds in points, iteration by iteration, whichever was chosen; sd: spread of the "
                       "iterations after the SFT model, and of the seeds around the value in the table above.",
                       {{"method", false, {}}, {"on", false, {}}},
                       {}};
  std::size_t most = 0;
  for (const auto& entries : table.entries) {
    for (const auto& [column, entry] : entries) most = std::max(most, entry.by_iteration.size());
  }
  if (most < 2) return section;
  for (std::size_t i = 0; i < most; ++i)
    section.columns.push_back({i == 0 ? "sft" : "iter-" + std::to_string(i), true, {}});
  section.columns.push_back({"sd iterations", true, {}});
  section.columns.push_back({"sd seeds", true, {}});
  for (std::size_t r = 0; r < table.entries.size(); ++r) {
    for (const std::string& column : table.input.columns) {
      const StudyEntry& entry = table.entries[r].at(column);
      if (entry.by_iteration.empty()) continue;
      std::vector<std::string> cells = {printable(table.input.rows[r].name), printable(column)};
      for (std::size_t i = 0; i < most; ++i)
        cells.push_back(i < entry.by_iteration.size() ? points(entry.by_iteration[i]) : "");
      cells.push_back(entry.iterations_sd ? points(*entry.iterations_sd) : "");
      cells.push_back(entry.sd ? points(*entry.sd) : "");
      add_row(section.columns, cells);
    }
  }
  return section;
}

StudySection grid_section(const StudyTable& table) {
  StudySection section{
      "grid",
      "Grid",
      "Chosen by mean reward on dev over the seeds; test had no part in it.",
      {{"", false, {}}, {"method", false, {}}, {"in", false, {}}, {"point", false, {}}, {"dev", true, {}}},
      {}};
  for (const StudyPoint& point : table.input.points)
    add_row(section.columns, {point.chosen ? "*" : " ", printable(point.row), printable(point.env),
                              printable(point.point), points(point.dev)});
  if (!table.input.points.empty()) section.notes.emplace_back("* chosen on dev");
  return section;
}

StudySection cost_section(const StudyTable& table) {
  StudySection section{"cost",
                       "Cost",
                       "Means per run; SFT models are shared, so their time stands once, with the run that trained "
                       "them.",
                       {{"method", false, {}},
                        {"in", false, {}},
                        {"runs", true, {}},
                        {"explored", true, {}},
                        {"scoring rollouts", true, {}},
                        {"tokens sampled", true, {}},
                        {"minutes", true, {}},
                        {"SFT minutes, all", true, {}}},
                       {}};
  for (const StudyCost& c : table.input.costs) {
    const auto runs = static_cast<double>(std::max<std::size_t>(1, c.runs));
    const auto mean = [&](std::int64_t sum) { return grouped(std::llround(static_cast<double>(sum) / runs)); };
    add_row(section.columns, {printable(c.row), printable(c.env), std::to_string(c.runs), mean(c.cost.explored),
                              mean(c.cost.scoring_rollouts), mean(c.cost.tokens_generated),
                              fixed(c.cost.seconds / runs / 60, 1), fixed(c.cost.sft_seconds / 60, 1)});
  }
  return section;
}

}  // namespace

std::string study_sentence(const StudyComparison& c) {
  const std::string on = printable(c.column) + ": ", row = printable(c.row), baseline = printable(c.baseline);
  if (c.seeds == 0) return on + row + " and " + baseline + " have no seed in common: nothing to compare.";
  if (!c.found.difference.interval || !c.p_adjusted)
    return on + row + " minus " + baseline + ": " + signed_points(c.found.difference.mean) +
           " points; too few tasks to say more.";
  const std::string mde =
      c.found.mde ? "a true difference of " + points(*c.found.mde) + " points would be found with 80 % chance" : "";
  if (is_shown(c)) {
    const bool better = c.found.difference.mean > 0;
    return on + row + " is " + (better ? "better" : "worse") + " than " + baseline + ": " + evidence(c) + "." +
           (mde.empty() ? "" : " Here " + mde + ".");
  }
  std::string text = on + "no difference between " + row + " and " + baseline + " is shown: " + evidence(c) + ".";
  if (excludes_zero(c)) text += " Its own interval excludes 0, the test after correction does not.";
  return text + (mde.empty() ? " That does not show that they are equal."
                             : " That does not show that they are equal: " + mde + ", smaller ones are missed.");
}

std::vector<StudySection> study_sections(const StudyTable& table) {
  std::vector<StudySection> sections = {result_section(table), comparison_section(table), iteration_section(table),
                                        grid_section(table), cost_section(table)};
  std::erase_if(sections, [](const StudySection& section) { return section.columns[0].cells.empty(); });
  return sections;
}

std::string to_text(const StudyTable& table) {
  std::string text = "study " + printable(table.input.name) + "\n";
  for (const StudySection& section : study_sections(table)) {
    text += "\n" + section.title + "\n";
    if (!section.explanation.empty()) text += section.explanation + "\n";
    for (const std::string& line : text_lines(section.columns)) text += "  " + line + "\n";
    for (const std::string& note : section.notes) text += note + "\n";
  }
  text += "\nWhat the data support\n";
  for (const StudyComparison& comparison : table.comparisons) text += "- " + study_sentence(comparison) + "\n";
  for (const std::string& note : table.input.notes) text += "- " + note + "\n";
  return text;
}

}  // namespace ipr::report
