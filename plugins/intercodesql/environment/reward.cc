#include "environment/reward.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

namespace intercodesql {
namespace {

using Texts = std::span<const std::string>;

std::vector<std::string_view> sorted(Texts rows) {
  std::vector<std::string_view> views(rows.begin(), rows.end());
  std::sort(views.begin(), views.end());
  return views;
}

// The multiset intersection, ascending. Bytes of UTF-8 sort as their code points do.
std::vector<std::string_view> common_rows(Texts agent, Texts gold) {
  const auto a = sorted(agent), g = sorted(gold);
  std::vector<std::string_view> common;
  std::set_intersection(a.begin(), a.end(), g.begin(), g.end(), std::back_inserter(common));
  return common;
}

// The ranks of the rows that lie in the intersection, left to right, using up its counts.
std::vector<std::uint32_t> common_ranks(Texts rows, const std::vector<std::string_view>& common) {
  std::vector<std::uint32_t> used(common.size(), 0), ranks;  // used: counted at the first of equal texts
  ranks.reserve(common.size());
  for (const std::string& row : rows) {
    const auto [first, last] = std::equal_range(common.begin(), common.end(), std::string_view(row));
    const auto rank = static_cast<std::size_t>(first - common.begin());
    if (first == last || used[rank] == static_cast<std::uint32_t>(last - first)) continue;
    ++used[rank];
    ranks.push_back(static_cast<std::uint32_t>(rank));
  }
  return ranks;
}

// Pairs within runs of equal neighbours.
template <typename Equal>
std::uint64_t tied_pairs(std::size_t count, const Equal& equals_next) {
  std::uint64_t pairs = 0, run = 0;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    run = equals_next(i) ? run + 1 : 0;
    pairs += run;
  }
  return pairs;
}

// Sorts [first, last) and returns how many pairs stood in descending order.
std::uint64_t sort_and_count(std::span<std::uint32_t> values, std::vector<std::uint32_t>& spare) {
  if (values.size() < 2) return 0;
  const std::size_t middle = values.size() / 2;
  std::uint64_t inversions =
      sort_and_count(values.first(middle), spare) + sort_and_count(values.subspan(middle), spare);
  spare.clear();
  std::size_t left = 0, right = middle;
  while (left < middle || right < values.size()) {
    const bool take_left = right == values.size() || (left < middle && values[left] <= values[right]);
    if (!take_left) inversions += middle - left;
    spare.push_back(values[take_left ? left++ : right++]);
  }
  std::copy(spare.begin(), spare.end(), values.begin());
  return inversions;
}

// Python's round(x, 2): the decimal nearest to the double's exact value, the even one of two.
double round_to_cents(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f", value);
  return std::strtod(text, nullptr) + 0.0;  // no negative zero
}

}  // namespace

std::optional<double> kendall_tau_b(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  const std::size_t count = a.size();
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs(count);
  for (std::size_t i = 0; i < count; ++i) pairs[i] = {a[i], b[i]};
  std::sort(pairs.begin(), pairs.end());
  const std::uint64_t all = count < 2 ? 0 : std::uint64_t{count} * (count - 1) / 2;
  const std::uint64_t tied_a = tied_pairs(count, [&](std::size_t i) { return pairs[i].first == pairs[i + 1].first; });
  const std::uint64_t tied_both = tied_pairs(count, [&](std::size_t i) { return pairs[i] == pairs[i + 1]; });
  std::vector<std::uint32_t> second(count), spare;
  std::transform(pairs.begin(), pairs.end(), second.begin(), [](const auto& pair) { return pair.second; });
  const std::uint64_t discordant = sort_and_count(second, spare);
  const std::uint64_t tied_b = tied_pairs(count, [&](std::size_t i) { return second[i] == second[i + 1]; });
  if (tied_a == all || tied_b == all) return std::nullopt;
  const auto difference = static_cast<double>(static_cast<std::int64_t>(all - tied_a - tied_b + tied_both) -
                                              2 * static_cast<std::int64_t>(discordant));
  const double tau =
      difference / std::sqrt(static_cast<double>(all - tied_a)) / std::sqrt(static_cast<double>(all - tied_b));
  return std::clamp(tau, -1.0, 1.0);
}

double row_reward(RewardMode mode, Texts agent, Texts gold) {
  if (agent.empty() && gold.empty()) return 1;
  const auto common = common_rows(agent, gold);
  const double iou =
      static_cast<double>(common.size()) / static_cast<double>(agent.size() + gold.size() - common.size());
  if (mode == RewardMode::kIou || common.empty()) return iou;
  const auto tau = kendall_tau_b(common_ranks(agent, common), common_ranks(gold, common));
  return tau ? round_to_cents(*tau * iou) : iou;
}

}  // namespace intercodesql
