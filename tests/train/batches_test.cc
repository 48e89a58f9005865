#include "core/train/batches.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::train;

namespace {

TrainRow make_row(std::uint64_t group, std::size_t tokens, std::uint32_t tag = 0, std::uint32_t role = 0) {
  TrainRow row;
  row.ids.assign(tokens, 1);
  row.mask.assign(tokens, 1);
  row.turn.assign(tokens, 0);
  row.group = group;
  row.tag = tag;
  row.role = role;
  return row;
}

// `pairs` pairs whose two rows do not stand side by side.
std::vector<TrainRow> scattered_pairs(std::size_t pairs) {
  Rng rng(3);
  std::vector<TrainRow> rows;
  for (const std::uint32_t role : {IPR_ROLE_CHOSEN, IPR_ROLE_REJECTED}) {
    for (std::size_t g = 0; g < pairs; ++g) rows.push_back(make_row(g, 10 + rng.below(90), 0, role));
  }
  return rows;
}

TrainSettings settings_of(std::int64_t batch, BatchUnit unit, Order order = Order::kShuffle) {
  TrainSettings settings;
  settings.batch = batch;
  settings.batch_unit = unit;
  settings.order = order;
  return settings;
}

std::size_t groups_in(const Batch& batch, const std::vector<TrainRow>& rows) {
  std::set<std::uint64_t> groups;
  for (const std::size_t i : batch) groups.insert(rows[i].group);
  return groups.size();
}

}  // namespace

TEST_CASE("every row is in one batch and no group is parted", "[train]") {
  const auto rows = scattered_pairs(101);
  for (const auto& settings :
       {settings_of(4, BatchUnit::kGroups), settings_of(48, BatchUnit::kGroups), settings_of(5, BatchUnit::kRows),
        settings_of(300, BatchUnit::kTokens), settings_of(4, BatchUnit::kGroups, Order::kEmitted)}) {
    std::map<std::size_t, int> seen;
    std::map<std::uint64_t, std::set<std::size_t>> batches_of_group;
    const auto batches = plan_epoch(rows, settings, 1, 0);
    for (std::size_t b = 0; b < batches.size(); ++b) {
      CHECK_FALSE(batches[b].empty());
      for (const std::size_t i : batches[b]) {
        ++seen[i];
        batches_of_group[rows[i].group].insert(b);
      }
    }
    CHECK(seen.size() == rows.size());
    CHECK(std::all_of(seen.begin(), seen.end(), [](const auto& entry) { return entry.second == 1; }));
    CHECK(std::all_of(batches_of_group.begin(), batches_of_group.end(),
                      [](const auto& entry) { return entry.second.size() == 1; }));
  }
}

TEST_CASE("a batch holds as many groups, rows or tokens as asked", "[train]") {
  const auto rows = scattered_pairs(10);
  const auto by_group = plan_epoch(rows, settings_of(4, BatchUnit::kGroups), 1, 0);
  REQUIRE(by_group.size() == 3);
  std::multiset<std::size_t> sizes;
  for (const Batch& batch : by_group) sizes.insert(groups_in(batch, rows));
  CHECK(sizes == std::multiset<std::size_t>{2, 4, 4});
  for (const Batch& batch : plan_epoch(rows, settings_of(5, BatchUnit::kRows), 1, 0)) CHECK(batch.size() == 4);
  for (const Batch& batch : plan_epoch(rows, settings_of(250, BatchUnit::kTokens), 1, 0)) {
    std::size_t tokens = 0;
    for (const std::size_t i : batch) tokens += rows[i].ids.size();
    CHECK((tokens <= 250 || groups_in(batch, rows) == 1));
  }
}

TEST_CASE("the order is new in each epoch, and the same for the same seed", "[train]") {
  const auto rows = scattered_pairs(60);
  const auto settings = settings_of(16, BatchUnit::kGroups);
  CHECK(plan_epoch(rows, settings, 1, 0) == plan_epoch(rows, settings, 1, 0));
  CHECK(plan_epoch(rows, settings, 1, 0) != plan_epoch(rows, settings, 1, 1));
  CHECK(plan_epoch(rows, settings, 1, 0) != plan_epoch(rows, settings, 2, 0));
  const auto emitted = plan_epoch(rows, settings_of(2, BatchUnit::kGroups, Order::kEmitted), 1, 3);
  CHECK(emitted[0] == Batch{0, 60, 1, 61});
  CHECK(emitted[1] == Batch{2, 62, 3, 63});
}

TEST_CASE("small batches hold rows of similar length", "[train]") {
  Rng rng(9);
  std::vector<TrainRow> rows;
  for (std::size_t i = 0; i < 400; ++i) rows.push_back(make_row(i, 50 + rng.below(600)));
  const auto spread = [&](std::int64_t batch) {
    double total = 0, count = 0;
    for (const Batch& members : plan_epoch(rows, settings_of(batch, BatchUnit::kGroups), 1, 0)) {
      std::size_t low = 1000, high = 0;
      for (const std::size_t i : members)
        low = std::min(low, rows[i].ids.size()), high = std::max(high, rows[i].ids.size());
      total += static_cast<double>(high - low);
      ++count;
    }
    return total / count;
  };
  CHECK(spread(2) < 30);
  CHECK(spread(16) > 300);
}

TEST_CASE("totals count groups, rows, agent tokens and weights by tag and role", "[train]") {
  std::vector<TrainRow> rows = {make_row(1, 4, 0, IPR_ROLE_CHOSEN), make_row(1, 6, 0, IPR_ROLE_REJECTED),
                                make_row(2, 3, 0, IPR_ROLE_CHOSEN), make_row(2, 5, 2, IPR_ROLE_PLAIN),
                                make_row(2, 7, 2, IPR_ROLE_PLAIN)};
  rows[1].weight = 0.5;
  rows[3].mask = {1, 0.5f, 1, 0, 1};
  std::vector<const TrainRow*> pointers;
  for (const TrainRow& row : rows) pointers.push_back(&row);
  const auto totals = totals_of(pointers);
  REQUIRE(totals.size() == 9);
  CHECK(totals[IPR_ROLE_CHOSEN].groups == 2);
  CHECK(totals[IPR_ROLE_CHOSEN].rows == 2);
  CHECK(totals[IPR_ROLE_CHOSEN].tokens == 3 + 2);
  CHECK(totals[IPR_ROLE_REJECTED].tokens == 5);
  CHECK(totals[IPR_ROLE_REJECTED].weight == 0.5);
  CHECK(totals[2 * 3].groups == 1);
  CHECK(totals[2 * 3].rows == 2);
  CHECK(totals[2 * 3].tokens == 2 + 6);
  CHECK(totals[3].rows == 0);
  CHECK(totals_of({}).empty());
}

TEST_CASE("no rows make no batches", "[train]") {
  CHECK(plan_epoch({}, settings_of(4, BatchUnit::kGroups), 1, 0).empty());
}
