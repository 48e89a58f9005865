#include "core/train/units.h"

#include <algorithm>
#include <numeric>

namespace ipr::train {
namespace {

// Tokens of a unit on a replica: long enough for the products, short enough for the cache.
constexpr std::int64_t kReplicaUnit = 1024;
// A shorter stem saves less than its attention costs.
constexpr std::int64_t kLeastStem = 32;

std::int64_t size_of(const TrainRow& row) {
  return static_cast<std::int64_t>(row.ids.size());
}

// A row keeps a token of its own: what it scores behind the stem is then computed like everything else.
std::int64_t common_tokens(const TrainRow& a, const TrainRow& b) {
  const auto end = std::mismatch(a.ids.begin(), a.ids.end(), b.ids.begin(), b.ids.end()).second;
  return std::min(static_cast<std::int64_t>(end - b.ids.begin()), size_of(b) - 1);
}

// The longest stem that a row finds among those of a unit.
Stem find_stem(std::span<const TrainRow* const> rows, const UnitPlan& unit, const TrainRow& row) {
  Stem best;
  for (std::size_t of = 0; of < unit.rows.size(); ++of) {
    const std::int64_t tokens = common_tokens(*rows[unit.rows[of]], row);
    if (tokens >= kLeastStem && tokens > best.tokens) best = {of, tokens};
  }
  return best;
}

// `unit` with the rows [first, last).
UnitPlan with_rows(UnitPlan unit, std::span<const TrainRow* const> rows, std::size_t first, std::size_t last,
                   bool shares) {
  for (std::size_t i = first; i < last; ++i) {
    if (rows[i]->ids.empty()) continue;
    const Stem stem = shares ? find_stem(rows, unit, *rows[i]) : Stem{};
    unit.rows.push_back(i);
    unit.stems.push_back(stem);
    unit.tokens += size_of(*rows[i]) - stem.tokens;
  }
  return unit;
}

void give_to_replicas(std::size_t replicas, std::vector<UnitPlan>& units) {
  std::vector<std::size_t> order(units.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return units[a].tokens > units[b].tokens; });
  std::vector<std::int64_t> load(replicas, 0);
  for (const std::size_t i : order) {
    units[i].replica = static_cast<std::size_t>(std::min_element(load.begin(), load.end()) - load.begin());
    load[units[i].replica] += units[i].tokens;
  }
}

}  // namespace

std::vector<UnitPlan> plan_units(std::span<const TrainRow* const> rows, const UnitSettings& settings) {
  const bool shares = settings.shares;
  std::int64_t limit = settings.most_tokens;
  if (settings.replicas > 1) {
    const auto replicas = static_cast<std::int64_t>(settings.replicas);
    const std::int64_t total = with_rows({}, rows, 0, rows.size(), shares).tokens;
    limit = std::min({limit, kReplicaUnit, (total + replicas - 1) / replicas});
  }
  std::vector<UnitPlan> units;
  const auto add = [&](std::size_t first, std::size_t last) {
    UnitPlan joined = with_rows(units.empty() ? UnitPlan{} : units.back(), rows, first, last, shares);
    const bool fits = !units.empty() && joined.tokens <= limit;
    if (!fits) joined = with_rows({}, rows, first, last, shares);
    if (!fits && joined.tokens > limit && last - first > 1) return false;
    if (!fits) units.emplace_back();
    units.back() = std::move(joined);
    return true;
  };
  for (std::size_t first = 0, last = 0; first < rows.size(); first = last) {
    while (last < rows.size() && rows[last]->group == rows[first]->group) ++last;
    if (add(first, last)) continue;
    for (std::size_t row = first; row < last; ++row) (void)add(row, row + 1);
  }
  std::erase_if(units, [](const UnitPlan& unit) { return unit.rows.empty(); });
  give_to_replicas(settings.replicas, units);
  return units;
}

}  // namespace ipr::train
