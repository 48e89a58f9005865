// The order in which MySQL joins the tables of a block, and how it reaches each: the cheapest plan its search meets.
#pragma once

#include <vector>

#include "plan/problem.h"

namespace intercodesql {

// How a semi-join's duplicates are avoided. The first two leave the order to the tables outside.
enum class SemiJoinStrategy : std::uint8_t {
  kNone,
  kFirstMatch,
  kMaterializeLookup,
  kLooseScan,
  kMaterializeScan,
  kWeedout
};

struct Step {
  const PlanTable* table = nullptr;
  const IndexUse* key = nullptr;  // looked up by it; null: read whole, or its range
  std::size_t key_parts = 0;
  bool has_join_buffer = false;  // the rows before it lie in a hash table, and its own are held against them
  double rows_fetched = 0;       // by one look-up or scan
  double read_cost = 0;
  double filter = 1;
  double prefix_rows = 1;  // of the join up to here
  double prefix_cost = 0;
  TableSet looks_at = 0;                                // tables whose rows the key comes from
  SemiJoinStrategy strategy = SemiJoinStrategy::kNone;  // of the semi-join that ends here
  std::size_t strategy_begin = 0;                       // the first step of its range
};

struct JoinPlan {
  std::vector<Step> steps;  // constant tables first
  double rows = 1;
  double cost = 0;
};

[[nodiscard]] JoinPlan cheapest_plan(const Resolution& resolution, const JoinProblem& problem);

}  // namespace intercodesql
