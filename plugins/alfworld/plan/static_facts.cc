#include "plan/static_facts.h"

#include <algorithm>

namespace alfworld::plan {

StaticFacts::StaticFacts(const pddl::Domain& domain, const pddl::Problem& problem)
    : domain_(domain),
      problem_(problem),
      is_static_(domain.predicates.size(), true),
      atoms_(domain.predicates.size()),
      index_(domain.predicates.size() * pddl::kMaxArity),
      objects_(domain.types.size()) {
  for (const pddl::Action& action : domain.actions) {
    for (const pddl::Effect& effect : action.effects) is_static_[effect.predicate] = false;
  }
  for (pddl::TypeId type = 0; type < domain.types.size(); ++type) {
    for (pddl::ObjectId object = 0; object < problem.objects.size(); ++object) {
      if (fits(object, type)) objects_[type].push_back(object);
    }
  }
  for (auto begin = problem.init.begin(); begin != problem.init.end();) {
    const pddl::PredicateId predicate = begin->predicate;
    const auto end = std::find_if(begin, problem.init.end(), [&](const auto& a) { return a.predicate != predicate; });
    atoms_[predicate] = {begin, end};
    begin = end;
    if (!is_static_[predicate]) continue;
    const std::span<const pddl::Atom> atoms = atoms_[predicate];
    for (std::size_t position = 0; position < domain.predicates[predicate].parameters.size(); ++position) {
      Index& index = index_[predicate * pddl::kMaxArity + position];
      index.begin.assign(problem.objects.size() + 1, 0);
      for (const pddl::Atom& atom : atoms) ++index.begin[atom.arguments[position] + 1];
      for (std::size_t i = 1; i < index.begin.size(); ++i) index.begin[i] += index.begin[i - 1];
      index.order.resize(atoms.size());
      std::vector<std::uint32_t> next(index.begin.begin(), index.begin.end() - 1);
      for (std::uint32_t i = 0; i < atoms.size(); ++i) index.order[next[atoms[i].arguments[position]]++] = i;
    }
  }
}

bool StaticFacts::holds(const pddl::Atom& atom) const {
  const auto atoms = atoms_[atom.predicate];
  return std::binary_search(atoms.begin(), atoms.end(), atom);
}

std::span<const pddl::Atom> StaticFacts::atoms(pddl::PredicateId predicate) const {
  return atoms_[predicate];
}

std::span<const std::uint32_t> StaticFacts::with(pddl::PredicateId predicate, std::size_t position,
                                                 pddl::ObjectId object) const {
  const Index& index = index_[predicate * pddl::kMaxArity + position];
  if (index.begin.empty()) return {};
  return std::span(index.order).subspan(index.begin[object], index.begin[object + 1] - index.begin[object]);
}

bool StaticFacts::fits(pddl::ObjectId object, pddl::TypeId type) const {
  return domain_.is_a(problem_.objects[object].type, type);
}

}  // namespace alfworld::plan
