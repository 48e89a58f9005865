#include "core/report/columns.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/strings.h"
#include "core/report/format.h"

namespace ipr::report {
namespace {

template <typename Field>
std::size_t distinct(const std::vector<Row>& rows, const Field& field) {
  std::set<std::string> values;
  for (const Row& row : rows) values.insert(field(row));
  return values.size();
}

class ColumnSet {
 public:
  explicit ColumnSet(const Leaderboard& table) : rows_(table.rows), quoted_(table.quoted) {}

  // A column that says nothing of a quoted row is empty there.
  template <typename Cell>
  void add(const std::string& title, bool right, const Cell& cell) {
    add(title, right, cell, [](const QuotedRow&) { return std::string(); });
  }
  template <typename Cell, typename QuotedCell>
  void add(const std::string& title, bool right, const Cell& cell, const QuotedCell& quoted) {
    Column column{title, right, {}};
    for (const Row& row : rows_) column.cells.push_back(cell(row));
    for (const QuotedRow& row : quoted_) column.cells.push_back(quoted(row));
    columns_.push_back(std::move(column));
  }
  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }

 private:
  const std::vector<Row>& rows_;
  const std::vector<QuotedRow>& quoted_;
  std::vector<Column> columns_;
};

// Characters, for alignment; wide ones and accents of their own are not worth a table here.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string mark(const Row& row) {
  return row.chosen ? "*" : row.rolled_back ? "!" : " ";
}

bool has_several_runs(const Leaderboard& table) {
  return distinct(table.rows, [](const Row& row) { return row.run; }) > 1;
}
bool has_several_panels(const Leaderboard& table) {
  return distinct(table.rows, [](const Row& row) { return row.panel; }) > 1;
}

// "iter-1", or "run iter-1" where there are several.
std::string name_in(const Leaderboard& table, const Row& row) {
  return (has_several_runs(table) ? printable(row.run) + " " : "") + printable(row.policy);
}

void add_differences(ColumnSet& set, const Leaderboard& table) {
  std::string baseline;
  bool corrected = false;
  for (const Row& row : table.rows) {
    if (!row.baseline.empty()) baseline = row.baseline;
    corrected = corrected || row.compared > 1;
  }
  if (baseline.empty()) return;
  set.add("minus " + printable(baseline), true, [](const Row& row) { return row.diff ? with_sign(*row.diff) : ""; });
  set.add("95 % interval", true, [](const Row& row) { return bracket(row.diff_ci95, true); });
  set.add("p", true, [](const Row& row) { return row.p ? p_value(*row.p) : ""; });
  if (corrected) set.add("p Holm", true, [](const Row& row) { return row.p_adjusted ? p_value(*row.p_adjusted) : ""; });
  set.add("mde", true, [](const Row& row) { return row.mde ? fixed(*row.mde) : ""; });
}

// How p was found: the tests by the rows that used them.
void add_test_notes(const Leaderboard& table, std::vector<std::string>& notes) {
  std::map<std::string, std::vector<std::string>> users;
  std::int64_t compared = 0, clusters = 0, tasks = 0;
  for (const Row& row : table.rows) {
    if (!row.p) continue;
    users[row.test].push_back(name_in(table, row) + " on " + printable(row.split));
    compared = std::max(compared, row.compared);
    if (row.clusters < row.n && row.n > tasks) {
      clusters = row.clusters;
      tasks = row.n;
    }
  }
  if (users.empty()) return;
  std::vector<std::string> tests;
  for (const auto& [test, rows] : users)
    tests.push_back(test + (users.size() > 1 ? " (" + join(rows, ", ") + ")" : ""));
  notes.push_back("p: " + join(tests, "; ") + ", two-sided" +
                  (compared > 1 ? "; p Holm: corrected for the rows compared, up to " + std::to_string(compared) +
                                      " of one run and split"
                                : ""));
  if (tasks > 0) {
    notes.push_back("tasks that share chance count together: " + std::to_string(tasks) + " tasks are " +
                    std::to_string(clusters) + " clusters");
  }
  notes.push_back("mde: the true difference that one test at 5 % would find with 80 % chance");
}

