// The facts of a game that no action changes, indexed for joins.
//
// Immutable; views the task, which outlives it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pddl/task.h"

namespace alfworld::plan {

class StaticFacts {
 public:
  StaticFacts(const pddl::Domain& domain, const pddl::Problem& problem);

  // Whether some action has an effect on the predicate. All other functions on atoms take static predicates only.
  [[nodiscard]] bool is_static(pddl::PredicateId predicate) const { return is_static_[predicate]; }
  [[nodiscard]] bool holds(const pddl::Atom& atom) const;
  [[nodiscard]] std::span<const pddl::Atom> atoms(pddl::PredicateId predicate) const;
  // Those whose argument at `position` is `object`, as numbers into atoms(predicate).
  [[nodiscard]] std::span<const std::uint32_t> with(pddl::PredicateId predicate, std::size_t position,
                                                    pddl::ObjectId object) const;

  // The values that a variable of a type takes, by id.
  [[nodiscard]] std::span<const pddl::ObjectId> objects(pddl::TypeId type) const { return objects_[type]; }
  [[nodiscard]] bool fits(pddl::ObjectId object, pddl::TypeId type) const;

 private:
  struct Index {  // of one argument position: where each object's atoms begin in `order`
    std::vector<std::uint32_t> begin, order;
  };
  const pddl::Domain& domain_;
  const pddl::Problem& problem_;
  std::vector<bool> is_static_;
  std::vector<std::span<const pddl::Atom>> atoms_;  // by predicate, within problem_.init
  std::vector<Index> index_;                        // kMaxArity per predicate
  std::vector<std::vector<pddl::ObjectId>> objects_;
};

}  // namespace alfworld::plan
