#include "plan/search.h"

#include <algorithm>

#include "plan/costs.h"
#include "plan/filter.h"
#include "plan/search_inside.h"

namespace intercodesql {
namespace {

const Range* range_on(const PlanTable& table, const IndexUse& use) {
  for (const Range& range : table.ranges) {
    if (range.index == use.index) return &range;
  }
  return nullptr;
}

bool has_covering(const PlanTable& table) {
  return std::any_of(table.indexes.begin(), table.indexes.end(), [](const IndexUse& use) { return use.is_covering; });
}

}  // namespace

Search::Search(const Resolution& resolution, const JoinProblem& problem, TableSet among)
    : resolution_(resolution), problem_(problem), among_(among), sort_by_(problem.sort_by), has_semi_joins_(false) {
  for (const PlanTable& table : problem.tables) {
    if ((table.bit & among) == 0) continue;
    order_.push_back(&table);
    has_semi_joins_ = has_semi_joins_ || table.sub != 0;
  }
  for (const SemiJoin& join : problem.semi_joins) {
    if (join.inner == among) has_semi_joins_ = false;  // the semi-join's own tables
  }
}

JoinPlan Search::run() {
  take_constant_tables();
  sort_tables();
  TableSet remaining = 0;
  for (std::size_t i = first_; i < order_.size(); ++i) remaining |= order_[i]->bit;
  steps_.resize(order_.size());
  states_.resize(order_.size());
  if (has_semi_joins_) materialize();
  if (remaining != 0) extend(remaining, first_);
  JoinPlan plan;
  if (has_semi_joins_) settle_loose_scans();
  plan.steps = best_.empty() ? steps_ : best_;
  if (!plan.steps.empty() && remaining != 0) {
    plan.rows = plan.steps.back().prefix_rows;
    plan.cost = best_cost_;
  }
  return plan;
}

void Search::take_constant_tables() {
  std::stable_partition(order_.begin(), order_.end(), [](const PlanTable* table) { return table->is_constant; });
  while (first_ < order_.size() && order_[first_]->is_constant) {
    constant_ |= order_[first_]->bit;
    Step step;
    step.table = order_[first_];
    step.rows_fetched = 1;
    steps_.push_back(step);
    ++first_;
  }
}

// Few rows first, but tables after those their keys come from.
void Search::sort_tables() {
  const auto goes_before = [&](const PlanTable* a, const PlanTable* b) {
    if ((a->depends_on & b->bit) != 0) return false;
    if ((b->depends_on & a->bit) != 0) return true;
    const bool a_by_b = (a->key_depends_on & b->bit) != 0;
    const bool b_by_a = (b->key_depends_on & a->bit) != 0;
    if (a_by_b != b_by_a) return b_by_a;
    if (a->found_rows != b->found_rows) return a->found_rows < b->found_rows;
    return a < b;
  };
  for (std::size_t i = first_ + 1; i < order_.size(); ++i) {
    for (std::size_t j = i; j > first_ && goes_before(order_[j], order_[j - 1]); --j) {
      std::swap(order_[j], order_[j - 1]);
    }
  }
}

// --- one table

// Different combinations of rows of the tables `of`, among those before step i.
double Search::different_rows(std::size_t i, TableSet of) const {
  double found = 1;
  for (std::size_t k = i; k-- > first_;) {
    const Step& step = steps_[k];
    const double rows = step.rows_fetched * step.filter;
    if ((step.table->bit & of) != 0) {
      of |= step.looks_at;
      if (step.rows_fetched > 0) found *= rows;
    } else if (rows < 1) {
      found *= rows;
    }
  }
  return found;
}

Search::Ref Search::best_ref(const PlanTable& table, TableSet remaining, std::size_t i, double prefix) const {
  enum Kind { kClustered, kUnique, kPlain };
  Ref best;
  double best_total = kNever;
  Kind best_kind = kPlain;
  for (const IndexUse& use : table.indexes) {
    Ref ref;
    ref.use = &use;
    bool all_constant = true;
    std::size_t parts = 0;
    for (; parts < use.index->columns.size(); ++parts) {
      double least = kNever;
      TableSet from = 0;
      for (const KeyUse& key : use.uses) {
        if (key.part != parts || (key.needs & (remaining | out_of_reach())) != 0) continue;
        const double different = different_rows(i, (ref.looks_at | key.needs) & ~constant_);
        if (different < least) {
          least = different;
          from = key.needs & ~constant_;
        }
      }
      if (least == kNever) break;
      ref.looks_at |= from;
      all_constant = all_constant && from == 0;
    }
    if (parts == 0) continue;
    ref.parts = parts;
    const bool whole = parts == use.index->columns.size();
    const Kind kind = whole && use.index->unique ? (use.is_primary ? kClustered : kUnique) : kPlain;
    if (kind > best_kind) continue;
    const Range* range = range_on(table, use);
    if (kind != kPlain) {
      ref.cost = different_rows(i, ref.looks_at) * kPageCost;
      ref.rows = 1;
    } else {
      ref.rows = rows_per_key(*table.source->table, *use.index, parts);
      if (all_constant && range != nullptr && range->parts > parts) continue;
      const bool same_rows = range != nullptr && all_constant && range->parts == parts && range->is_point;
      if (same_rows || (range != nullptr && range->is_point && range->parts <= parts && all_constant)) {
        ref.rows = same_rows ? range->rows : std::min(ref.rows, range->rows);
      }
      ref.cost = prefix * lookup_cost(use, table, ref.rows);
    }
    const double total = ref.cost + prefix * ref.rows * kRowCost;
    const bool better = kind < best_kind || total < best_total;
    if (best.use == nullptr || better) {
      best = ref;
      best_total = total;
      best_kind = kind;
    }
    if (kind == kClustered) break;
  }
  return best;
}

double Search::filter_of(const PlanTable& table, const Ref* ref, TableSet read, double fetched, bool in_buffer,
                         TableSet after) const {
  const bool matters =
      in_buffer || after != 0 || problem_.is_subquery || !problem_.semi_joins.empty() || problem_.limit.has_value();
  if (!matters) return 1;
  if (fetched < 1 || table.rows < 1) return 1;
  Reached reached;
  if (ref != nullptr) reached = {ref->use, ref->parts};
  const auto [found, is_new] = filters_.try_emplace({&table, reached.key, reached.parts, read}, 0);
  if (is_new) found->second = condition_filter(resolution_, problem_, table, reached, read);
  constexpr double kLeastRows = 0.05;  // that a table adds to a row of those before it
  return std::min(1.0, std::max(found->second, kLeastRows / fetched));
}

// The cheapest way to the table behind the steps before i.
Step Search::reach(const PlanTable& table, TableSet remaining, std::size_t i, double prefix, bool no_buffer) const {
  no_buffer = no_buffer || i == first_;
  const TableSet read = ~remaining & among_;
  const TableSet after = remaining & ~table.bit;
  Ref ref = best_ref(table, remaining, i, prefix);
  double rows = ref.use == nullptr ? kNever : ref.rows;
  double cost = ref.use == nullptr ? kNever : ref.cost;
  double filter = 1;
  bool buffered = false;
  const bool same_range =
      table.range && ref.use != nullptr && table.range->index == ref.use->index && ref.parts >= table.range->parts;
  const bool skip_scan = (ref.use != nullptr && rows < table.found_rows && cost <= table.read_cost) || same_range ||
                         (ref.use != nullptr && has_covering(table) && !table.range);
  if (!skip_scan) {
    const double left = table.found_rows * filter_of(table, nullptr, 0, table.found_rows, !no_buffer, after);
    double scan = 0;
    if (table.range) {
      scan = prefix * (table.range->cost + kRowCost * (table.found_rows - left));
    } else {
      const double once = scan_cost(table) + kRowCost * (table.rows - left);
      scan = no_buffer ? prefix * once : (1 + buffered_bytes(i) * prefix / kJoinBuffer) * once;
    }
    if (ref.use == nullptr || scan + kRowCost * prefix * left < cost + kRowCost * prefix * rows) {
      cost = scan;
      rows = left;
      const double full = filter_of(table, nullptr, read, table.found_rows, false, after);
      filter = left > 0 ? std::min(1.0, table.found_rows * full / left) : 1;
      ref = {};
      buffered = !no_buffer;
    }
  }
  if (ref.use != nullptr) filter = filter_of(table, &ref, read, rows, false, after);
  Step step;
  step.table = &table;
  step.key = ref.use;
  step.key_parts = ref.parts;
  step.looks_at = ref.looks_at;
  step.has_join_buffer = buffered;
  step.rows_fetched = rows;
  step.read_cost = cost;
  step.filter = filter;
  return step;
}

// Where all rows of the table to sort by are read first, a temporary table is thought to be needed all the same.
void Search::note_sort(const Step& step, std::size_t i) {
  const bool reads_it = step.key == nullptr && i == first_ && step.table->source == sort_by_;
  if (reads_it && problem_.limit.value_or(kNever) >= step.rows_fetched) sorts_temporary_table_ = true;
}

bool Search::needs_sort() const {
  return sort_by_ != nullptr && (sorts_temporary_table_ || steps_[first_].table->source != sort_by_);
}

// Of a row of the steps before i, roughly.
double Search::buffered_bytes(std::size_t i) const {
  double bytes = 0;
  for (std::size_t k = first_; k < i; ++k) bytes += 8.0 * static_cast<double>(steps_[k].table->source->columns.size());
  return bytes;
}

void Search::set_prefix(std::size_t i) {
  Step& step = steps_[i];
  const double rows = prefix_rows(i) * step.rows_fetched;
  step.prefix_cost = prefix_cost(i) + step.read_cost + kRowCost * rows;
  step.prefix_rows = rows * step.filter;
}

// Tables inside an outer join stand together.
bool Search::leaves_open_nest(const PlanTable& table, TableSet remaining) const {
  for (const PlanTable* other : order_) {
    if (other->nest == 0 || (other->bit & remaining) != 0) continue;
    const bool open = (other->nest & remaining) != 0;
    if (open && (table.bit & other->nest) == 0) return true;
  }
  return false;
}

// --- the search

void Search::extend(TableSet remaining, std::size_t i) {
  if (++visited_ > kMostVisits) return;
  double best_rows = kNever, best_cost = kNever;
  TableSet extended = 0;
  const std::vector<const PlanTable*> saved(order_.begin() + static_cast<std::ptrdiff_t>(i), order_.end());
  for (std::size_t k = i; k < order_.size(); ++k) {
    const PlanTable& table = *order_[k];
    std::swap(order_[i], order_[k]);
    const bool fits = (remaining & table.bit) != 0 && (extended & table.bit) == 0 &&
                      (remaining & table.depends_on) == 0 && !leaves_open_nest(table, remaining);
    if (!fits) continue;
    steps_[i] = reach(table, remaining, i, prefix_rows(i), false);
    note_sort(steps_[i], i);
    set_prefix(i);
    if (has_semi_joins_) advance(remaining, i);
    const Step& step = steps_[i];
    if (step.prefix_cost >= best_cost_) continue;
    const bool is_sorted = i == first_ && table.source == sort_by_ && !sorts_temporary_table_;
    if (best_rows > step.prefix_rows || best_cost > step.prefix_cost || is_sorted) {
      const bool is_free = (table.key_depends_on & remaining) == 0 || step.rows_fetched < 2;
      if (best_rows >= step.prefix_rows && best_cost >= step.prefix_cost && is_free) {
        best_rows = step.prefix_rows;
        best_cost = step.prefix_cost;
      }
    } else {
      continue;
    }
    const TableSet after = remaining & ~table.bit;
    if (after == 0) {
      consider(i);
    } else if (step.key != nullptr && step.rows_fetched <= 1) {
      // Look-ups of one row cost the same in any order: the first leads to all others.
      if (extended != 0) continue;
      extended = table.bit | extend_by_lookups(after, i + 1);
      if (extended == remaining) break;
    } else {
      extend(after, i + 1);
    }
  }
  std::copy(saved.begin(), saved.end(), order_.begin() + static_cast<std::ptrdiff_t>(i));
}

TableSet Search::extend_by_lookups(TableSet remaining, std::size_t i) {
  const auto near = [](double a, double b) { return a >= b * 0.9 && a <= b * 1.1; };
  const std::vector<const PlanTable*> saved(order_.begin() + static_cast<std::ptrdiff_t>(i), order_.end());
  const auto restore = [&] { std::copy(saved.begin(), saved.end(), order_.begin() + static_cast<std::ptrdiff_t>(i)); };
  for (std::size_t k = i; k < order_.size(); ++k) {
    const PlanTable& table = *order_[k];
    std::swap(order_[i], order_[k]);
    const bool fits = (remaining & table.bit) != 0 && (remaining & table.depends_on) == 0 &&
                      (~remaining & table.key_depends_on) != 0 && !leaves_open_nest(table, remaining);
    if (!fits) continue;
    steps_[i] = reach(table, remaining, i, prefix_rows(i), false);
    const Step& before = steps_[i - 1];
    if (steps_[i].key == nullptr || !near(steps_[i].read_cost, before.read_cost) ||
        !near(steps_[i].rows_fetched, before.rows_fetched)) {
      continue;
    }
    set_prefix(i);
    if (has_semi_joins_) advance(remaining, i);
    if (steps_[i].prefix_cost >= best_cost_) continue;
    TableSet extended = table.bit;
    const TableSet after = remaining & ~table.bit;
    if (after != 0) {
      extended |= extend_by_lookups(after, i + 1);
    } else {
      consider(i);
    }
    restore();
    return extended;
  }
  restore();
  extend(remaining, i);
  return 0;
}

void Search::consider(std::size_t i) {
  const double cost = steps_[i].prefix_cost + (needs_sort() ? steps_[i].prefix_rows : 0);
  if (cost >= best_cost_) return;
  best_ = steps_;
  best_cost_ = cost - 0.001;  // so that an equal one does not replace it
}

JoinPlan cheapest_plan(const Resolution& resolution, const JoinProblem& problem) {
  TableSet all = 0;
  for (const PlanTable& table : problem.tables) all |= table.bit;
  return Search(resolution, problem, all).run();
}

}  // namespace intercodesql
