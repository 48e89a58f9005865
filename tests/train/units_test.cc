#include "core/train/units.h"

#include <map>
#include <set>

#include "tests/support/catch.h"

using namespace ipr;

namespace {

// Rows of `group`, each `common` tokens of one text and `own` of its own.
std::vector<train::TrainRow> family(std::uint64_t group, std::int32_t text, const std::vector<int>& own, int common) {
  std::vector<train::TrainRow> rows;
  for (std::size_t i = 0; i < own.size(); ++i) {
    train::TrainRow row;
    row.group = group;
    for (int t = 0; t < common; ++t) row.ids.push_back(1000 * text + t);
    for (int t = 0; t < own[i]; ++t) row.ids.push_back(1000 * text + 500 + 100 * static_cast<int>(i) + t % 100);
    rows.push_back(row);
  }
  return rows;
}

std::vector<const train::TrainRow*> pointers(const std::vector<train::TrainRow>& rows) {
  std::vector<const train::TrainRow*> out;
  for (const train::TrainRow& row : rows) out.push_back(&row);
  return out;
}

std::vector<train::TrainRow> joined(std::vector<train::TrainRow> a, const std::vector<train::TrainRow>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("what rows begin with is computed once", "[train][units]") {
  const auto rows = family(0, 1, {40, 7, 60}, 200);
  const auto units = train::plan_units(pointers(rows), {});
  REQUIRE(units.size() == 1);
  CHECK(units[0].tokens == 200 + 40 + 7 + 60);
  CHECK(units[0].stems[0].tokens == 0);
  CHECK(units[0].stems[1].tokens == 200);
  CHECK(units[0].stems[2].tokens == 200);

  SECTION("not where it is not wanted") {
    const auto whole = train::plan_units(pointers(rows), {.shares = false});
    REQUIRE(whole.size() == 1);
    CHECK(whole[0].tokens == 240 + 207 + 260);
    for (const train::Stem& stem : whole[0].stems) CHECK(stem.tokens == 0);
  }
  SECTION("nor where it is short") {
    const auto short_stems = family(0, 1, {40, 7}, 31);
    CHECK(train::plan_units(pointers(short_stems), {})[0].tokens == 31 + 40 + 31 + 7);
  }
  SECTION("rows of other groups share an instruction") {
    const auto more = joined(rows, family(1, 1, {9}, 200));
    const auto unit = train::plan_units(pointers(more), {});
    REQUIRE(unit.size() == 1);
    CHECK(unit[0].stems[3].tokens >= 200);
  }
}

TEST_CASE("the longest common beginning is taken, also from a row that has a stem itself", "[train][units]") {
  auto rows = family(0, 1, {50, 80, 0}, 100);
  rows[2].ids = rows[1].ids;
  rows[2].ids.resize(160);      // 100 of the text and 60 that row 1 has alone
  rows[2].ids.push_back(9999);  // and one of its own
  const auto units = train::plan_units(pointers(rows), {});
  REQUIRE(units.size() == 1);
  CHECK(units[0].stems[1].of == 0);
  CHECK(units[0].stems[2].of == 1);
  CHECK(units[0].stems[2].tokens == 160);
}

TEST_CASE("a row that another one contains keeps a token of its own", "[train][units]") {
  auto rows = family(0, 1, {50, 50}, 100);
  rows[1].ids = rows[0].ids;
  const auto units = train::plan_units(pointers(rows), {});
  CHECK(units[0].stems[1].tokens == 149);
  CHECK(units[0].tokens == 151);
}

TEST_CASE("units hold every row once, no more than they may, and whole groups where those fit", "[train][units]") {
  std::vector<train::TrainRow> rows;
  for (std::uint64_t g = 0; g < 7; ++g)
    rows = joined(rows, family(g, static_cast<std::int32_t>(g) + 1, {60, 30 + static_cast<int>(g)}, 150));
  rows.insert(rows.begin() + 4, train::TrainRow{});  // empty rows are left out
  for (const std::size_t replicas : {1, 2, 3}) {
    const auto units = train::plan_units(pointers(rows), {.most_tokens = 500, .replicas = replicas});
    std::set<std::size_t> seen;
    for (const train::UnitPlan& unit : units) {
      CHECK(unit.tokens <= 500);
      CHECK(unit.replica < replicas);
      REQUIRE(unit.rows.size() == unit.stems.size());
      std::map<std::uint64_t, int> of_group;
      for (const std::size_t row : unit.rows) {
        CHECK(seen.insert(row).second);
        ++of_group[rows[row].group];
      }
      for (const auto& [group, count] : of_group) CHECK(count == 2);
    }
    CHECK(seen.size() == rows.size() - 1);
  }
}

TEST_CASE("a group larger than a unit is parted between its rows", "[train][units]") {
  const auto rows = family(0, 1, {400, 400, 400}, 100);
  const auto units = train::plan_units(pointers(rows), {.most_tokens = 600, .replicas = 2});
  CHECK(units.size() == 3);
  const auto one = family(0, 1, {900}, 0);
  CHECK(train::plan_units(pointers(one), {.most_tokens = 600}).size() == 1);  // a row is never cut
}

TEST_CASE("no rows make no units", "[train][units]") {
  CHECK(train::plan_units({}, {}).empty());
}
