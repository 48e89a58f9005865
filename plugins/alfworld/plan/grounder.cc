// From schemas to operators: instances by joins over the static facts, conditions to facts and disjunctions. What
// cannot be reached or does not matter goes in prune.cc.
#include <algorithm>
#include <functional>
#include <map>
#include <unordered_map>

#include "plan/bindings.h"
#include "plan/ground_task.h"
#include "plan/prune.h"
#include "plan/static_facts.h"

namespace alfworld::plan {
namespace {

struct AtomHash {
  std::size_t operator()(const pddl::Atom& atom) const {
    std::uint64_t hash = atom.predicate;
    for (const pddl::ObjectId argument : atom.arguments) hash = (hash ^ argument) * 0x9e3779b97f4a7c15U;
    return hash ^ (hash >> 32);
  }
};

class Grounder {
 public:
  Grounder(const State& state, std::uint64_t limit)
      : domain_(state.game().domain()),
        problem_(state.game().problem()),
        state_(state),
        facts_(domain_, problem_),
        meter_(limit),
        matters_(domain_.predicates.size(), false) {
    binding_.fill(kUnbound);
  }

  std::optional<GroundTask> run() {
    find_what_matters();
    for (pddl::PredicateId predicate = 0; predicate < domain_.predicates.size(); ++predicate) {
      if (!matters_[predicate]) continue;
      state_.visit(predicate, [&](const pddl::Atom& atom) { task_.start[atom_index(atom)] = true; });
    }
    variables_ = problem_.goal.variables;
    if (!conjoin(problem_.goal.condition, task_.goal)) return std::nullopt;
    for (std::uint32_t i = 0; i < domain_.actions.size(); ++i) ground_action(i);
    if (!prune(task_)) return std::nullopt;
    return std::move(task_);
  }

 private:
  // ---- which predicates somebody reads who matters

  bool add_read(const pddl::Condition& condition) {
    bool grew = false;
    if (condition.kind == pddl::ConditionKind::kAtom && !facts_.is_static(condition.predicate) &&
        !matters_[condition.predicate]) {
      matters_[condition.predicate] = grew = true;
    }
    for (const pddl::Condition& part : condition.parts) grew = add_read(part) || grew;
    return grew;
  }

  void find_what_matters() {
    bool grew = add_read(problem_.goal.condition);
    while (grew) {
      grew = false;
      for (const pddl::Action& action : domain_.actions) {
        for (const pddl::Effect& effect : action.effects) {
          if (!matters_[effect.predicate]) continue;
          grew = add_read(action.precondition) || grew;
          grew = add_read(effect.when) || grew;
        }
      }
    }
  }

  // ---- conditions

  std::uint32_t atom_index(const pddl::Atom& atom) {
    const auto [found, is_new] = index_.try_emplace(atom, static_cast<std::uint32_t>(task_.atoms.size()));
    if (is_new) {
      task_.atoms.push_back(atom);
      task_.start.push_back(false);
    }
    return found->second;
  }

  [[nodiscard]] bool is_fixed(const pddl::Condition& condition) const {
    return condition.kind == pddl::ConditionKind::kEqual ||
           (condition.kind == pddl::ConditionKind::kAtom && facts_.is_static(condition.predicate));
  }

  [[nodiscard]] bool fixed_value(const pddl::Condition& condition) const {
    const pddl::Atom atom = ground_atom(condition.predicate, condition.terms, binding_);
    const bool value =
        condition.kind == pddl::ConditionKind::kEqual ? atom.arguments[0] == atom.arguments[1] : facts_.holds(atom);
    return value != condition.negated;
  }

  // Adds what `condition` needs under the present binding; false if it can never hold.
  bool conjoin(const pddl::Condition& condition, std::vector<Fact>& needs) {
    meter_.spend();
    if (is_fixed(condition)) return fixed_value(condition);
    switch (condition.kind) {
      case pddl::ConditionKind::kAtom: {
        const pddl::Atom atom = ground_atom(condition.predicate, condition.terms, binding_);
        needs.push_back(2 * atom_index(atom) + (condition.negated ? 1 : 0));
        return true;
      }
      case pddl::ConditionKind::kAnd:
        // The fixed parts first: most instances fail there.
        return std::all_of(condition.parts.begin(), condition.parts.end(),
                           [&](const auto& part) { return !is_fixed(part) || fixed_value(part); }) &&
               std::all_of(condition.parts.begin(), condition.parts.end(),
                           [&](const auto& part) { return is_fixed(part) || conjoin(part, needs); });
      case pddl::ConditionKind::kForall:
        return for_all(condition, needs);
      default:
        return disjoin(condition, needs);
    }
  }

