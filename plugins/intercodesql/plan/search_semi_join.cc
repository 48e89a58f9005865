// Semi-joins in the search: after every table the strategies are looked at that its being there completes.
//
// Without LooseScan: no recorded answer of MySQL's has the order it would give, and some had it been cheapest by
// MySQL's formula have another.
#include <algorithm>
#include <bit>

#include "plan/search_inside.h"

namespace intercodesql {

const SemiJoin* Search::semi_join_of(std::size_t i) const {
  const std::size_t sub = steps_[i].table->sub;
  return sub == 0 ? nullptr : &problem_.semi_joins[sub - 1];
}

// Of each semi-join that could be computed beforehand: at what cost, and how many rows that leaves.
void Search::materialize() {
  for (const SemiJoin& join : problem_.semi_joins) {
    Materialized& result = materialized_.emplace_back();
    result.is_possible = !join.is_correlated && !join.pairs.empty() && join.inner != 0;
    if (!result.is_possible) continue;
    const JoinPlan plan = Search(resolution_, problem_, join.inner).run();
    double most = 1;
    for (const PlanTable& table : problem_.tables) {
      const Item& item = *join.pairs.front().second;
      const bool is_named = item.expr != nullptr ? (problem_.tables_of(resolution_, *item.expr) & table.bit) != 0
                                                 : item.column.source == table.source;
      if (is_named) most *= table.found_rows;
    }
    result.rows = std::min(plan.rows, most);
    result.cost = plan.cost + kTemporaryTableCost + kTemporaryRowCost * plan.rows;
  }
}

// Looks at the strategies that step i completes; the cheapest gives its prefix_rows and prefix_cost.
void Search::advance(TableSet remaining, std::size_t i) {
  Step& step = steps_[i];
  SemiJoinState& state = states_[i];
  const TableSet with_this = remaining;
  remaining &= ~step.table->bit;
  state = {};
  if (i > first_) {
    state = states_[i - 1];
    if (steps_[i - 1].strategy == SemiJoinStrategy::kLooseScan) state.loose_scan = kNowhere;
    if (steps_[i - 1].strategy == SemiJoinStrategy::kMaterializeScan) state.scan_needs = 0;
  }
  const SemiJoin* join = semi_join_of(i);
  double cost = step.prefix_cost, rows = step.prefix_rows;
  SemiJoinStrategy strategy = SemiJoinStrategy::kNone;
  std::size_t begin = i;
  TableSet handled = 0;
  const auto take = [&](SemiJoinStrategy taken, std::size_t from, const RangeCost& range) {
    strategy = taken;
    begin = from;
    cost = range.cost;
    rows = range.rows;
  };

  if (state.first_match != kNowhere && semi_join_of(state.first_match) != join) state.first_match = kNowhere;
  if (join != nullptr) {
    if (state.duplicates == 0 && (remaining & join->outer) == 0) {
      state.first_match = i;
      state.first_match_needs = 0;
      state.first_match_remaining = remaining;
    }
    if (state.first_match != kNowhere) {
      state.first_match_needs |= join->inner;
      if ((join->outer & state.first_match_remaining) != 0) {
        state.first_match = kNowhere;
      } else if ((state.first_match_needs & remaining) == 0) {
        take(SemiJoinStrategy::kFirstMatch, state.first_match, match_range(state.first_match, i, remaining, nullptr));
        handled = state.first_match_needs;
      }
    }
  }

  if (state.loose_scan != kNowhere) {
    const SemiJoin* first = semi_join_of(state.loose_scan);
    const bool inside = (first->inner & with_this) != 0;
    if (inside ? join != first : join != nullptr) state.loose_scan = kNowhere;
  }
  if (join != nullptr && (with_this & join->inner) == join->inner && state.duplicates == 0 && !join->is_correlated &&
      (with_this & join->outer) != 0 && loose_scan(*step.table, with_this, prefix_rows(i))) {
    state.loose_scan = i;
    state.loose_scan_needs = join->inner | join->outer;
  }
  if (state.loose_scan != kNowhere && (remaining & state.loose_scan_needs) == 0) {
    TableSet from_there = remaining;
    for (std::size_t k = state.loose_scan; k <= i; ++k) from_there |= steps_[k].table->bit;
    const auto driving = loose_scan(*steps_[state.loose_scan].table, from_there, prefix_rows(state.loose_scan));
    take(SemiJoinStrategy::kLooseScan, state.loose_scan, match_range(state.loose_scan, i, remaining, &*driving));
    handled = semi_join_of(state.loose_scan)->inner;
  }
  if (join != nullptr) state.duplicates |= join->inner;
  state.duplicates &= ~handled;

  const SemiJoinStrategy materialized = materializes(remaining, i);
  if (materialized == SemiJoinStrategy::kMaterializeScan) {
    const bool other = state.scan_needs != 0 && join != semi_join_of(state.scan_last_inner);
    state.scan_needs = other ? 0 : join->inner | join->outer;
    if (!other) state.scan_last_inner = i;
  } else if (materialized == SemiJoinStrategy::kMaterializeLookup) {
    const std::size_t first = i + 1 - static_cast<std::size_t>(std::popcount(join->inner));
    const Materialized& inside = materialized_[steps_[i].table->sub - 1];
    const RangeCost range{prefix_rows(first),
                          prefix_cost(first) + inside.cost + prefix_rows(first) * kTemporaryRowCost};
    if (range.cost < cost || state.duplicates != 0) {
      take(SemiJoinStrategy::kMaterializeLookup, first, range);
      state.duplicates &= ~join->inner;
    }
  }
  if (state.scan_needs != 0 && join != nullptr && join != semi_join_of(state.scan_last_inner)) state.scan_needs = 0;
  if (state.scan_needs != 0 && (state.scan_needs & remaining) == 0) {
    const SemiJoin* scanned = semi_join_of(state.scan_last_inner);
    const RangeCost range = scan_range(state.scan_last_inner, i, remaining);
    if (range.cost < cost || state.duplicates != 0) {
      take(SemiJoinStrategy::kMaterializeScan,
           state.scan_last_inner + 1 - static_cast<std::size_t>(std::popcount(scanned->inner)), range);
      state.duplicates &= ~scanned->inner;
    }
  }

  if (join != nullptr) {
    if (state.weedout_needs == 0) state.weedout = i;
    state.weedout_needs |= join->inner | join->outer;
  }
  if (state.weedout_needs != 0 && (remaining & state.weedout_needs) == 0) {
    const RangeCost range = weedout_range(state.weedout, i);
    if (range.cost < cost || state.duplicates != 0) {
      take(SemiJoinStrategy::kWeedout, state.weedout, range);
      state.duplicates &= ~state.weedout_needs;
    }
  }
  step.strategy = strategy;
  step.strategy_begin = begin;
  if (strategy != SemiJoinStrategy::kNone) {
    step.prefix_cost = cost;
    step.prefix_rows = rows;
  }
}

// Scan, if its outer tables are still to come; look-up, if they are there.
SemiJoinStrategy Search::materializes(TableSet remaining, std::size_t i) const {
  const SemiJoin* join = semi_join_of(i);
  if (join == nullptr || !materialized_[steps_[i].table->sub - 1].is_possible || (remaining & join->inner) != 0) {
    return SemiJoinStrategy::kNone;
  }
  const auto count = static_cast<std::size_t>(std::popcount(join->inner));
  for (std::size_t k = 0; k < count; ++k) {
    if (i < first_ + k || semi_join_of(i - k) != join) return SemiJoinStrategy::kNone;
  }
  return (remaining & join->outer) != 0 ? SemiJoinStrategy::kMaterializeScan : SemiJoinStrategy::kMaterializeLookup;
}

// FirstMatch, or LooseScan with its first step `driving`.
Search::RangeCost Search::match_range(std::size_t first, std::size_t last, TableSet remaining,
                                      const Step* driving) const {
  double cost = prefix_cost(first);
  const double rows = prefix_rows(first);
  double inner = 1, outer = 1;
  std::size_t inner_tables = 0, last_inner = first;
  for (std::size_t i = first; i <= last; ++i) {
    remaining |= steps_[i].table->bit;
    if (steps_[i].table->sub == 0) continue;
    ++inner_tables;
    last_inner = i;
  }
  const std::size_t unbuffered = driving != nullptr ? last_inner + 1 : inner_tables > 1 ? last + 1 : first;
  for (std::size_t i = first; i <= last; ++i) {
    Step step = steps_[i];
    const double prefix = rows * inner * outer;
    if (driving != nullptr && i == first) {
      step = *driving;
    } else if (step.has_join_buffer) {
      step = reach(*step.table, remaining, i, prefix, i < unbuffered);
    }
    remaining &= ~step.table->bit;
    cost += step.read_cost + kRowCost * prefix * step.rows_fetched;
    (step.table->sub != 0 ? inner : outer) *= step.rows_fetched * step.filter;
  }
  return {rows * outer, cost};
}

// The inner table read by an index that holds all of it and begins with the column IN compares, the first entry of
// every value only.
std::optional<Step> Search::loose_scan(const PlanTable& table, TableSet remaining, double prefix) const {
  const SemiJoin& join = problem_.semi_joins[table.sub - 1];
  if (join.pairs.empty() || table.source->table == nullptr) return std::nullopt;
  const Item& inner = *join.pairs.front().second;
  std::optional<Step> best;
  for (const IndexUse& use : table.indexes) {
    const bool fits =
        use.is_covering && inner.column.source == table.source && use.index->columns.front() == inner.column.column;
    const double cost = fits ? prefix * index_scan_cost(use, *table.source->table, table.rows) : kNever;
    if (!fits || (best && cost >= best->read_cost)) continue;
    Step step;
    step.table = &table;
    step.key = &use;
    step.read_cost = cost;
    step.rows_fetched = table.rows / rows_per_key(*table.source->table, *use.index, 1);
    best = step;
  }
  if (best) best->filter = filter_of(table, nullptr, ~remaining & among_, best->rows_fetched, false, remaining);
  return best;
}

Search::RangeCost Search::scan_range(std::size_t last_inner, std::size_t last, TableSet remaining) const {
  const SemiJoin& join = *semi_join_of(last_inner);
  const Materialized& inside = materialized_[steps_[last_inner].table->sub - 1];
  const std::size_t first = last_inner + 1 - static_cast<std::size_t>(std::popcount(join.inner));
  const double rows = prefix_rows(first);
  double cost = prefix_cost(first) + inside.cost + rows * kTemporaryRowCost * inside.rows;
  double outer = 1;
  for (std::size_t i = last_inner + 1; i <= last; ++i) remaining |= steps_[i].table->bit;
  for (std::size_t i = last_inner + 1; i <= last; ++i) {
    const Step step = reach(*steps_[i].table, remaining, i, rows * inside.rows * outer, false);
    remaining &= ~step.table->bit;
    outer *= step.rows_fetched;
    cost += step.read_cost + kRowCost * rows * inside.rows * outer;
    outer *= step.filter;
  }
  return {rows * outer, cost};
}

Search::RangeCost Search::weedout_range(std::size_t first, std::size_t last) const {
  double cost = prefix_cost(first);
  const double rows = prefix_rows(first);
  double inner = 1, outer = 1, most_outer = 1;
  for (std::size_t i = first; i <= last; ++i) {
    const Step& step = steps_[i];
    const double fanout = step.rows_fetched * step.filter;
    cost += step.read_cost + kRowCost * rows * inner * outer * step.rows_fetched;
    if (step.table->sub != 0) {
      inner *= fanout;
      continue;
    }
    most_outer *= step.table->rows * step.filter;
    if (inner > 1) {
      outer *= inner * fanout;
      inner = 1;
    } else {
      outer *= fanout;
    }
  }
  if (most_outer < outer) {
    if (most_outer > 0) inner *= outer / most_outer;
    outer = most_outer;
  }
  cost += kTemporaryTableCost + kTemporaryRowCost * rows * outer * (1 + inner);
  return {rows * outer, cost};
}

// A loose scan's first step reads another index than the plan was made with.
void Search::settle_loose_scans() {
  for (std::size_t i = first_; i < best_.size(); ++i) {
    if (best_[i].strategy != SemiJoinStrategy::kLooseScan) continue;
    Step& driving = best_[best_[i].strategy_begin];
    const auto scan = loose_scan(*driving.table, driving.table->bit, 1);
    driving.key = scan->key;
    driving.key_parts = 0;
  }
}

}  // namespace intercodesql
