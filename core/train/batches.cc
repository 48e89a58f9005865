#include "core/train/batches.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/base/rng.h"

namespace ipr::train {
namespace {

constexpr std::int64_t kLargestSortedBatch = 8;
constexpr std::size_t kBatchesPerBlock = 32;

struct Group {
  Batch rows;
  std::int64_t tokens = 0;
};

// Groups in the order of their first row.
std::vector<Group> collect_groups(std::span<const TrainRow> rows) {
  std::vector<Group> groups;
  std::unordered_map<std::uint64_t, std::size_t> place;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto [found, is_new] = place.try_emplace(rows[i].group, groups.size());
    if (is_new) groups.emplace_back();
    Group& group = groups[found->second];
    group.rows.push_back(i);
    group.tokens += static_cast<std::int64_t>(rows[i].ids.size());
  }
  return groups;
}

std::int64_t size_in(BatchUnit unit, const Group& group) {
  switch (unit) {
    case BatchUnit::kGroups:
      return 1;
    case BatchUnit::kRows:
      return static_cast<std::int64_t>(group.rows.size());
    case BatchUnit::kTokens:
      return group.tokens;
  }
  return 1;
}

std::vector<Batch> fill_batches(const std::vector<Group>& groups, const TrainSettings& settings) {
  std::vector<Batch> batches;
  std::int64_t held = 0;
  for (const Group& group : groups) {
    const std::int64_t size = size_in(settings.batch_unit, group);
    if (batches.empty() || held + size > settings.batch) {
      batches.emplace_back();
      held = 0;
    }
    batches.back().insert(batches.back().end(), group.rows.begin(), group.rows.end());
    held += size;
  }
  return batches;
}

// By length inside blocks that fill 32 batches.
void sort_blocks(std::vector<Group>& groups, const TrainSettings& settings) {
  std::size_t first = 0;
  std::int64_t held = 0;
  const auto sort_range = [&](std::size_t last) {
    std::stable_sort(groups.begin() + static_cast<std::ptrdiff_t>(first),
                     groups.begin() + static_cast<std::ptrdiff_t>(last),
                     [](const Group& a, const Group& b) { return a.tokens < b.tokens; });
    first = last;
    held = 0;
  };
  for (std::size_t i = 0; i < groups.size(); ++i) {
    held += size_in(settings.batch_unit, groups[i]);
    if (held >= settings.batch * static_cast<std::int64_t>(kBatchesPerBlock)) sort_range(i + 1);
  }
  sort_range(groups.size());
}

}  // namespace

std::vector<Batch> plan_epoch(std::span<const TrainRow> rows, const TrainSettings& settings, std::uint64_t seed,
                              std::int64_t epoch) {
  std::vector<Group> groups = collect_groups(rows);
  if (settings.order == Order::kEmitted) return fill_batches(groups, settings);
  Rng rng(mix(seed, static_cast<std::uint64_t>(epoch)));
  rng.shuffle(groups);
  if (settings.batch_unit == BatchUnit::kTokens || settings.batch > kLargestSortedBatch)
    return fill_batches(groups, settings);
  sort_blocks(groups, settings);
  std::vector<Batch> batches = fill_batches(groups, settings);
  rng.shuffle(batches);
  return batches;
}

std::vector<ipr_total> totals_of(std::span<const TrainRow* const> rows) {
  std::vector<ipr_total> totals;
  std::vector<std::set<std::uint64_t>> groups;
  for (const TrainRow* row : rows) {
    const std::size_t entry = std::size_t{row->tag} * 3 + row->role;
    if (entry >= totals.size()) {
      totals.resize((std::size_t{row->tag} + 1) * 3);
      groups.resize(totals.size());
    }
    ipr_total& total = totals[entry];
    ++total.rows;
    total.weight += row->weight;
    for (std::size_t t = 1; t < row->mask.size(); ++t) total.tokens += row->mask[t] == 1.0f ? 1 : 0;
    if (groups[entry].insert(row->group).second) ++total.groups;
  }
  return totals;
}

}  // namespace ipr::train
