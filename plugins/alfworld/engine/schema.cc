#include "engine/schema.h"

#include <algorithm>

namespace alfworld::engine {
namespace {

Operand operand(pddl::Term term) {
  return {term.is_variable ? OperandKind::kBound : OperandKind::kConstant, term.index, pddl::kRootType};
}

CompiledEffect compile_effect(const pddl::Effect& effect, const pddl::Action& action,
                              const ConditionCompiler& compiler) {
  CompiledEffect compiled;
  compiled.adds = effect.adds;
  compiled.fact = effect.predicate;
  compiled.arity = static_cast<std::uint32_t>(effect.terms.size());
  for (std::size_t i = 0; i < effect.terms.size(); ++i) compiled.operands[i] = operand(effect.terms[i]);
  VariableSet bound = (VariableSet{1} << action.parameter_count) - 1;
  for (const std::uint32_t variable : effect.variables) {
    compiled.forall.push_back({OperandKind::kNew, variable, action.variables[variable].type});
    bound |= VariableSet{1} << variable;
  }
  compiled.is_conditional = !effect.when.parts.empty();
  if (compiled.is_conditional) {
    compiled.when = compiler.formula(compiler.simplified(effect.when, action.variables), action.variables, bound);
  }
  return compiled;
}

// The atoms that make `effect` idle where they equal its own.
std::vector<AtomTerms> idle_atoms(const pddl::Effect& effect, const pddl::Action& action,
                                  const std::vector<const pddl::Condition*>& required) {
  std::vector<AtomTerms> same;
  for (const pddl::Condition* literal : required) {
    const bool is_atom = literal->kind == pddl::ConditionKind::kAtom && literal->predicate == effect.predicate;
    if (is_atom && literal->negated != effect.adds) same.push_back(literal->terms);
  }
  for (const pddl::Effect& other : action.effects) {
    const bool is_certain = other.when.parts.empty() && other.variables.empty();
    if (!effect.adds && other.adds && is_certain && other.predicate == effect.predicate) same.push_back(other.terms);
  }
  return same;
}

void find_idle_effects(const pddl::Action& action, const pddl::Condition& precondition, Schema& schema) {
  const auto required = required_literals(precondition);
  schema.always_changes = false;
  for (const pddl::Effect& effect : action.effects) {
    const bool is_certain = effect.when.parts.empty() && effect.variables.empty();
    Schema::Idle idle{effect.terms, idle_atoms(effect, action, required)};
    if (!is_certain || idle.same.empty()) schema.always_changes = true;
    schema.idle.push_back(std::move(idle));
  }
  if (schema.always_changes) schema.idle.clear();
}

pddl::ObjectId value(pddl::Term term, const Slots& slots) {
  return term.is_variable ? slots[term.index] : term.index;
}

void set(AtomKey key, bool is_true, const FactBase& base, ChangedAtoms& changed) {
  const auto at = std::lower_bound(changed.begin(), changed.end(), key);
  const bool is_changed = at != changed.end() && *at == key;
  const bool should_change = base.initially(key) != is_true;
  if (should_change && !is_changed) changed.insert(at, key);
  if (!should_change && is_changed) changed.erase(at);
}

class EffectRun {
 public:
  EffectRun(const World& world, Slots& slots) : world_(world), slots_(slots) {}

  void collect(const CompiledEffect& effect, std::size_t forall = 0) {
    if (forall < effect.forall.size()) {
      for (const pddl::ObjectId object : world_.types.objects(effect.forall[forall].type)) {
        world_.count_work();
        slots_[effect.forall[forall].value] = object;
        collect(effect, forall + 1);
      }
      return;
    }
    if (effect.is_conditional && !evaluate(effect.when, world_, slots_)) return;
    std::array<pddl::ObjectId, pddl::kMaxArity> arguments{};
    for (std::size_t i = 0; i < effect.arity; ++i) arguments[i] = value_of(effect.operands[i], slots_);
    const AtomKey key = world_.facts.base().layout.key(effect.fact, arguments.data(), effect.arity);
    (effect.adds ? added_ : deleted_).push_back(key);
  }

  // What is both deleted and added is added.
  void record(const FactBase& base, ChangedAtoms& changed) const {
    for (const AtomKey key : deleted_) record(key, false, base, changed);
    for (const AtomKey key : added_) record(key, true, base, changed);
  }

 private:
  static void record(AtomKey key, bool is_true, const FactBase& base, ChangedAtoms& changed) {
    const FactInfo& info = base.facts[base.layout.fact(key)];
    if (info.is_kept) set(key, is_true, base, changed);
    if (info.deleted == kNoFact) return;
    std::array<pddl::ObjectId, pddl::kMaxArity> arguments{};
    for (std::size_t i = 0; i < info.arity; ++i) arguments[i] = base.layout.argument(key, i);
    set(base.layout.key(info.deleted, arguments.data(), info.arity), !is_true, base, changed);
  }

  const World& world_;
  Slots& slots_;
  std::vector<AtomKey> added_;
  std::vector<AtomKey> deleted_;
};

}  // namespace

Schema compile_schema(const pddl::Action& action, const FactBase& base, const TypeTable& types, VariableSet named) {
  const ConditionCompiler compiler(base, types);
  Schema schema;
  schema.parameter_count = action.parameter_count;
  for (std::size_t i = 0; i < action.parameter_count; ++i) schema.types.push_back(action.variables[i].type);
  const VariableSet parameters = (VariableSet{1} << action.parameter_count) - 1;
  const pddl::Condition precondition = compiler.simplified(action.precondition, action.variables);
  schema.named = named;
  schema.joins = compiler.joins(precondition, action.variables, 0, parameters);
  schema.joins_if_named = compiler.joins(precondition, action.variables, named, parameters);
  for (const pddl::Effect& effect : action.effects) {
    const FactInfo& info = base.facts[effect.predicate];
    if (info.is_kept || info.deleted != kNoFact) schema.effects.push_back(compile_effect(effect, action, compiler));
  }
  find_idle_effects(action, precondition, schema);
  return schema;
}

bool changes_nothing(const Schema& schema, const Slots& slots) {
  if (schema.always_changes) return false;
  return std::all_of(schema.idle.begin(), schema.idle.end(), [&](const Schema::Idle& idle) {
    return std::any_of(idle.same.begin(), idle.same.end(), [&](const AtomTerms& terms) {
      return std::equal(terms.begin(), terms.end(), idle.effect.begin(),
                        [&](pddl::Term a, pddl::Term b) { return value(a, slots) == value(b, slots); });
    });
  });
}

void apply_effects(const Schema& schema, const TypeTable& types, const FactBase& base, Slots& slots,
                   ChangedAtoms& changed) {
  const World world{types, Facts(base, changed), 0};
  EffectRun run(world, slots);
  for (const CompiledEffect& effect : schema.effects) run.collect(effect);
  run.record(base, changed);
}

}  // namespace alfworld::engine
