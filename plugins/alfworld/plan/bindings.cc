#include "plan/bindings.h"

#include <algorithm>

namespace alfworld::plan {
namespace {

// Atoms that guide a join at most; each is one level of recursion.
constexpr std::size_t kMaxGuides = 64;

}  // namespace

pddl::Atom ground_atom(pddl::PredicateId predicate, std::span<const pddl::Term> terms, const Binding& binding) {
  pddl::Atom atom;
  atom.predicate = predicate;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    atom.arguments[i] = terms[i].is_variable ? binding[terms[i].index] : terms[i].index;
  }
  return atom;
}

Join::Join(const StaticFacts& facts, std::span<const pddl::Variable> types, std::span<const std::uint32_t> variables,
           const pddl::Condition& condition, Meter& meter)
    : facts_(facts), types_(types), variables_(variables), meter_(meter) {
  collect(condition);
}

void Join::collect(const pddl::Condition& condition) {
  if (condition.kind == pddl::ConditionKind::kAnd) {
    for (const pddl::Condition& part : condition.parts) collect(part);
  } else if (condition.kind == pddl::ConditionKind::kAtom && !condition.negated &&
             facts_.is_static(condition.predicate) && atoms_.size() < kMaxGuides) {
    atoms_.push_back(&condition);
  }
}

void Join::each(Binding& binding, const std::function<void()>& visit) {
  descend(binding, visit);
}

bool Join::mine(const pddl::Term& term, const Binding& binding) const {
  return term.is_variable && binding[term.index] == kUnbound;
}

// The facts that can still match: by the most selective bound argument. An empty span with a `count` above zero stands
// for all facts of the predicate.
std::span<const std::uint32_t> Join::shortest(const pddl::Condition& atom, const Binding& binding,
                                              std::size_t& count) const {
  count = facts_.atoms(atom.predicate).size();
  std::span<const std::uint32_t> best;
  for (std::size_t i = 0; i < atom.terms.size(); ++i) {
    const pddl::Term& term = atom.terms[i];
    if (mine(term, binding)) continue;
    const auto found = facts_.with(atom.predicate, i, term.is_variable ? binding[term.index] : term.index);
    if (best.empty() || found.size() < best.size()) best = found;
    if (found.size() < count) count = found.size();
  }
  return best;
}

void Join::descend(Binding& binding, const std::function<void()>& visit) {
  meter_.spend();
  // First the atom with the fewest candidates; variables in no atom by their type.
  std::size_t chosen = atoms_.size(), fewest = 0;
  for (std::size_t i = 0; i < atoms_.size(); ++i) {
    std::size_t count = 0;
    static_cast<void>(shortest(*atoms_[i], binding, count));
    if (chosen == atoms_.size() || count < fewest) chosen = i, fewest = count;
  }
  if (chosen < atoms_.size()) {
    const pddl::Condition* atom = atoms_[chosen];
    atoms_.erase(atoms_.begin() + static_cast<std::ptrdiff_t>(chosen));
    if (fewest > 0) by_atom(*atom, binding, visit);
    atoms_.insert(atoms_.begin() + static_cast<std::ptrdiff_t>(chosen), atom);
    return;
  }
  for (const std::uint32_t variable : variables_) {
    if (binding[variable] == kUnbound) return by_type(variable, binding, visit);
  }
  visit();
}

bool Join::match(const pddl::Condition& atom, const pddl::Atom& fact, Binding& binding,
                 std::vector<std::uint32_t>& bound) const {
  for (std::size_t i = 0; i < atom.terms.size(); ++i) {
    const pddl::Term& term = atom.terms[i];
    const pddl::ObjectId value = fact.arguments[i];
    if (!mine(term, binding)) {
      if ((term.is_variable ? binding[term.index] : term.index) != value) return false;
      continue;
    }
    if (!facts_.fits(value, types_[term.index].type)) return false;
    binding[term.index] = value;
    bound.push_back(term.index);
  }
  return true;
}

void Join::by_atom(const pddl::Condition& atom, Binding& binding, const std::function<void()>& visit) {
  std::size_t count = 0;
  const auto candidates = shortest(atom, binding, count);
  const auto facts = facts_.atoms(atom.predicate);
  std::vector<std::uint32_t> bound;
  for (std::size_t i = 0; i < count; ++i) {
    meter_.spend();
    const pddl::Atom& fact = facts[candidates.empty() ? i : candidates[i]];
    if (match(atom, fact, binding, bound)) descend(binding, visit);
    for (const std::uint32_t variable : bound) binding[variable] = kUnbound;
    bound.clear();
  }
}

void Join::by_type(std::uint32_t variable, Binding& binding, const std::function<void()>& visit) {
  for (const pddl::ObjectId value : facts_.objects(types_[variable].type)) {
    binding[variable] = value;
    descend(binding, visit);
  }
  binding[variable] = kUnbound;
}

}  // namespace alfworld::plan
