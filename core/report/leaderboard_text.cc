// The leaderboard as text for a terminal, and its one-sentence verdict.

#include <algorithm>

#include "core/base/strings.h"
#include "core/report/columns.h"
#include "core/report/format.h"
#include "core/report/leaderboard.h"

#include <cstdio>

namespace ipr::report {
namespace {

// The row a run stands for: the chosen policy, or the last iteration where none is marked.
std::vector<const Row*> headline_rows(const Leaderboard& table) {
  std::map<std::pair<std::string, std::string>, const Row*> best;
  std::vector<std::pair<std::string, std::string>> order;
  for (const Row& row : table.rows) {
    const std::pair key(row.run, row.split);
    if (!best.contains(key)) order.push_back(key);
    const Row*& kept = best[key];
    if (kept == nullptr || (!kept->chosen && (row.chosen || row.iteration > kept->iteration))) kept = &row;
  }
  std::vector<const Row*> rows;
  for (const auto& key : order) rows.push_back(best[key]);
  return rows;
}

std::string start_of(const Row& row) {
  return row.baseline == "sft" ? std::string("its SFT start") : printable(row.baseline);
}

// ", p 0.004", ", p 0.012 corrected for 3 rows"
std::string p_of(const Row& row) {
  const std::string value = p_value(*row.p_adjusted);
  const std::string text = ", p " + std::string(value[0] == '<' ? "below " + value.substr(1) : value);
  return row.compared > 1 ? text + " corrected for " + std::to_string(row.compared) + " rows" : text;
}

std::string sentence(const Row& row, const std::string& method) {
  const std::string tasks = std::to_string(row.n) + " " + printable(row.split) + " tasks";
  if (!row.diff) {
    if (row.chosen && row.iteration == 0) {
      return method + ": no iteration was better on dev, the SFT start is kept (reward " + fixed(row.mean) + ", " +
             tasks + ").";
    }
    return method + ": reward " + fixed(row.mean) + " (" + tasks + "), nothing to compare with.";
  }
  const std::string which = ", " + tasks + (row.chosen ? ", " + printable(row.policy) + " chosen on dev)." : ").");
  const Finding found = finding(row);
  if (found == Finding::kTooFew) {
    return method + ": too few tasks to compare with " + start_of(row) + " (difference " + with_sign(*row.diff) + which;
  }
  const std::string evidence =
      "95 % interval " + with_sign(row.diff_ci95->low) + " to " + with_sign(row.diff_ci95->high) + p_of(row) + which;
  if (found == Finding::kBetter) {
    return method + " is better than " + start_of(row) + " by " + with_sign(*row.diff) + " (" + evidence;
  }
  if (found == Finding::kWorse) {
    return method + " is worse than " + start_of(row) + " by " + fixed(-*row.diff) + " (difference " +
           with_sign(*row.diff) + ", " + evidence;
  }
  return method + ": no difference to " + start_of(row) + " shown: " + with_sign(*row.diff) + " (" + evidence +
         (row.mde ? " A difference of " + fixed(*row.mde) + " would be found with 80 % chance." : "");
}

// "7.1 %"; "-" of nothing.
std::string share_of(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return text;
}

}  // namespace

std::string cost_line(const TotalCost& cost) {
  return "Monte Carlo cost: " + grouped(cost.rollouts) + " rollouts; prompt tokens " + grouped(cost.tokens_asked) +
         " asked for, " + grouped(cost.tokens_computed) + " computed (" +
         share_of(cost.tokens_computed, cost.tokens_asked) + "), " + grouped(cost.tokens_padding) + " padding; " +
         short_number(cost.seconds) + " s";
}

std::string to_text(const Leaderboard& table, const TextStyle& style) {
  const std::vector<std::string> lines = text_lines(table_columns(table));
  std::string text = lines[0] + "\n";
  for (std::size_t row = 1; row < lines.size(); ++row) {
    const bool bold = style.color && row <= table.rows.size() && table.rows[row - 1].chosen;
    text += bold ? "\033[1m" : "";
    text += lines[row];
    text += bold ? "\033[0m\n" : "\n";
  }
  for (const std::string& note : table_notes(table)) text += note + "\n";
  if (style.cost) text += cost_line(table.cost) + "\n";
  return text;
}

std::string verdict(const Leaderboard& table, const std::string& method) {
  const std::vector<const Row*> rows = headline_rows(table);
  const bool several = std::any_of(rows.begin(), rows.end(), [&](const Row* row) { return row->run != rows[0]->run; });
  std::vector<std::string> sentences;
  for (const Row* row : rows) {
    sentences.push_back((several ? printable(row->run) + ": " : "") + sentence(*row, method));
  }
  return join(sentences, "\n");
}

}  // namespace ipr::report
