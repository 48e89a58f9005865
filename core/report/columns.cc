#include "core/report/columns.h"

#include <algorithm>
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
  explicit ColumnSet(const std::vector<Row>& rows) : rows_(rows) {}

  template <typename Cell>
  void add(const std::string& title, bool right, const Cell& cell) {
    Column column{title, right, {}};
    for (const Row& row : rows_) column.cells.push_back(cell(row));
    columns_.push_back(std::move(column));
  }
  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }

 private:
  const std::vector<Row>& rows_;
  std::vector<Column> columns_;
};

std::string mark(const Row& row) {
  return row.chosen ? "*" : row.rolled_back ? "!" : " ";
}

}  // namespace

std::vector<Column> table_columns(const Leaderboard& table) {
  ColumnSet set(table.rows);
  set.add("", false, mark);
  if (distinct(table.rows, [](const Row& row) { return row.run; }) > 1) {
    set.add("run", false, [](const Row& row) { return printable(row.run); });
  }
  if (distinct(table.rows, [](const Row& row) { return row.env; }) > 1) {
    set.add("env", false, [](const Row& row) { return printable(row.env); });
  }
  set.add("policy", false, [](const Row& row) { return printable(row.policy); });
  set.add("split", false, [](const Row& row) { return printable(row.split); });
  set.add("n", true, [](const Row& row) { return std::to_string(row.n); });
  set.add("reward", true, [](const Row& row) { return fixed(row.mean); });
  set.add("95 % interval", true, [](const Row& row) { return bracket(row.ci95); });
  std::string baseline;
  for (const Row& row : table.rows) {
    if (!row.baseline.empty()) baseline = row.baseline;
  }
  if (!baseline.empty()) {
    set.add("minus " + printable(baseline), true, [](const Row& row) { return row.diff ? with_sign(*row.diff) : ""; });
    set.add("95 % interval", true, [](const Row& row) { return bracket(row.diff_ci95, true); });
    set.add("p", true, [](const Row& row) { return row.p ? p_value(*row.p) : ""; });
  }
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
  for (const Row& row : table.rows) {
    if (row.infrastructure_errors == 0) continue;
    notes.push_back(printable(row.policy) + " on " + printable(row.split) + ": " +
                    std::to_string(row.infrastructure_errors) +
                    " episodes ended by infrastructure errors after retries; they count as 0");
  }
  return notes;
}

}  // namespace ipr::report