// What makes rows less than they seem.
void add_warnings(const Leaderboard& table, std::vector<std::string>& notes) {
  std::set<std::string> told;
  for (const Row& row : table.rows) {
    if (row.overlap == 0) continue;
    std::string note = (has_several_runs(table) ? printable(row.run) + ": " : "") + "train and " +
                       printable(row.split) + " overlap in " + std::to_string(row.overlap) + " tasks: rewards on " +
                       printable(row.split) + " are not held out";
    if (told.insert(note).second) notes.push_back(std::move(note));
  }
  if (has_several_panels(table)) {
    notes.emplace_back("panel: rows are comparable only where it is equal; others were evaluated on other tasks");
  }
  for (const Row& row : table.rows) {
    if (row.infrastructure_errors == 0) continue;
    notes.push_back(printable(row.policy) + " on " + printable(row.split) + ": " +
                    std::to_string(row.infrastructure_errors) +
                    " episodes ended by infrastructure errors after retries; they count as 0");
  }
}

}  // namespace

std::vector<Column> table_columns(const Leaderboard& table) {
  ColumnSet set(table);
  set.add("", false, mark);
  if (has_several_runs(table)) {
    set.add("run", false, [](const Row& row) { return printable(row.run); });
  }
  if (distinct(table.rows, [](const Row& row) { return row.env; }) > 1) {
    set.add(
        "env", false, [](const Row& row) { return printable(row.env); },
        [](const QuotedRow& row) { return printable(row.env); });
  }
  if (has_several_panels(table)) {
    set.add("panel", false, [](const Row& row) { return printable(row.panel.substr(0, 6)); });
  }
  set.add(
      "policy", false, [](const Row& row) { return printable(row.policy); },
      [](const QuotedRow& row) { return "paper: " + printable(row.label); });
  set.add(
      "split", false, [](const Row& row) { return printable(row.split); },
      [](const QuotedRow& row) { return printable(row.split); });
  set.add("n", true, [](const Row& row) { return std::to_string(row.n); });
  set.add(
      "reward", true, [](const Row& row) { return fixed(row.mean); },
      [](const QuotedRow& row) { return fixed(row.mean); });
  set.add("95 % interval", true, [](const Row& row) { return bracket(row.ci95); });
  add_differences(set, table);
  std::set<std::string> extras;
  for (const Row& row : table.rows) {
    for (const auto& [name, value] : row.extra) extras.insert(name);
  }
  for (const std::string& name : extras) {
    set.add(printable(name), true, [&](const Row& row) {
      const auto found = row.extra.find(name);
      return found == row.extra.end() ? std::string() : short_number(found->second);
    });
  }
  return set.columns();
}

void add_row(std::vector<Column>& columns, const std::vector<std::string>& cells) {
  for (std::size_t c = 0; c < columns.size(); ++c) columns[c].cells.push_back(cells[c]);
}

std::vector<std::string> text_lines(const std::vector<Column>& columns) {
  std::vector<std::size_t> widths;
  for (const Column& column : columns) {
    std::size_t most = width(column.title);
    for (const std::string& cell : column.cells) most = std::max(most, width(cell));
    widths.push_back(most);
  }
  std::vector<std::string> lines;
  const std::size_t rows = columns.empty() ? 0 : columns[0].cells.size();
  for (std::size_t row = 0; row <= rows; ++row) {
    std::string line;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::string& cell = row == 0 ? columns[c].title : columns[c].cells[row - 1];
      const std::string padding(widths[c] - width(cell), ' ');
      if (c > 0) line += columns[c - 1].title.empty() ? " " : "  ";  // marks stand close to what they mark
      line += columns[c].right ? padding + cell : cell + padding;
    }
    lines.push_back(line.substr(0, line.find_last_not_of(' ') + 1));
  }
  return lines;
}

// Names come from configs and environments: nothing in them may move the cursor or break a line.
std::string printable(const std::string& name) {
  std::string text = valid_utf8(name);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) text[i] = ' ';
    // U+0080 to U+009F are control characters too, in two bytes.
    if (byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) text.replace(i, 2, " ");
  }
  return text;
}

std::vector<std::string> table_notes(const Leaderboard& table) {
  std::vector<std::string> notes;
  const auto any = [&](auto member) {
    return std::any_of(table.rows.begin(), table.rows.end(), [&](const Row& row) { return row.*member; });
  };
  if (any(&Row::chosen)) notes.push_back("* chosen on dev");
  if (any(&Row::rolled_back)) notes.push_back("! rolled back: reward on dev fell by more than its interval");
  add_test_notes(table, notes);
  add_warnings(table, notes);
  if (!table.quoted.empty()) notes.emplace_back(kQuotedNote);
  return notes;
}

}  // namespace ipr::report