  bool for_all(const pddl::Condition& condition, std::vector<Fact>& needs) {
    bool possible = true;
    // Every value counts, so nothing may guide the join.
    Join join(facts_, variables_, condition.variables, pddl::Condition{}, meter_);
    join.each(binding_, [&] { possible = possible && conjoin(condition.parts[0], needs); });
    return possible;
  }

  bool disjoin(const pddl::Condition& condition, std::vector<Fact>& needs) {
    std::vector<std::vector<Fact>> ways;
    bool certain = false;
    const auto add = [&](const pddl::Condition& part) {
      std::vector<Fact> way;
      if (certain || !conjoin(part, way)) return;
      certain = way.empty();
      ways.push_back(std::move(way));
    };
    if (condition.kind == pddl::ConditionKind::kOr) {
      for (const pddl::Condition& part : condition.parts) add(part);
    } else {
      Join join(facts_, variables_, condition.variables, condition.parts[0], meter_);
      join.each(binding_, [&] { add(condition.parts[0]); });
    }
    if (certain) return true;
    if (ways.size() == 1) needs.insert(needs.end(), ways[0].begin(), ways[0].end());
    if (ways.size() > 1) {
      // Numbered behind the atoms once all of these are known.
      const Fact disjunction = kDisjunctionBase + task_.disjunctions++;
      for (auto& way : ways) task_.alternatives.push_back({disjunction, std::move(way)});
      needs.push_back(disjunction);
    }
    return !ways.empty();
  }

  // ---- actions

  void ground_action(std::uint32_t number) {
    const pddl::Action& action = domain_.actions[number];
    const bool useful = std::any_of(action.effects.begin(), action.effects.end(),
                                    [&](const pddl::Effect& effect) { return matters_[effect.predicate]; });
    if (!useful) return;
    variables_ = action.variables;
    std::vector<std::uint32_t> parameters(action.parameter_count);
    for (std::uint32_t i = 0; i < action.parameter_count; ++i) parameters[i] = i;
    Join join(facts_, variables_, parameters, action.precondition, meter_);
    join.each(binding_, [&] {
      Operator made;
      if (!conjoin(action.precondition, made.needs)) return;
      for (const pddl::Effect& effect : action.effects) {
        if (matters_[effect.predicate]) ground_effect(effect, made);
      }
      GroundAction ground;
      ground.action = number;
      std::copy_n(binding_.begin(), action.parameter_count, ground.arguments.begin());
      made.actions.push_back(ground);
      task_.operators.push_back(std::move(made));
    });
  }

  void ground_effect(const pddl::Effect& effect, Operator& made) {
    Join join(facts_, variables_, effect.variables, effect.when, meter_);
    join.each(binding_, [&] {
      Outcome outcome;
      if (!conjoin(effect.when, outcome.when)) return;
      const pddl::Atom atom = ground_atom(effect.predicate, effect.terms, binding_);
      const Fact fact = 2 * atom_index(atom) + (effect.adds ? 0 : 1);
      const auto same = std::find_if(made.outcomes.begin(), made.outcomes.end(),
                                     [&](const auto& o) { return o.when == outcome.when; });
      if (same != made.outcomes.end()) {
        same->makes.push_back(fact);
      } else {
        outcome.makes.push_back(fact);
        made.outcomes.push_back(std::move(outcome));
      }
    });
  }

  const pddl::Domain& domain_;
  const pddl::Problem& problem_;
  const State& state_;
  const StaticFacts facts_;
  Meter meter_;
  std::vector<bool> matters_;  // by predicate
  std::span<const pddl::Variable> variables_;
  Binding binding_;
  std::unordered_map<pddl::Atom, std::uint32_t, AtomHash> index_;
  GroundTask task_;
};

}  // namespace

std::optional<GroundTask> ground(const State& state, std::uint64_t limit) {
  try {
    return Grounder(state, limit).run();
  } catch (const GroundingTooLarge&) {
    return std::nullopt;
  }
}

}  // namespace alfworld::plan
