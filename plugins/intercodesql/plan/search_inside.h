// The inside of search.h: one search over one set of tables; its semi-joins in search_semi_join.cc.
//
// A depth-first search over the orders of the tables that cuts off what is dearer than the best so far, or looks dearer
// than what was tried beside it, exactly as MySQL's does: which of two plans of nearly the same cost is met first
// decides.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <tuple>
#include <vector>

#include "plan/costs.h"
#include "plan/search.h"

namespace intercodesql {

inline constexpr double kNever = std::numeric_limits<double>::max();

class Search {
 public:
  // Over the tables of `among` only; values from other tables are out of reach.
  Search(const Resolution& resolution, const JoinProblem& problem, TableSet among);

  JoinPlan run();

 private:
  static constexpr std::size_t kNowhere = 64;
  static constexpr std::size_t kMostVisits = 3'000;  // where MySQL would go on, the best so far is taken

  // What is known of semi-joins after a step: which strategies could still end in a complete range.
  struct SemiJoinState {
    TableSet duplicates = 0;  // inner tables whose duplicates nothing removes yet
    std::size_t first_match = kNowhere;
    TableSet first_match_needs = 0, first_match_remaining = 0;
    std::size_t loose_scan = kNowhere;
    TableSet loose_scan_needs = 0;
    TableSet weedout_needs = 0;
    std::size_t weedout = kNowhere;
    TableSet scan_needs = 0;
    std::size_t scan_last_inner = 0;
  };

  // A semi-join's tables joined on their own, into a temporary table.
  struct Materialized {
    bool is_possible = false;
    double rows = 0, cost = 0;
  };

  struct Ref {
    const IndexUse* use = nullptr;
    std::size_t parts = 0;
    double rows = 0, cost = kNever;
    TableSet looks_at = 0;
  };

  void take_constant_tables();
  void sort_tables();
  void extend(TableSet remaining, std::size_t i);
  TableSet extend_by_lookups(TableSet remaining, std::size_t i);
  void consider(std::size_t i);
  void note_sort(const Step& step, std::size_t i);
  [[nodiscard]] bool needs_sort() const;
  [[nodiscard]] bool leaves_open_nest(const PlanTable& table, TableSet remaining) const;

  [[nodiscard]] double prefix_rows(std::size_t i) const { return i == first_ ? 1 : steps_[i - 1].prefix_rows; }
  [[nodiscard]] double prefix_cost(std::size_t i) const { return i == first_ ? 0 : steps_[i - 1].prefix_cost; }
  [[nodiscard]] TableSet out_of_reach() const { return ~among_ & ~constant_; }
  [[nodiscard]] double different_rows(std::size_t i, TableSet of) const;
  [[nodiscard]] Ref best_ref(const PlanTable& table, TableSet remaining, std::size_t i, double prefix) const;
  [[nodiscard]] double filter_of(const PlanTable& table, const Ref* ref, TableSet read, double fetched, bool in_buffer,
                                 TableSet after) const;
  [[nodiscard]] Step reach(const PlanTable& table, TableSet remaining, std::size_t i, double prefix,
                           bool no_buffer) const;
  [[nodiscard]] double buffered_bytes(std::size_t i) const;
  void set_prefix(std::size_t i);

  // semi-joins (search_semi_join.cc)
  struct RangeCost {
    double rows = 0, cost = 0;
  };
  void materialize();
  void advance(TableSet remaining, std::size_t i);
  RangeCost match_range(std::size_t first, std::size_t last, TableSet remaining, const Step* driving) const;
  RangeCost scan_range(std::size_t last_inner, std::size_t last, TableSet remaining) const;
  RangeCost weedout_range(std::size_t first, std::size_t last) const;
  [[nodiscard]] std::optional<Step> loose_scan(const PlanTable& table, TableSet remaining, double prefix) const;
  void settle_loose_scans();
  [[nodiscard]] SemiJoinStrategy materializes(TableSet remaining, std::size_t i) const;
  [[nodiscard]] const SemiJoin* semi_join_of(std::size_t i) const;

  const Resolution& resolution_;
  const JoinProblem& problem_;
  TableSet among_;
  const Source* sort_by_;
  bool has_semi_joins_;
  bool sorts_temporary_table_ = false;
  TableSet constant_ = 0;
  std::size_t first_ = 0;
  std::vector<const PlanTable*> order_;
  std::vector<Step> steps_, best_;
  std::vector<SemiJoinState> states_;
  std::vector<Materialized> materialized_;  // by semi-join
  mutable std::map<std::tuple<const PlanTable*, const IndexUse*, std::size_t, TableSet>, double> filters_;
  double best_cost_ = kNever;
  std::size_t visited_ = 0;
};

}  // namespace intercodesql
