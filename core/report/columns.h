// Tables as columns of text, the leaderboard's among them: what the terminal and the HTML page both show.
#pragma once

#include <string>
#include <vector>

#include "core/report/leaderboard.h"

namespace ipr::report {

// Below tables with rows of others.
inline constexpr const char* kQuotedNote =
    "paper: printed by the authors, with other models, data and machines; never compared with the rows above";

struct Column {
  std::string title;
  bool right = true;               // numbers are aligned to the right
  std::vector<std::string> cells;  // one per row of the table
};

// Columns that say nothing are left out: run, environment and panel where there is one, differences where there is no
// baseline, corrected p where there is nothing to correct. The first one marks rows: `*` chosen, `!` rolled back.
[[nodiscard]] std::vector<Column> table_columns(const Leaderboard& table);

// Appends one cell to each column.
void add_row(std::vector<Column>& columns, const std::vector<std::string>& cells);

// The columns aligned for a terminal: the line of titles, then one line per row. No line feeds.
[[nodiscard]] std::vector<std::string> text_lines(const std::vector<Column>& columns);

// What the marks mean, which test gave p, clusters, overlaps, panels that differ, infrastructure errors; one line each.
[[nodiscard]] std::vector<std::string> table_notes(const Leaderboard& table);

// `name` as valid UTF-8 without control characters. Names come from configs and environments: nothing in them may move
// the cursor or break a line.
[[nodiscard]] std::string printable(const std::string& name);

}  // namespace ipr::report
